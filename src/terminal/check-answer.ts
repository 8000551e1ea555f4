/** @module The checks of a terminal on an answer (protocol.md §3.6). An answer that fails one counts as none. */

import type { Message } from '../iso8583/message.ts'
import { echoFault } from '../iso8583/received.ts'

/** Field 39 of an approval: full, partial or with a qualification. */
const APPROVED = ['00', '10', '11', 'A2', 'A4', 'A5', 'A6']

/** A reversal also ends when its target is not found or not valid any more. */
const REVERSED = ['00', '25', '12']

/** Whether field 39 is an approval. */
export const isApproved = (responseCode: string | undefined): boolean =>
  responseCode !== undefined && APPROVED.includes(responseCode)

/** Whether field 39 ends a reversal. */
export const isReversed = (responseCode: string | undefined): boolean =>
  responseCode !== undefined && REVERSED.includes(responseCode)

/** The first fault of an answer, except its MAC; null when there is none. */
export function faultOf(request: Message, answer: Message): string | null {
  const responseCode = answer.fields.get(39)
  const compared = [3, 11, 41]
  if (responseCode === '00') compared.push(42)
  if (responseCode !== '10') compared.push(4)
  const fault = echoFault(request, answer, compared)
  if (fault !== null) return fault
  // The result of a settlement is in field 48. Only a refusal has 39.
  return responseCode === undefined && request.mti !== '0500' ? 'field 39 is missing' : null
}

/** Whether the answer counts only with a right MAC: it approves a message that had one. */
export const needsMac = (request: Message, answer: Message): boolean => {
  const responseCode = answer.fields.get(39)
  return request.fields.has(64) && (responseCode === undefined || isApproved(responseCode))
}
