/** @module One exchange with a terminal: bytes in, bytes out. Translates; decides nothing. */

import type { Slot } from '../admission/admission-controller.ts'
import type { Terminals } from '../admission/terminals.ts'
import { refuseTerminal } from '../domain/admit.ts'
import { isRequest } from '../iso8583/answer.ts'
import { field60Of, formatFault, placeOf, type TransactionType, transactionTypeOf } from '../iso8583/cup.ts'
import { parseFrame } from '../iso8583/frame.ts'
import { toHex } from '../iso8583/hex.ts'
import { unpack } from '../iso8583/message.ts'
import type { Services } from '../pipeline/services.ts'
import { load } from '../store/load.ts'
import { type PosMessage, refuse, reply, undecided } from './reply.ts'
import type { TerminalReply } from './reply-cache.ts'
import { signOn } from './sign-on.ts'
import { answerTransaction, type WaitUntil } from './transaction.ts'

const EMPTY = new Uint8Array(0)
const NAK = Uint8Array.of(0x15)

/** Whom an exchange is with, as far as the door can tell. */
export interface Visit {
  readonly terminals: Terminals
  /** Where the message came from, as `sourceOf` says it. */
  readonly source: string
  readonly identity: Slot
  readonly waitUntil: WaitUntil
}

export async function exchange(
  services: Services,
  bytes: Uint8Array<ArrayBuffer>,
  visit: Visit,
): Promise<TerminalReply> {
  const frame = parseFrame(bytes, services.core.lrc)
  if (!frame.ok) return { status: 400, body: frame.error.kind === 'lrc' ? NAK : EMPTY }
  const message = unpack(frame.value.body)
  if (!message.ok || !isRequest(message.value.mti)) {
    const { field, why } = message.ok ? { field: 'mti', why: 'not a request' } : message.error
    services.log('unreadable_message', { field, why })
    return { status: 400, body: EMPTY }
  }
  const posMessage: PosMessage = {
    frame: frame.value,
    message: message.value,
    identity: placeOf(message.value),
  }
  const type = transactionTypeOf(posMessage.message)
  if (type === undefined) return refuse(services, posMessage, undefined, 'unsupported_transaction')
  const { terminalId } = posMessage.identity
  const kind = type === 'sign_on' ? type : message.value.fields.has(64) ? 'with_mac' : 'without_mac'
  const allowance = visit.terminals.allow({ terminalId, source: visit.source, kind })
  if (allowance.kind === 'retry_after')
    return { status: 429, body: EMPTY, retryAfter: Math.ceil(allowance.waitMs / 1000) }
  let reply: TerminalReply | undefined
  try {
    reply = await answer(services, posMessage, type, visit)
    return reply
  } finally {
    allowance.done(reply?.proof)
  }
}

async function answer(
  services: Services,
  posMessage: PosMessage,
  type: TransactionType,
  visit: Visit,
): Promise<TerminalReply> {
  switch (type) {
    case 'sign_on':
      return answerSignOn(services, posMessage)
    case 'sign_off':
    case 'echo':
      return answerManagement(services, posMessage, type)
    case 'sale':
      if (!services.acquirer.takesSales)
        return refuse(services, posMessage, undefined, 'unsupported_transaction')
      return answerTransaction(services, posMessage, type, visit)
    default:
      return answerTransaction(services, posMessage, type, visit)
  }
}

async function answerSignOn(services: Services, posMessage: PosMessage): Promise<TerminalReply> {
  const { identity, message } = posMessage
  if (formatFault('sign_on', message) !== undefined)
    return refuse(services, posMessage, 'sign_on', 'format_error')
  const { db, core, keyring, random } = services
  const deps = { db, core, keyring, random, now: services.now() }
  const layout = field60Of(message.fields).networkManagementCode
  const outcome = await signOn(deps, identity.terminalId, identity.merchantId, layout)
  if (outcome.kind === 'refused') return refuse(services, posMessage, 'sign_on', outcome.reason, outcome)
  const { batchNumber } = outcome.terminal.batch
  const fields = { ...undecided(services, null, outcome), keys: toHex(outcome.keys), batchNumber }
  services.log('signed_on', { terminalId: identity.terminalId, layout, batchNumber })
  return reply(services, posMessage, 'sign_on', fields, null)
}

/** Echo and sign-off carry no MAC, so they move nothing. */
async function answerManagement(
  services: Services,
  posMessage: PosMessage,
  type: 'sign_off' | 'echo',
): Promise<TerminalReply> {
  const { terminalId, merchantId } = posMessage.identity
  const [sender] = await load(services.db, [{ terminalId }])
  const reason = refuseTerminal(sender?.terminal ?? null, sender?.merchant ?? null, merchantId)
  if (sender === undefined || reason !== null)
    return refuse(services, posMessage, type, reason ?? 'terminal_unknown', sender)
  return reply(services, posMessage, type, undecided(services, null, sender), null)
}
