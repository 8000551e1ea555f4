/** @module The completion scripts of bash, zsh and fish. A script holds the whole table, so that a TAB starts no process. */

import { beginnings, type Completable, followings } from './completable.ts'

export type Shell = 'bash' | 'zsh' | 'fish'

type Script = (commands: readonly Completable[], groups: Readonly<Record<string, string>>) => string[]

/** A text as one word of bash or zsh. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

const alternatives = (texts: readonly string[]): string => texts.map(quoted).join('|')

/** Adds word after word to `command` while the words are the beginning of a command. */
const findCommand = (known: readonly string[]): string[] => [
  `    case "\${command:+$command }$word" in`,
  `      ${alternatives(known)}) command="\${command:+$command }$word" ;;`,
  '      *) break ;;',
  '    esac',
]

const bash: Script = (commands, groups) => {
  const words = beginnings(commands, groups)
  const values = followings(commands).map(({ after, choices, isPath }) => {
    // A file name may hold blanks; bash 3.2 has no compopt.
    const files = `local IFS=$'\\n'; compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$current")); return`
    const action = isPath ? files : choices.length === 0 ? 'return' : `words=${quoted(choices.join(' '))}`
    return `    ${alternatives(after)}) ${action} ;;`
  })
  return [
    '# eval "$(npm run -s annul -- completion bash)"',
    '_annul() {',
    `  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD - 1]}" command="" words="" word`,
    '  COMPREPLY=()',
    `  for word in "\${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do`,
    ...findCommand([...words.keys()].filter((beginning) => beginning !== '')),
    '  done',
    '  case "$command $previous" in',
    ...values,
    '    *) case "$command" in',
    ...Array.from(
      words,
      ([beginning, candidates]) =>
        `      ${quoted(beginning)}) words=${quoted(candidates.map(({ word }) => word).join(' '))} ;;`,
    ),
    '    esac ;;',
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '}',
    'complete -F _annul annul',
  ]
}

const zsh: Script = (commands, groups) => {
  const words = beginnings(commands, groups)
  const values = followings(commands).map(({ after, choices, isPath }) => {
    const action = isPath ? '_files; return' : choices.length === 0 ? 'return' : 'compadd -- '
    const list = isPath || choices.length === 0 ? '' : `${choices.map(quoted).join(' ')}; return`
    return `    (${alternatives(after)}) ${action}${list} ;;`
  })
  return [
    '#compdef annul',
    '# eval "$(npm run -s annul -- completion zsh)"',
    '_annul() {',
    '  local previous="$words[CURRENT-1]" command="" word',
    '  local -a candidates',
    `  for word in "\${(@)words[2,CURRENT-1]}"; do`,
    ...findCommand([...words.keys()].filter((beginning) => beginning !== '')),
    '  done',
    '  case "$command $previous" in',
    ...values,
    '  esac',
    '  case "$command" in',
    ...Array.from(words, ([beginning, candidates]) => {
      const described = candidates.map(({ word, about }) => quoted(about === '' ? word : `${word}:${about}`))
      return `    (${quoted(beginning)}) candidates=(${described.join(' ')}) ;;`
    }),
    '  esac',
    '  _describe annul candidates',
    '}',
    'compdef _annul annul',
  ]
}

/** A text as one word of fish. */
const fishQuoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

const fish: Script = (commands, groups) => {
  const words = beginnings(commands, groups)
  const known = [...words.keys()].filter((beginning) => beginning !== '')
  const at = (beginning: string) =>
    `complete -c annul -n ${fishQuoted(`__annul_at ${fishQuoted(beginning)}`)}`
  const option = ({ flag, about, takesValue, choices, isPath }: Completable['flags'][number]) => {
    const value = isPath ? ' -r -F' : takesValue ? ' -x' : ''
    const list = choices.length === 0 ? '' : ` -a ${fishQuoted(choices.join(' '))}`
    return `-l ${flag.slice(2)}${value}${list} -d ${fishQuoted(about)}`
  }
  return [
    '# npm run -s annul -- completion fish | source',
    'function __annul_at',
    "  set -l command ''",
    '  for word in (commandline -opc)[2..-1]',
    '    set -l longer (string trim "$command $word")',
    `    contains -- $longer ${known.map(fishQuoted).join(' ')}; or break`,
    '    set command $longer',
    '  end',
    '  test "$command" = "$argv[1]"',
    'end',
    'complete -c annul -f',
    ...Array.from(words).flatMap(([beginning, candidates]) =>
      candidates
        .filter(({ word }) => !word.startsWith('--'))
        .map(({ word, about }) => `${at(beginning)} -a ${word} -d ${fishQuoted(about)}`),
    ),
    `complete -c annul -l help -d ${fishQuoted('print help')}`,
    ...commands.flatMap(({ name, flags }) =>
      flags.filter(({ flag }) => flag !== '--help').map((flag) => `${at(name)} ${option(flag)}`),
    ),
  ]
}

export const completionScript: Readonly<Record<Shell, Script>> = { bash, zsh, fish }
