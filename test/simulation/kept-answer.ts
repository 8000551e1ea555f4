/** @module The answers that a client may rely on. */

import type { ClientAnswer, Sent } from './book.ts'
import type { ActorContext } from './context.ts'

/**
 * Refusals of the sender and not of the message: a copy may be accepted before them, or after its sender is in use again.
 */
const ABOUT_THE_SENDER = ['03', '58', '77', '97', 'A0', 'merchant_unknown']

/**
 * Records an answer for the final checks. False where it says nothing about the message: a refusal of its sender, or one
 * beyond the quota of refusals, which has no entry. Both come only in a world that changes.
 */
export function keepAnswer(
  { isChanging, storage, book }: Pick<ActorContext, 'isChanging' | 'storage' | 'book'>,
  sent: Sent,
  answer: ClientAnswer,
): boolean {
  if (isChanging && answer.verdict === 'declined') {
    const [entry] = storage.rows('select 1 from journal where message_key = ?', sent.key)
    if (ABOUT_THE_SENDER.includes(answer.code) || entry === undefined) {
      book.refused.add(sent.key)
      return false
    }
  }
  sent.answers.push(answer)
  return true
}
