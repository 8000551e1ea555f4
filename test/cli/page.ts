/** @module `docs/cli.md`, from the table of commands. */

import { type Declaration, type JsonOutput, type Option, optionsOf } from '../../src/cli/lib/declare.ts'
import { aboutOf, examplesOf, exitCodes, synopsis, usageOf } from '../../src/cli/lib/help.ts'
import { COMMANDS, commandsOf, GROUPS, SECTIONS } from '../../src/cli/table/index.ts'

const INTRODUCTION = `# The command line

This page is generated from the table of commands in \`src/cli/table/\`. \`npm run docs\` rewrites it, and a test compares them.

Run a command from the checkout. A function makes the line shorter:

\`\`\`sh
npm run -s annul -- COMMAND [OPTION …]
annul() { npm run -s annul -- "$@"; }
\`\`\`

- **Help.** \`annul --help\` lists the commands. \`annul COMMAND --help\` lists the options of one.
- **Exit codes.** 0: done. 1: failed or refused. 2: wrong usage.
- **Errors.** An error is one line on stderr. It names the option, or the position of the word, and never repeats a value.
- **JSON.** \`--json\` prints one JSON object in each line of stdout. Names of members are stable; new members may be added.
- **Many values.** With \`--ndjson\`, \`mac\` and \`cipher\` read lines of JSON from stdin, and answer each line with one.
- **Secrets.** The history of a shell keeps the value of a secret option. Use its environment variable, if it has one.
- **Repeated options.** The last one counts.

A shell completes commands, options, and values that are few. The script holds the whole table, so that a TAB starts no process:

\`\`\`sh
eval "$(npm run -s annul -- completion bash)"
eval "$(npm run -s annul -- completion zsh)"
npm run -s annul -- completion fish | source
\`\`\`

## Commands`

/** A cell may hold a `|` in a placeholder. */
const row = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] =>
  rows.length === 0 ? [] : ['', row(head), row(head.map(() => '---')), ...rows.map(row)]

const shell = (lines: readonly string[]): string[] => ['', '```sh', ...lines, '```']
const code = (text: string): string => `\`${text}\``
const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`

/** The text that a group prints once for all its operations. */
interface Shared {
  readonly options: readonly (readonly [string, Option])[]
  readonly json?: JsonOutput | undefined
}

const NOTHING: Shared = { options: [] }

/** The options, and the JSON output, that all operations of a group declare by the same object. */
function sharedOf(word: string): Shared {
  const [first, ...others] = commandsOf(word).map((name): Declaration => COMMANDS[name])
  if (first === undefined || others.length === 0) return NOTHING
  const options = Object.entries(first.options).filter(([name, option]) =>
    others.every((other) => other.options[name] === option),
  )
  const { json } = first
  return others.every((other) => other.json === json) ? { options, json } : { options }
}

const optionTable = (title: string, options: readonly (readonly [string, Option])[]): string[] =>
  table(
    [title, 'meaning'],
    options.map(([name, option]) => [code(usageOf(name, option)), aboutOf(option)]),
  )

const memberTable = (json: JsonOutput | undefined): string[] =>
  table(
    ['member of a line of JSON', 'meaning (a name with `?` may be absent)'],
    Object.entries(json?.members ?? {}).map(([member, meaning]) => [code(member), meaning]),
  )

function ofWord(word: string): string[] {
  const group = GROUPS[word]
  const shared = group === undefined ? NOTHING : sharedOf(word)
  return [
    ...(group === undefined ? [] : ['', group]),
    ...optionTable(`option of every ${code(word)} operation`, shared.options),
    ...memberTable(shared.json),
    ...commandsOf(word).flatMap((name) => ofCommand(name, COMMANDS[name], shared)),
  ]
}

function ofCommand(name: string, declaration: Declaration, shared: Shared): string[] {
  const { about, notes = [], argument, json } = declaration
  const isShared = (option: Option) => shared.options.some(([, one]) => one === option)
  const options = Object.entries(optionsOf(declaration)).filter(([, option]) => !isShared(option))
  return [
    '',
    `### ${name}`,
    '',
    [sentence(about), ...notes].join(' '),
    ...shell([synopsis(name, declaration)]),
    ...(argument === undefined
      ? []
      : table(['argument', 'meaning'], [[code(argument.type.placeholder), aboutOf(argument)]])),
    ...optionTable('option', options),
    ...(json === shared.json ? [] : memberTable(json)),
    ...exitCodes(declaration)
      .filter(([exit]) => exit === '1')
      .flatMap(([, when]) => ['', `Exit code 1: ${when}.`]),
    ...shell(examplesOf(declaration)),
  ]
}

/** The whole page, with its last line end. */
export const cliPage = (): string =>
  [
    INTRODUCTION,
    ...table(
      ['command', 'what it does'],
      Object.entries(COMMANDS).map(([name, { about }]) => [
        `[${code(name)}](#${name.replaceAll(' ', '-')})`,
        about,
      ]),
    ),
    ...Object.entries(SECTIONS).flatMap(([title, words]) => ['', `## ${title}`, ...words.flatMap(ofWord)]),
    '',
  ].join('\n')
