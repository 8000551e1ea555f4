/** @module The key of a terminal's message, and its answer as the book has it. */

import { posMessageKey } from '../../src/domain/message-key.ts'
import { identityOf, transactionTypeOf } from '../../src/iso8583/cup.ts'
import type { Message } from '../../src/iso8583/message.ts'
import type { Exchange } from '../../src/terminal/exchange.ts'
import type { ClientAnswer } from './book.ts'

export const keyOf = (message: Message): string | null => {
  const type = transactionTypeOf(message)
  if (type === undefined || type === 'sign_on' || type === 'sign_off' || type === 'echo') return null
  return posMessageKey(identityOf(message), type === 'upload' ? 'upload_end' : type)
}

export function clientAnswerOf(
  { outcome, received, responseCode }: Exchange,
  at: number,
): ClientAnswer | null {
  if ((outcome !== 'approved' && outcome !== 'declined') || received === null) return null
  const content = JSON.stringify([...received.fields].filter(([number]) => number !== 64))
  const rrn = received.fields.get(37) ?? ''
  return { at, verdict: outcome, code: responseCode ?? '', rrn, how: 'requested', content }
}
