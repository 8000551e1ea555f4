/** @module What an acquirer answered, as far as it may be believed: everything is checked before anything is. */

import { isMalleable } from '../domain/mac-profile.ts'
import { field60Of, givenReference } from '../iso8583/cup.ts'
import { type MacKey, macFault } from '../iso8583/mac.ts'
import { isCanonical, type Message } from '../iso8583/message.ts'
import { echoFault, readMessage } from '../iso8583/received.ts'
import type { AcquirerRequest, AcquirerResponse } from './port.ts'
import { meaningOf } from './response-codes.ts'

/** Fields that every answer repeats; 60 is compared by its parts. */
const ECHOED = [3, 4, 11, 41, 42]

const unknown = (why: string): AcquirerResponse => ({ kind: 'unknown', why })

/** The response to `request`, which was sent as `sent`. A response without the right MAC says nothing, be it a decline. */
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
  return fault === null ? meant(request, message) : unknown(fault)
}

/** Over the bytes as received. Where blocks can be swapped without changing the MAC, only the canonical bytes count. */
function integrityFault(key: MacKey, body: Uint8Array, message: Message): string | null {
  const fault = macFault(key, body, message)
  if (fault !== null) return fault
  return isMalleable(key.macProfile) && !isCanonical(body, message) ? 'not canonical' : null
}

/** Transaction type (60.1), batch (60.2) and, where it is there, the currency. */
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

function meant({ kind, isCopy }: AcquirerRequest, { fields }: Message): AcquirerResponse {
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
