/**
 * @module An acquirer behind us, asked in ISO 8583 over HTTPS (protocol.md §1.2, §3). Requests carry our MAC, and
 * every answer must carry the acquirer's.
 */

import { buildFrame, type Send } from '../iso8583/frame.ts'
import { type MacKey, packSigned } from '../iso8583/mac.ts'
import { checkResponse } from './check-response.ts'
import type { Acquirer, AcquirerRequest, AcquirerResponse } from './port.ts'
import { messageFor, unsendable } from './requests.ts'

export interface HttpsOptions extends MacKey, Pick<Acquirer, 'recovery'> {
  /** Null: no answer in time, an HTTP status other than 200, or the network failed. */
  readonly send: Send
  /** 5 bytes. */
  readonly tpdu: Uint8Array
  /** 6 bytes. */
  readonly header: Uint8Array
}

export function httpsAcquirer(options: HttpsOptions): Acquirer {
  return {
    takesSales: true,
    receivingInstitution: '',
    isRemote: true,
    recovery: options.recovery,
    async ask(request) {
      try {
        return await ask(options, request)
      } catch (error) {
        // A question that does not fit its fields, or a way to the acquirer that threw: the names of errors, not their words.
        return { kind: 'unknown', why: error instanceof Error ? error.name : 'failed' }
      }
    },
  }
}

async function ask(options: HttpsOptions, request: AcquirerRequest): Promise<AcquirerResponse> {
  const refusal = unsendable(request)
  // A PIN block or track under a key of ours would have to be translated, which is not done here: nothing was sent.
  if (refusal === 'under_our_keys') return { kind: 'declined', reason: 'unsupported_transaction' }
  // An earlier try may have been heard, and without its card it cannot be said again.
  if (refusal === 'without_card') return { kind: 'unknown', why: 'the card is not kept' }
  const { core, tpdu, header } = options
  const message = messageFor(request)
  const answer = await options.send(buildFrame('tpdu', tpdu, header, packSigned(options, message), core.lrc))
  return answer === null
    ? { kind: 'unknown', why: 'no answer' }
    : checkResponse(options, request, message, answer)
}
