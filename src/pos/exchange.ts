/** @module One exchange with a terminal: bytes in, bytes out. It translates and decides nothing. */

import type { AdmissionController, Slot } from '../admission/admission-controller.ts'
import { refuseUnproved } from '../domain/admit.ts'
import { toHex } from '../iso8583/hex.ts'
import {
  type ManagementMessage,
  type PosMessage,
  parsePosMessage,
  unsupported,
} from '../iso8583/pos-message.ts'
import { faultOfHeader } from '../iso8583/profile-fault.ts'
import { forMerchant } from '../pipeline/databases.ts'
import type { Services } from '../pipeline/services.ts'
import type { Timing } from '../pipeline/timing.ts'
import type { WaitUntil } from '../pipeline/types.ts'
import type { Budget } from '../store/budget.ts'
import { load } from '../store/load.ts'
import type { ReadFrame } from './read-frame.ts'
import { refuse, reply, undecided } from './reply.ts'
import { NAK, SILENCE, type TerminalReply } from './reply-cache.ts'
import { signOn } from './sign-on.ts'
import type { SignOnAnswers } from './sign-on-answers.ts'
import { answerTransaction } from './transaction.ts'

const EMPTY = new Uint8Array(0)
type Unreadable = Extract<ReadFrame, { kind: 'unreadable' }>

/** The sender of an exchange, as far as the POS door knows it. */
export interface Visit {
  readonly admission: Pick<AdmissionController, 'terminals' | 'failed'>
  /** The source address, as `sourceOf` returns it. */
  readonly source: string
  readonly slot: Slot
  readonly signOnAnswers: SignOnAnswers
  readonly waitUntil: WaitUntil
  /** The budget of the invocation. */
  readonly budget: Budget
  /** Takes the times of the message. Absent: nobody asks for them. */
  readonly timing?: Timing
}

/** Answers a frame. */
export async function exchange(services: Services, frame: ReadFrame, visit: Visit): Promise<TerminalReply> {
  if (frame.kind === 'unreadable') return replyToUnreadable(services, frame, visit)
  const { head, posMessage } = frame
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
    reply = await answer(
      forMerchant(services, identity.merchantId),
      posMessage ?? parsePosMessage(head),
      visit,
    )
    return reply
  } finally {
    allowance.done(reply?.proof)
  }
}

/**
 * The reply to bytes without a request, which count for their address: HTTP 400, to a broken serial frame with NAK (0x15). A message of
 * the class of reversals gets no answer.
 */
function replyToUnreadable(
  services: Services,
  { isBroken, fault, mayReverse }: Unreadable,
  { admission, source }: Pick<Visit, 'admission' | 'source'>,
): TerminalReply {
  if (fault !== null) services.log('unreadable_message', { field: fault.field, why: fault.why })
  admission.failed(source)
  return mayReverse ? SILENCE : { status: 400, body: isBroken ? NAK : EMPTY }
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
