/** @module `annul --help` and `annul COMMAND --help`, from the table. */

import { type Declaration, flagOf, type Option, optionsOf } from './declare.ts'

const indent = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`)

/** Two columns, the left one as wide as its longest cell. */
function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...rows.map(([left]) => left.length))
  return indent(rows.map(([left, right]) => `${left.padEnd(width)}  ${right}`))
}

/** `--amount FEN`, or `--json`. */
export const usageOf = (name: string, { type }: Option): string =>
  type === undefined ? flagOf(name) : `${flagOf(name)} ${type.placeholder}`

/** `annul mac --algorithm NAME --key HEX --message HEX [OPTION …]`. */
export function synopsis(name: string, declaration: Declaration): string {
  const all = Object.entries(optionsOf(declaration))
  const required = all.filter(([, { required }]) => required).map(([key, option]) => usageOf(key, option))
  const { argument } = declaration
  const word = argument === undefined ? [] : [argument.type.placeholder]
  const more = all.length > required.length ? ['[OPTION …]'] : []
  return ['annul', name, ...word, ...required, ...more].join(' ')
}

/** The text of an option: its purpose, its values and their other sources. */
export function aboutOf({ about, type, required, fallback, env, secret }: Option): string {
  const remarks = [
    ...(required ? ['required'] : []),
    ...(type?.choices === undefined ? [] : [`one of ${type.choices.join(', ')}`]),
    ...(env === undefined ? [] : [`or ${env}`]),
    ...(fallback === undefined ? [] : [`default ${fallback}`]),
    ...(secret ? ['secret'] : []),
  ]
  return remarks.length === 0 ? about : `${about} (${remarks.join('; ')})`
}

/** Exit code → when a command ends with it. */
export const exitCodes = ({ fails }: Declaration): [string, string][] => [
  ['0', 'done'],
  ...(fails === undefined ? [] : [['1', fails] satisfies [string, string]]),
  ['2', 'wrong usage; one line on stderr says what is wrong, and repeats no value'],
]

export const examplesOf = ({ examples }: Declaration): string[] =>
  examples.map((line) => `npm run -s annul -- ${line}`)

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', title, ...lines]

export function commandHelp(name: string, declaration: Declaration): string[] {
  const { about, notes = [], argument, json } = declaration
  const options = Object.entries(optionsOf(declaration))
  return [
    `annul ${name}: ${about}`,
    ...section('Usage:', indent([synopsis(name, declaration)])),
    ...section('Notes:', indent(notes)),
    ...section(
      'Argument:',
      argument === undefined ? [] : columns([[argument.type.placeholder, aboutOf(argument)]]),
    ),
    ...section(
      'Options:',
      columns([
        ...options.map(([key, option]): [string, string] => [usageOf(key, option), aboutOf(option)]),
        ['--help', 'print this help'],
      ]),
    ),
    ...section(
      'Members of a line of JSON (a name with ? may be absent):',
      json === undefined ? [] : columns(Object.entries(json.members)),
    ),
    ...section('Exit codes:', columns(exitCodes(declaration))),
    ...section('Examples:', indent(examplesOf(declaration))),
  ]
}

/** `commands`: name → declaration. */
export function groupHelp(
  group: string,
  about: string,
  commands: readonly (readonly [string, Declaration])[],
): string[] {
  return [
    `annul ${group}: ${about}`,
    ...section('Usage:', indent([`annul ${group} OPERATION [OPTION …]`])),
    ...section('Operations:', columns(commands.map(([name, { about: line }]) => [name, line]))),
    '',
    `annul ${group} OPERATION --help lists the options of one.`,
  ]
}

/** `sections`: heading → the commands below it. */
export function overview(
  sections: readonly (readonly [string, readonly (readonly [string, Declaration])[]])[],
): string[] {
  const width = Math.max(...sections.flatMap(([, commands]) => commands.map(([name]) => name.length)))
  return [
    'annul: the command line of Annul, a service that voids card payments',
    ...section('Usage:', indent(['annul COMMAND [OPTION …]'])),
    ...sections.flatMap(([title, commands]) =>
      section(
        `${title}:`,
        columns(commands.map(([name, { about }]) => [name.padEnd(width), about] satisfies [string, string])),
      ),
    ),
    '',
    'annul COMMAND --help lists the options of a command. docs/cli.md has the same for all commands.',
    'annul --version prints the version.',
    'Exit codes: 0 done, 1 failed or refused, 2 wrong usage.',
  ]
}
