/** @module What a terminal checks before it believes an answer (protocol.md §3.6); anything else counts as no answer. */

import type { Message } from '../iso8583/message.ts'
import { echoFault } from '../iso8583/received.ts'

/** Field 39 that counts as done: approved, in part, or with a qualification. */
const APPROVED = ['00', '10', '11', 'A2', 'A4', 'A5', 'A6']

/** A reversal is over also when its original is not found or not valid any more. */
const REVERSED = ['00', '25', '12']

export const isApproved = (responseCode: string | undefined): boolean =>
  responseCode !== undefined && APPROVED.includes(responseCode)

export const isReversed = (responseCode: string | undefined): boolean =>
  responseCode !== undefined && REVERSED.includes(responseCode)

/** What is wrong with an answer, apart from its MAC; null when nothing is. */
export function faultOf(request: Message, answer: Message): string | null {
  const responseCode = answer.fields.get(39)
  const compared = [3, 11, 41]
  if (responseCode === '00') compared.push(42)
  if (responseCode !== '10') compared.push(4)
  const fault = echoFault(request, answer, compared)
  if (fault !== null) return fault
  // A settlement's outcome is in field 48; there is a 39 only in a refusal.
  return responseCode === undefined && request.mti !== '0500' ? 'field 39 is missing' : null
}

/** Whether this answer is worth nothing without a right MAC: it approves a message that carried one. */
export const needsMac = (request: Message, answer: Message): boolean => {
  const responseCode = answer.fields.get(39)
  return request.fields.has(64) && (responseCode === undefined || isApproved(responseCode))
}
