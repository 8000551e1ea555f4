/**
 * @module An acquirer's host behind us, asked in ISO 8583 over HTTPS (protocol.md §1.2, §3). Requests carry our MAC, and
 * every answer must carry the host's.
 */

import { macAlgorithmOf } from '../domain/mac-profile.ts'
import { packWithMac } from '../iso8583/answer.ts'
import { buildFrame, type Send } from '../iso8583/frame.ts'
import { judge, type MacKey } from './judge.ts'
import type { Acquirer, HostAnswer, HostQuestion } from './port.ts'
import { messageFor, refuse } from './questions.ts'

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
    async ask(question) {
      try {
        return await ask(options, question)
      } catch (error) {
        // A question that does not fit its fields, or a way to the host that threw: the names of errors, not their words.
        return { kind: 'unknown', why: error instanceof Error ? error.name : 'failed' }
      }
    },
  }
}

async function ask(options: HttpsOptions, question: HostQuestion): Promise<HostAnswer> {
  const refusal = refuse(question)
  // A PIN block or track under a key of ours would have to be translated, which is not done here: nothing was sent.
  if (refusal === 'under_our_keys') return { kind: 'declined', reason: 'unsupported_transaction' }
  // An earlier try may have been heard, and without its card it cannot be said again.
  if (refusal === 'without_card') return { kind: 'unknown', why: 'the card is not kept' }
  const { core, macProfile, macKey, tpdu, header } = options
  const message = messageFor(question)
  const algorithm = macAlgorithmOf(macProfile)
  const body = packWithMac(message, (input) => core.computeMac(algorithm, macKey, input))
  const answer = await options.send(buildFrame('tpdu', tpdu, header, body, core.lrc))
  return answer === null ? { kind: 'unknown', why: 'no answer' } : judge(options, question, message, answer)
}
