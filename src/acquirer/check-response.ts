/** @module Checks the response of an acquirer before anything in it counts (protocol.md §3.9). */

import { isMalleable } from '../domain/mac-profile.ts'
import { isCanonical } from '../iso8583/canonical.ts'
import { field60Of, givenReference } from '../iso8583/cup.ts'
import { type MacKey, macFault } from '../iso8583/mac.ts'
import type { Message } from '../iso8583/message.ts'
import { echoFault, readMessage } from '../iso8583/received.ts'
import type { AcquirerRequest, AcquirerResponse } from './port.ts'
import { meaningOf } from './response-codes.ts'

/** Fields that every response repeats. Field 60 is compared by its parts. */
const ECHOED = [3, 4, 11, 41, 42]

const unknown = (why: string): AcquirerResponse => ({ kind: 'unknown', why })

/**
 * The meaning of the response to `request`; `sent` is the message on the wire. Without the right MAC the outcome is
 * unknown, even for a decline. Never throws on any `bytes`.
 */
export function checkResponse(
  key: MacKey,
  request: AcquirerRequest,
  sent: Message,
  bytes: Uint8Array,
): AcquirerResponse {
  const read = readMessage(bytes, key.core.lrc)
  if (!read.ok) return unknown(read.error)
  const { frame, message } = read.value
  if (frame.kind !== 'tpdu') return unknown('a serial frame')
  const fault =
    integrityFault(key, frame.body, message) ?? echoFault(sent, message, ECHOED) ?? batchFault(sent, message)
  return fault === null ? responseOf(request, message) : unknown(fault)
}

/** Checks the MAC over the bytes as received. When the MAC folds, only canonical bytes count. */
function integrityFault(key: MacKey, body: Uint8Array, message: Message): string | null {
  const fault = macFault(key, body, message)
  if (fault !== null) return fault
  return isMalleable(key.macProfile) && !isCanonical(body, message) ? 'not canonical' : null
}

/** Compares the transaction type (60.1), the batch (60.2) and, when it is present, the currency. */
function batchFault(request: Message, { fields }: Message): string | null {
  const requested = field60Of(request.fields)
  const answered = field60Of(fields)
  if (
    answered.transactionType !== requested.transactionType ||
    answered.batchNumber !== requested.batchNumber
  )
    return "field 60 is not the request's"
  const currency = fields.get(49) ?? request.fields.get(49)
  return request.fields.has(49) && currency !== request.fields.get(49)
    ? "field 49 is not the request's"
    : null
}

function responseOf({ kind, isCopy }: AcquirerRequest, { fields }: Message): AcquirerResponse {
  const responseCode = fields.get(39)
  if (responseCode === undefined) return unknown('field 39 is missing')
  const as =
    kind === 'reversal' ? 'reversed' : kind === 'inquiry' ? 'inquired' : isCopy ? 'repeated' : 'requested'
  const meaning = meaningOf(responseCode, as)
  switch (meaning) {
    case 'approved':
    case 'undone':
      return {
        kind: 'approved',
        rrn: givenReference(fields.get(37)),
        authorizationCode: givenReference(fields.get(38)),
      }
    case 'not_found':
      return { kind: 'not_found' }
    case 'unknown':
      return unknown(`response code ${responseCode}`)
    default:
      return { kind: 'declined', reason: meaning }
  }
}
