/** @module One exchange with a terminal: bytes in, bytes out. It translates and decides nothing. */

import type { AdmissionController, Slot } from '../admission/admission-controller.ts'
import { refuseUnproved } from '../domain/admit.ts'
import type { Result } from '../domain/result.ts'
import { isRequest } from '../iso8583/answer.ts'
import { hasReversalClass, isReversalMti } from '../iso8583/cup.ts'
import { parseFrame } from '../iso8583/frame.ts'
import { locateMessage, possibleMtis } from '../iso8583/header.ts'
import { toHex } from '../iso8583/hex.ts'
import { type FormatError, type Message, mtiOf, unpack } from '../iso8583/message.ts'
import {
  type ManagementMessage,
  type PosMessage,
  parsePosHead,
  parsePosMessage,
  unsupported,
} from '../iso8583/pos-message.ts'
import { faultOfHeader } from '../iso8583/profile-fault.ts'
import { readReversal } from '../iso8583/reversal.ts'
import { forMerchant } from '../pipeline/databases.ts'
import type { Services } from '../pipeline/services.ts'
import type { Timing } from '../pipeline/timing.ts'
import type { WaitUntil } from '../pipeline/types.ts'
import { load } from '../store/load.ts'
import { refuse, reply, undecided } from './reply.ts'
import { SILENCE, type TerminalReply } from './reply-cache.ts'
import { signOn } from './sign-on.ts'
import type { SignOnAnswers } from './sign-on-answers.ts'
import { answerTransaction } from './transaction.ts'

const EMPTY = new Uint8Array(0)
const NAK = Uint8Array.of(0x15)

/** The sender of an exchange, as far as the POS door knows it. */
export interface Visit {
  readonly admission: Pick<AdmissionController, 'terminals' | 'failed'>
  /** The source address, as `sourceOf` returns it. */
  readonly source: string
  readonly slot: Slot
  readonly signOnAnswers: SignOnAnswers
  readonly waitUntil: WaitUntil
  /** Takes the times of the message. Absent: nobody asks for them. */
  readonly timing?: Timing
}

/**
 * Answers one frame. Bytes that are no request get HTTP 400, a broken serial frame also gets NAK (0x15). A message of the class of
 * reversals that cannot be read gets no answer.
 */
export async function exchange(
  services: Services,
  bytes: Uint8Array<ArrayBuffer>,
  visit: Visit,
): Promise<TerminalReply> {
  const frame = parseFrame(bytes, services.core.lrc)
  if (!frame.ok) return unreadable(visit, frame.error.kind === 'lrc' ? NAK : EMPTY)
  const found = locateMessage(frame.value, bytes, services.core.lrc, readBody)
  if (!found.ok || !isRequest(mtiOf(found.value.frame.body))) {
    const { field, why } = found.ok ? { field: 'mti', why: 'not a request' } : found.error
    services.log('unreadable_message', { field, why })
    const refusal = unreadable(visit, EMPTY)
    const mtis = found.ok ? [] : possibleMtis(frame.value, bytes, services.core.lrc)
    return mtis.some((mti) => hasReversalClass(mti) && isRequest(mti)) ? SILENCE : refusal
  }
  const head = parsePosHead(found.value.frame, found.value.message)
  const { type, identity, hasMac } = head
  if (type === undefined) return refuse(services, parsePosMessage(head), 'unsupported_transaction')
  const kind = type === 'sign_on' ? type : hasMac ? 'with_mac' : 'without_mac'
  const { terminalId } = identity
  const isReady = type === 'sign_on' && visit.signOnAnswers.has(terminalId, identity.merchantId)
  const allowance = visit.admission.terminals.allow({ terminalId, source: visit.source, kind, isReady })
  if (allowance.kind === 'retry_after')
    return { status: 429, body: EMPTY, retryAfter: Math.ceil(allowance.waitMs / 1000) }
  let reply: TerminalReply | undefined
  try {
    // Field 42 chooses the database.
    reply = await answer(forMerchant(services, identity.merchantId), parsePosMessage(head), visit)
    return reply
  } finally {
    allowance.done(reply?.proof)
  }
}

/** A reversal is read with less than every other message needs. */
const readBody = (body: Uint8Array): Result<Message, FormatError> =>
  isReversalMti(mtiOf(body)) ? readReversal(body) : unpack(body)

/** Bytes without a sender. They count for their address. */
function unreadable({ admission, source }: Visit, body: Uint8Array<ArrayBuffer>): TerminalReply {
  admission.failed(source)
  return { status: 400, body }
}

async function answer(services: Services, posMessage: PosMessage, visit: Visit): Promise<TerminalReply> {
  if (posMessage.kind === 'management')
    return posMessage.type === 'sign_on'
      ? answerSignOn(services, posMessage, visit)
      : answerManagement(services, posMessage)
  if (posMessage.type === 'sale' && !services.acquirer.takesSales)
    return refuse(services, unsupported(posMessage), 'unsupported_transaction')
  return answerTransaction(services, posMessage, visit)
}

async function answerSignOn(
  services: Services,
  posMessage: ManagementMessage,
  { signOnAnswers: answers }: Visit,
): Promise<TerminalReply> {
  const { identity, fault, layout } = posMessage
  if (fault !== undefined) return refuse(services, posMessage, 'format_error')
  const { db, core, keyring, random, bucketNeeds, readBuckets } = services
  const needs = bucketNeeds?.(identity.merchantId) ?? []
  const deps = { db, core, keyring, random, answers, now: services.now(), needs }
  const outcome = await signOn(deps, identity.terminalId, identity.merchantId, layout)
  // Its bucket may have moved to another database.
  if (outcome.kind === 'refused' && outcome.reason === 'in_progress') await readBuckets?.()
  if (outcome.kind === 'refused') return refuse(services, posMessage, outcome.reason, outcome)
  const headerFault = faultOfHeader(posMessage.frame.header, outcome.terminal)
  if (headerFault !== null) return refuse(services, posMessage, 'format_error', outcome, null, headerFault)
  const { batchNumber } = outcome.terminal.batch
  const fields = { ...undecided(services, null, outcome), keys: toHex(outcome.keys), batchNumber }
  services.log('signed_on', { terminalId: identity.terminalId, layout, batchNumber })
  return reply(services, posMessage, fields, { terminal: outcome.terminal })
}

/** Echo and sign-off carry no MAC, so they change nothing. */
async function answerManagement(services: Services, posMessage: ManagementMessage): Promise<TerminalReply> {
  const { terminalId, merchantId } = posMessage.identity
  const [sender] = await load(services.db, [{ terminalId }], services.now())
  const reason = refuseUnproved(sender?.terminal ?? null, sender?.merchant ?? null, merchantId)
  if (sender === undefined || reason !== null)
    return refuse(services, posMessage, reason ?? 'terminal_unknown', sender)
  const headerFault = sender.terminal && faultOfHeader(posMessage.frame.header, sender.terminal)
  if (headerFault !== null) return refuse(services, posMessage, 'format_error', sender, null, headerFault)
  return reply(services, posMessage, undecided(services, null, sender), { terminal: sender.terminal })
}
