/** @module The words for a shell to complete, from the table: commands, options, and values with few choices. */

import { type Declaration, flagOf, optionsOf } from './declare.ts'

export interface Completable {
  /** One word or two. */
  readonly name: string
  readonly about: string
  readonly flags: readonly CompletableFlag[]
  /** The values of the argument, where they are few. */
  readonly words: readonly string[]
}

export interface CompletableFlag {
  readonly flag: string
  readonly about: string
  readonly takesValue: boolean
  readonly choices: readonly string[]
  readonly isPath: boolean
}

/** A word that can follow what is typed, and what it means. */
export interface Candidate {
  readonly word: string
  readonly about: string
}

const HELP: CompletableFlag = {
  flag: '--help',
  about: 'print help',
  takesValue: false,
  choices: [],
  isPath: false,
}

export const completable = (name: string, declaration: Declaration): Completable => ({
  name,
  about: declaration.about,
  flags: [
    ...Object.entries(optionsOf(declaration)).map(([key, { about, type }]) => ({
      flag: flagOf(key),
      about,
      takesValue: type !== undefined,
      choices: type?.choices ?? [],
      isPath: type?.isPath === true,
    })),
    HELP,
  ],
  words: declaration.argument?.type.choices ?? [],
})

/** Beginning of a command line → the words that can follow it. The beginning of all is empty; a group is a beginning too. */
export function beginnings(
  commands: readonly Completable[],
  groups: Readonly<Record<string, string>>,
): ReadonlyMap<string, readonly Candidate[]> {
  const found = new Map<string, Candidate[]>([['', []]])
  const add = (beginning: string, word: string, about: string) => {
    const candidates = found.get(beginning) ?? []
    if (!candidates.some((one) => one.word === word)) candidates.push({ word, about })
    found.set(beginning, candidates)
  }
  for (const { name, about, flags, words } of commands) {
    const [first = '', second] = name.split(' ')
    add('', first, second === undefined ? about : (groups[first] ?? ''))
    if (second !== undefined) add(first, second, about)
    for (const word of words) add(name, word, '')
    for (const { flag, about: line } of flags) add(name, flag, line)
  }
  for (const group of Object.keys(groups)) add(group, HELP.flag, HELP.about)
  add('', 'help', 'print help')
  add('', HELP.flag, HELP.about)
  add('', '--version', 'print the version')
  return found
}

/** The values that may follow an option. */
export interface Following {
  /** The command and the option, such as `mac --algorithm`. */
  readonly after: readonly string[]
  /** Empty where any value is possible. */
  readonly choices: readonly string[]
  readonly isPath: boolean
}

/** Options with the same values stand together. */
export function followings(commands: readonly Completable[]): Following[] {
  const byValues = new Map<string, { after: string[]; choices: readonly string[]; isPath: boolean }>()
  for (const { name, flags } of commands) {
    for (const { flag, takesValue, choices, isPath } of flags) {
      if (!takesValue) continue
      const key = isPath ? 'path' : choices.join(' ')
      const following = byValues.get(key) ?? { after: [], choices, isPath }
      following.after.push(`${name} ${flag}`)
      byValues.set(key, following)
    }
  }
  return [...byValues.values()]
}
