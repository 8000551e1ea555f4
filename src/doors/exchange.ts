/** @module One exchange with a terminal: bytes in, bytes out. Translates; decides nothing. */

import { refuseTerminal } from '../domain/admit.ts'
import { isRequest } from '../iso8583/answer.ts'
import { field60Of, formatFault, placeOf, type TransactionType, transactionTypeOf } from '../iso8583/cup.ts'
import { parseFrame } from '../iso8583/frame.ts'
import { toHex } from '../iso8583/hex.ts'
import { unpack } from '../iso8583/message.ts'
import type { Services } from '../services.ts'
import type { Place } from '../shed/doorkeeper.ts'
import type { Terminals } from '../shed/terminals.ts'
import { signOn } from '../sign-on.ts'
import { load } from '../store/load.ts'
import type { TerminalReply } from './answers.ts'
import { type Asked, refuse, reply, undecided } from './asked.ts'
import { answerTransaction, type WaitUntil } from './transaction.ts'

const EMPTY = new Uint8Array(0)
const NAK = Uint8Array.of(0x15)

/** Whom an exchange is with, as far as the door can tell. */
export interface Visit {
  readonly terminals: Terminals
  /** Where the message came from, as `sourceOf` says it. */
  readonly source: string
  readonly place: Place
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
  const asked: Asked = { frame: frame.value, message: message.value, place: placeOf(message.value) }
  const type = transactionTypeOf(asked.message)
  if (type === undefined) return refuse(services, asked, undefined, 'unsupported_transaction')
  const { terminalId } = asked.place
  const kind = type === 'sign_on' ? type : message.value.fields.has(64) ? 'with_mac' : 'without_mac'
  const hearing = visit.terminals.hear({ terminalId, source: visit.source, kind })
  if (hearing.kind === 'later')
    return { status: 429, body: EMPTY, retryAfter: Math.ceil(hearing.waitMs / 1000) }
  let reply: TerminalReply | undefined
  try {
    reply = await answer(services, asked, type, visit)
    return reply
  } finally {
    hearing.over(reply?.proof)
  }
}

async function answer(
  services: Services,
  asked: Asked,
  type: TransactionType,
  visit: Visit,
): Promise<TerminalReply> {
  switch (type) {
    case 'sign_on':
      return answerSignOn(services, asked)
    case 'sign_off':
    case 'echo':
      return answerManagement(services, asked, type)
    case 'sale':
      if (!services.acquirer.takesSales) return refuse(services, asked, undefined, 'unsupported_transaction')
      return answerTransaction(services, asked, type, visit)
    default:
      return answerTransaction(services, asked, type, visit)
  }
}

async function answerSignOn(services: Services, asked: Asked): Promise<TerminalReply> {
  const { place, message } = asked
  if (formatFault('sign_on', message) !== undefined) return refuse(services, asked, 'sign_on', 'format_error')
  const { db, core, keyring, random } = services
  const deps = { db, core, keyring, random, now: services.now() }
  const layout = field60Of(message.fields).networkManagementCode
  const outcome = await signOn(deps, place.terminalId, place.merchantId, layout)
  if (outcome.kind === 'refused') return refuse(services, asked, 'sign_on', outcome.reason, outcome)
  const { batchNumber } = outcome.terminal.batch
  const host = { ...undecided(services, null, outcome), keys: toHex(outcome.keys), batchNumber }
  services.log('signed_on', { terminalId: place.terminalId, layout, batchNumber })
  return reply(services, asked, 'sign_on', host, null)
}

/** Echo and sign-off carry no MAC, so they move nothing. */
async function answerManagement(
  services: Services,
  asked: Asked,
  type: 'sign_off' | 'echo',
): Promise<TerminalReply> {
  const { terminalId, merchantId } = asked.place
  const [sender] = await load(services.db, [{ terminalId }])
  const reason = refuseTerminal(sender?.terminal ?? null, sender?.merchant ?? null, merchantId)
  if (sender === undefined || reason !== null)
    return refuse(services, asked, type, reason ?? 'terminal_unknown', sender)
  return reply(services, asked, type, undecided(services, null, sender), null)
}
