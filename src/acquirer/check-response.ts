/** @module Checks the response of an acquirer before anything in it counts (protocol.md §3.9). */

import { isMalleable } from '../domain/mac-profile.ts'
import { isCanonical } from '../iso8583/canonical.ts'
import { givenReference } from '../iso8583/cup.ts'
import { type MacKey, macFault } from '../iso8583/mac.ts'
import type { Message } from '../iso8583/message.ts'
import { readMessage } from '../iso8583/received.ts'
import { responseFault } from './echo.ts'
import type { AcquirerRequest, AcquirerResponse } from './port.ts'
import { type AcquirerProfile, USUAL_ECHO } from './profile.ts'
import { meaningOf } from './response-codes.ts'

/** The part of the profile that says which responses count, and the core that computes their MAC. */
export type ResponseRules = MacKey &
  Pick<AcquirerProfile, 'echo' | 'declines'> & {
    /** Whether days are settled with the acquirer, so that the date of a message counts. */
    readonly hasDays?: boolean
  }

const NO_MAC = 'no MAC'

/** The reason of an unknown outcome after a response whose MAC is another one. */
export const WRONG_MAC = 'the MAC is wrong'

/** Field 39 of an acquirer that wants a sign-on: it has another MAC key, or none. */
const SIGN_ON_CODES = ['A0', '77']

/**
 * Whether the acquirer answers this message with a demand for a sign-on. It may have no MAC of ours to sign with, so field 64 does not
 * count. The outcome of the message stays unknown.
 */
export function asksSignOn(
  { core, echo = USUAL_ECHO }: ResponseRules,
  sent: Message,
  bytes: Uint8Array,
): boolean {
  const read = readMessage(bytes, core.lrc)
  if (!read.ok || responseFault(sent, read.value.message, echo) !== null) return false
  return isSignOnCode(read.value.message)
}

/** Whether field 39 asks for a sign-on. */
export const isSignOnCode = ({ fields }: Message): boolean => SIGN_ON_CODES.includes(fields.get(39) ?? '')

const unknown = (why: string): AcquirerResponse => ({ kind: 'unknown', why })

/**
 * The meaning of the response to `request`; `sent` is the message on the wire. Without the right MAC the outcome is
 * unknown. Where the profile allows it, a decline of a sale counts without field 64. Never throws on any `bytes`.
 */
export function checkResponse(
  rules: ResponseRules,
  request: AcquirerRequest,
  sent: Message,
  bytes: Uint8Array,
): AcquirerResponse {
  const read = readMessage(bytes, rules.core.lrc)
  if (!read.ok) return unknown(read.error)
  const { frame, message } = read.value
  if (frame.kind !== 'tpdu') return unknown('a serial frame')
  const integrity = integrityFault(rules, frame.body, message)
  if (integrity !== null && integrity !== NO_MAC) return unknown(integrity)
  const fault = responseFault(sent, message, rules.echo ?? USUAL_ECHO)
  if (fault !== null) return unknown(integrity ?? fault)
  const response = responseOf(rules, request, message)
  if (integrity === null) return response
  // Only the first try of a sale: a decline of a void or reversal would end what the acquirer may have done.
  const mayBeUnsigned = rules.declines === 'unsigned' && request.kind === 'sale' && request.isCopy !== true
  return mayBeUnsigned && response.kind === 'declined' ? response : unknown(integrity)
}

/** The fault of the MAC over the bytes as received; null when it is right. When the MAC folds, only canonical bytes count. */
export function integrityFault(key: MacKey, body: Uint8Array, message: Message): string | null {
  const fault = macFault(key, body, message)
  if (fault !== null) return fault
  return isMalleable(key.macProfile) && !isCanonical(body, message) ? 'not canonical' : null
}

/** Zeros are no date. */
const dateIn = (field15 = '0000') => (field15 === '0000' ? {} : { settlementDate: field15 })

function responseOf(
  { hasDays = false }: ResponseRules,
  { kind, isCopy }: AcquirerRequest,
  { fields }: Message,
): AcquirerResponse {
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
        ...(hasDays ? dateIn(fields.get(15)) : {}),
      }
    case 'not_found':
      return { kind: 'not_found' }
    case 'unknown':
      return unknown(`response code ${responseCode}`)
    default:
      return { kind: 'declined', reason: meaning }
  }
}
