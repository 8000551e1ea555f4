/** @module The bytes of an answer to a terminal. */

import { freshRrn } from '../crypto/random.ts'
import { DEFAULT_MERCHANT } from '../domain/admit.ts'
import { SETTLEMENT_ERROR } from '../domain/decide-settlement.ts'
import { type DeclineReason, refusalOf } from '../domain/decline-reason.ts'
import { USUAL_FORMS } from '../domain/terminal-profile.ts'
import type { Terminal } from '../domain/types.ts'
import { localFields } from '../domain/window.ts'
import { buildAnswer, faultData, privateData, type ResponseFields } from '../iso8583/answer.ts'
import { hasReversalClass } from '../iso8583/cup.ts'
import { answerFrame } from '../iso8583/frame.ts'
import { plainHeader } from '../iso8583/header.ts'
import { packSigned } from '../iso8583/mac.ts'
import { pack } from '../iso8583/message.ts'
import type { PosMessage } from '../iso8583/pos-message.ts'
import type { ProfileFault } from '../iso8583/profile-fault.ts'
import type { Services } from '../pipeline/services.ts'
import type { Loaded } from '../store/load.ts'
import { SILENCE, type TerminalReply } from './reply-cache.ts'
import type { Signer } from './verify-mac.ts'

/** The sender, as far as it is known. */
export type Sender = Pick<Loaded, 'merchant' | 'terminal'>

const NO_ONE: Sender = { merchant: null, terminal: null }

/** The institutions of fields 32 and 44. */
export const ourselves = ({ acquirerId, acquirer }: Services) => ({
  acquirerId,
  receivingInstitution: acquirer.receivingInstitution,
})

/** The fields of an answer without a decision. */
export function undecided(services: Services, reason: DeclineReason | null, sender: Sender): ResponseFields {
  return {
    responseCode: reason === null ? '00' : refusalOf(reason).responseCode,
    ...localFields(services.now(), sender.merchant ?? DEFAULT_MERCHANT),
    rrn: freshRrn(services.random),
    authorizationCode: null,
    ...ourselves(services),
    privateData: privateData(
      reason,
      sender.terminal?.textEncoding ?? 'gbk',
      sender.terminal?.texts ?? USUAL_FORMS.texts,
    ),
    totals: reason === null ? undefined : SETTLEMENT_ERROR,
  }
}

export interface ReplyOptions {
  readonly reason?: DeclineReason | null
  /** Its profile says how the answer is packed. Absent or null: the terminal is unknown. */
  readonly terminal?: Terminal | null
  readonly signer?: Signer | null
}

/** Packs and frames an answer. It has a MAC when there is a signer: a sender without a proof gets nothing signed. */
export function reply(
  { core }: Services,
  { frame, message, type }: PosMessage,
  fields: ResponseFields,
  { reason = null, terminal = null, signer = null }: ReplyOptions,
): TerminalReply {
  const answer = buildAnswer(message, type, fields)
  const forms = terminal ?? USUAL_FORMS
  const body = signer === null ? pack(answer, forms) : packSigned({ core, ...signer }, answer, forms)
  // A TLV block is about the caller of the request.
  const header = plainHeader(frame.header, forms) ?? frame.header
  const signOnAgain = reason !== null && refusalOf(reason).doNext === 'sign_on'
  return {
    status: 200,
    body: Uint8Array.from(answerFrame({ ...frame, header }, body, { signOnAgain }, core.lrc)),
    proof: signer !== null ? 'proved' : reason === null ? 'tolerated' : 'unproved',
  }
}

/** The refusals that a reversal gets. Some terminals send nothing but their reversal, and only these make them sign on. */
const TO_REVERSALS: readonly DeclineReason[] = ['mac_mismatch', 'key_not_established']

/**
 * A refusal without an entry. Only the log has it. That of an unknown terminal has no trace of a terminal's settings. A reversal that
 * cannot be processed gets no answer (protocol.md §3.5). In development field 63 of the answer names the fault.
 */
export function refuse(
  services: Services,
  posMessage: PosMessage,
  reason: DeclineReason,
  sender: Sender = NO_ONE,
  signer: Signer | null = null,
  fault: ProfileFault | null = null,
): TerminalReply {
  const { type, identity } = posMessage
  const { terminalId, stan } = identity
  services.log('refused', { reason, type, terminalId, stan })
  if (hasReversalClass(posMessage.message.mti) && !TO_REVERSALS.includes(reason))
    return { ...SILENCE, proof: signer === null ? 'unproved' : 'proved' }
  const of = reason === 'terminal_unknown' ? NO_ONE : sender
  const fields = undecided(services, reason, of)
  const explained = fault === null || !services.isDevelopment ? {} : { privateData: faultData(fault) }
  return reply(services, posMessage, { ...fields, ...explained }, { reason, terminal: of.terminal, signer })
}
