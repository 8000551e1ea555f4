/** @module The comments, messages and names of a source file, and the faults of their English. */

import { sentencesOf, wordsOf } from './prose.ts'
import { namesIn, retiredInName, retiredInProse } from './retired-words.ts'

const COMMENT = /\/\*[\s\S]*?\*\/|(?:^|(?<=\s))\/\/.*$/gm

/** The text of each comment; consecutive `//` lines are one comment. */
export const commentsOf = (text: string): string[] =>
  (text.replace(/(^[ \t]*\/\/.*)\n[ \t]*\/\/ ?/gm, '$1 ').match(COMMENT) ?? []).map((comment) =>
    comment
      .replace(/^\/\*\*?|\*\/$|^\/\/ ?/g, '')
      .replace(/^[ \t]*\* ?/gm, '')
      .replace(/\s\/\/ /g, ' ')
      .replace(/@module /, '')
      .trim(),
  )

/** The comments of a TOML file, one for each block of lines. */
export const tomlCommentsOf = (text: string): string[] =>
  (text.match(/(?:^#.*\n)+/gm) ?? []).map((block) => block.replace(/^# ?/gm, '').trim())

export const codeOf = (text: string): string => text.replace(COMMENT, '')

/** String literals with more than one word: errors, log texts, advice. */
export const messagesOf = (text: string): string[] =>
  [...codeOf(text).matchAll(/'([^'\n]*)'|"([^"\n]*)"|(\bsql(?:<[^>`]*>)?)?`([^`]*)`/g)]
    .filter(([, , , sql]) => sql === undefined)
    .map(([, single, double, , template]) => single ?? double ?? template ?? '')
    .filter((message) => /[a-z] [a-z]/i.test(message))

/** The most words of a sentence in a comment. */
const LONGEST = 25

/** A clause as the subject, or a fronted "of". */
const TURNED_ROUND = /^(?:Who|What|Whoever|Whatever|Whose|Of)\b/

/** Faults of the sentences in a comment: too long, or turned round. */
export const faultsOf = (comment: string): string[] =>
  sentencesOf(comment).flatMap((sentence) => {
    const words = wordsOf(sentence).length
    return [
      ...(words > LONGEST ? [`${words} words: ${sentence}`] : []),
      ...(TURNED_ROUND.test(sentence) && words > 2 ? [`turned round: ${sentence}`] : []),
    ]
  })

/** Retired words in comments and messages, and retired names in the code, as `word → what to write`. */
export const retiredIn = (text: string, allowed: readonly string[] = []): string[] => [
  ...[...commentsOf(text), ...messagesOf(text)].flatMap((one) => retiredInProse(one.replace(/`[^`]*`/g, ''))),
  ...namesIn(codeOf(text))
    .filter((name) => !allowed.includes(name))
    .flatMap(retiredInName),
]
