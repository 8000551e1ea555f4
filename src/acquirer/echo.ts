/** @module Compares a response with its request (protocol.md §3.9). Each repeated field must be right. A missing one is wrong only by the profile. */

import { responseMti } from '../iso8583/answer.ts'
import { field60Of } from '../iso8583/cup.ts'
import type { Message } from '../iso8583/message.ts'
import { ECHO_FIELDS, type EchoField } from './profile.ts'

/**
 * The reason why a message does not answer this request: its MTI, a field that differs, or one of `required` that is missing.
 * Null when it answers. A field that the request does not have is not compared.
 */
export function responseFault(sent: Message, answer: Message, required: readonly EchoField[]): string | null {
  if (answer.mti !== responseMti(sent.mti)) return `MTI ${answer.mti} does not answer ${sent.mti}`
  const comparable = ECHO_FIELDS.filter((number) => sent.fields.has(number))
  const differing = comparable.find((number) => answer.fields.has(number) && !isEcho(number, sent, answer))
  if (differing !== undefined) return `field ${differing} differs`
  const missing = comparable.find((number) => required.includes(number) && !answer.fields.has(number))
  return missing === undefined ? null : `field ${missing} is missing`
}

function isEcho(number: EchoField, sent: Message, answer: Message): boolean {
  if (number !== 60) return answer.fields.get(number) === sent.fields.get(number)
  // The later parts of field 60 are the acquirer's own.
  const [ours, theirs] = [field60Of(sent.fields), field60Of(answer.fields)]
  return ours.transactionType === theirs.transactionType && ours.batchNumber === theirs.batchNumber
}
