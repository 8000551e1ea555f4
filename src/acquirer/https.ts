/**
 * @module An acquirer that speaks ISO 8583 over HTTPS (protocol.md §1.2, §3.9). Requests carry our MAC, and a
 * response counts only as the acquirer's profile says.
 */

import { buildFrame, type Send } from '../iso8583/frame.ts'
import { type MacKey, packSigned } from '../iso8583/mac.ts'
import { checkResponse } from './check-response.ts'
import type { Acquirer, AcquirerRequest, AcquirerResponse } from './port.ts'
import type { AcquirerProfile } from './profile.ts'
import { messageFor, unsendable } from './requests.ts'

export interface HttpsOptions extends AcquirerProfile, Pick<MacKey, 'core'> {
  /** Returns null without an answer: too late, an HTTP status other than 200, or a network failure. */
  readonly send: Send
}

/** A remote acquirer. `ask` never throws: an error makes the outcome unknown. */
export function httpsAcquirer(options: HttpsOptions): Acquirer {
  return {
    takesSales: true,
    receivingInstitution: '',
    isRemote: true,
    recovery: options.recovery,
    deadlineMs: options.deadlineMs ?? 0,
    async ask(request) {
      try {
        return await ask(options, request)
      } catch (error) {
        // A value that does not fit its field, or an error of `send`. The name of an error is safe to log, its message
        // is not.
        return { kind: 'unknown', why: error instanceof Error ? error.name : 'failed' }
      }
    },
  }
}

async function ask(options: HttpsOptions, request: AcquirerRequest): Promise<AcquirerResponse> {
  const refusal = unsendable(request)
  // Annul does not translate a PIN block or track from its own keys. Nothing was sent, so the decline is final.
  if (refusal === 'under_our_keys') return { kind: 'declined', reason: 'unsupported_transaction' }
  // An earlier try may have arrived, and a sale cannot be sent again without its card.
  if (refusal === 'without_card') return { kind: 'unknown', why: 'the card is not kept' }
  const { core, tpdu, header } = options
  const message = messageFor(request)
  const answer = await options.send(buildFrame('tpdu', tpdu, header, packSigned(options, message), core.lrc))
  return answer === null
    ? { kind: 'unknown', why: 'no answer' }
    : checkResponse(options, request, message, answer)
}
