/** @module One exchange with a terminal: bytes in, bytes out. Translates; decides nothing. */

import type { MacAlgorithm } from '../core/instance.ts'
import { DEFAULT_MERCHANT, refuseTerminal } from '../domain/admit.ts'
import { SETTLEMENT_ERROR } from '../domain/decide-settlement.ts'
import { type DeclineReason, refusalOf } from '../domain/decline-reason.ts'
import type { Card, Merchant } from '../domain/types.ts'
import { localFields } from '../domain/window.ts'
import { buildAnswer, type HostFields, isRequest, packWithMac, privateData } from '../iso8583/answer.ts'
import {
  field60Of,
  formatFault,
  originalSaleKey,
  type PosPlace,
  panOf,
  placeOf,
  type TransactionType,
  transactionTypeOf,
} from '../iso8583/cup.ts'
import { answerFrame, type Frame, parseFrame } from '../iso8583/frame.ts'
import { fromHex, toHex } from '../iso8583/hex.ts'
import { isCanonical, type Message, macInput, pack, unpack } from '../iso8583/message.ts'
import { contentOf, messageKeys, type PosTransaction, readRequest } from '../iso8583/request.ts'
import type { Outcome, Verdict } from '../process.ts'
import { freshRrn } from '../random.ts'
import type { Services } from '../services.ts'
import { signOn } from '../sign-on.ts'
import { type Loaded, type LoadItem, load } from '../store/load.ts'
import { isMalleable, verifyTerminal } from '../verify.ts'
import type { TerminalReply } from './answers.ts'

const EMPTY = new Uint8Array(0)
const NAK = Uint8Array.of(0x15)

export type WaitUntil = (promise: Promise<unknown>) => void

/** A request as far as it is read. */
interface Asked {
  readonly frame: Frame
  readonly message: Message
  readonly place: PosPlace
}

export async function exchange(
  services: Services,
  bytes: Uint8Array<ArrayBuffer>,
  waitUntil: WaitUntil,
): Promise<TerminalReply> {
  const frame = parseFrame(bytes, services.core.lrc)
  if (!frame.ok) return { status: 400, body: frame.error.kind === 'lrc' ? NAK : EMPTY }
  const message = unpack(frame.value.body)
  if (!message.ok || !isRequest(message.value.mti)) {
    const detail = message.ok ? { field: 'mti', why: 'not a request' } : message.error
    services.log('unreadable_message', { field: detail.field, why: detail.why })
    return { status: 400, body: EMPTY }
  }
  const asked: Asked = { frame: frame.value, message: message.value, place: placeOf(message.value) }
  const type = transactionTypeOf(asked.message)
  switch (type) {
    case undefined:
      return refuse(services, asked, undefined, 'unsupported_transaction')
    case 'sign_on':
      return answerSignOn(services, asked)
    case 'sign_off':
    case 'echo':
      return answerManagement(services, asked, type)
    default:
      if (type === 'sale' && !services.acquirer.takesSales)
        return refuse(services, asked, undefined, 'unsupported_transaction')
      return answerTransaction(services, asked, type, waitUntil)
  }
}

/** Fields of an answer for which nothing was decided. */
function hostFields(
  services: Services,
  reason: DeclineReason | null,
  merchant: Pick<Merchant, 'timeZone' | 'cutOff'> | null,
  encoding: 'gbk' | 'ascii',
): HostFields {
  return {
    responseCode: reason === null ? '00' : refusalOf(reason).responseCode,
    ...localFields(services.now(), merchant ?? DEFAULT_MERCHANT),
    rrn: freshRrn(services.random),
    authorizationCode: null,
    acquirerId: services.acquirerId,
    receivingInstitution: services.acquirer.receivingInstitution,
    privateData: privateData(reason, encoding),
    totals: reason === null ? undefined : SETTLEMENT_ERROR,
  }
}

/** Packs the answer, with a MAC where the request's own was verified: an unproved sender gets nothing signed. */
function reply(
  services: Services,
  { frame, message }: Asked,
  type: TransactionType | undefined,
  host: HostFields,
  signer: Signer | null,
  reason: DeclineReason | null,
): TerminalReply & { status: 200 } {
  const answer = buildAnswer(message, type, host)
  const body =
    signer === null
      ? pack(answer)
      : packWithMac(answer, (input) => services.core.computeMac(signer.algorithm, signer.mak, input))
  const signOnAgain = reason !== null && refusalOf(reason).doNext === 'sign_on'
  const bytes = answerFrame(frame, body, { signOnAgain }, services.core.lrc)
  return { status: 200, body: Uint8Array.from(bytes) }
}

interface Signer {
  readonly mak: Uint8Array
  readonly algorithm: MacAlgorithm
}

function refuse(
  services: Services,
  asked: Asked,
  type: TransactionType | undefined,
  reason: DeclineReason,
  loaded: Pick<Loaded, 'merchant' | 'terminal'> | null = null,
  signer: Signer | null = null,
): TerminalReply {
  const { terminalId, stan } = asked.place
  services.log('refused', { reason, type, terminalId, stan })
  const encoding = loaded?.terminal?.textEncoding ?? 'gbk'
  const host = hostFields(services, reason, loaded?.merchant ?? null, encoding)
  return reply(services, asked, type, host, signer, reason)
}

async function answerSignOn(services: Services, asked: Asked): Promise<TerminalReply> {
  const { place, message } = asked
  const layout = field60Of(message.fields).networkManagementCode
  const fault = formatFault('sign_on', message)
  if (fault !== undefined) return refuse(services, asked, 'sign_on', 'format_error')
  const { db, core, keyring, random } = services
  const deps = { db, core, keyring, random, now: services.now() }
  const outcome = await signOn(deps, place.terminalId, place.merchantId, layout)
  if (outcome.kind === 'refused')
    return refuse(services, asked, 'sign_on', outcome.reason, { merchant: outcome.merchant, terminal: null })
  const { terminal, merchant, keys } = outcome
  const host: HostFields = {
    ...hostFields(services, null, merchant, terminal.textEncoding),
    keys: toHex(keys),
    batchNumber: terminal.batch.batchNumber,
  }
  return reply(services, asked, 'sign_on', host, null, null)
}

/** Echo and sign-off: no MAC, so nothing moves. */
async function answerManagement(
  services: Services,
  asked: Asked,
  type: 'sign_off' | 'echo',
): Promise<TerminalReply> {
  const { terminalId, merchantId } = asked.place
  const [loaded] = await load(services.db, [{ terminalId }])
  const { terminal = null, merchant = null } = loaded ?? {}
  const reason = refuseTerminal(terminal, merchant, merchantId)
  if (reason !== null) return refuse(services, asked, type, reason, { terminal, merchant })
  const host = hostFields(services, null, merchant, terminal?.textEncoding ?? 'gbk')
  return reply(services, asked, type, host, null, null)
}

async function answerTransaction(
  services: Services,
  asked: Asked,
  type: PosTransaction,
  waitUntil: WaitUntil,
): Promise<TerminalReply> {
  const { place, message } = asked
  let signer: Signer | null = null
  const item: LoadItem = {
    terminalId: place.terminalId,
    batchNumber: place.batchNumber,
    ...messageKeys(type, place),
    ...meantSale(type, asked),
  }
  const verify = async (loaded: Loaded): Promise<Verdict> => {
    signer?.mak.fill(0)
    signer = null
    const verified = await verifyMessage(services, asked, type, loaded)
    if (verified.kind === 'refused') return verified
    signer = verified.signer
    const fault = formatFault(type, message)
    const profile = loaded.terminal?.macProfile
    const bent = profile !== undefined && isMalleable(profile) && !isCanonical(asked.frame.body, message)
    if (fault !== undefined || bent) {
      services.log('format_error', { type, field: fault ?? 'not canonical' })
      return { kind: 'refused', reason: 'format_error' }
    }
    const request = readRequest(type, message, place, await fingerprints(services, asked, type))
    const { keyVersion } = verified
    return { kind: 'verified', request, ...(keyVersion === undefined ? {} : { keyVersion }) }
  }
  try {
    const outcome = await services.group.submit({ load: item, verify }, waitUntil)
    return answerOutcome(services, asked, type, outcome, signer)
  } finally {
    ;(signer as Signer | null)?.mak.fill(0)
  }
}

/** Which sale a message is about, so that it is loaded with its terminal. */
function meantSale(type: PosTransaction, { place, message }: Asked): Partial<LoadItem> {
  const { targetKey } = messageKeys(type, place)
  if (type === 'sale_reversal' && targetKey !== undefined) return { saleKey: targetKey }
  if (type === 'void_reversal' && targetKey !== undefined) return { saleOfVoidKey: targetKey }
  if (type !== 'void') return {}
  const saleKey = originalSaleKey(place, message)
  const saleRrn = message.fields.get(37)
  return { ...(saleKey === undefined ? {} : { saleKey }), ...(saleRrn === undefined ? {} : { saleRrn }) }
}

type MessageVerdict =
  | { readonly kind: 'verified'; readonly signer: Signer | null; readonly keyVersion?: number }
  | { readonly kind: 'refused'; readonly reason: DeclineReason }

/** The MAC; or none, for settlement messages of a terminal whose profile lets them go without. */
async function verifyMessage(
  services: Services,
  { place, message, frame }: Asked,
  type: PosTransaction,
  loaded: Loaded,
): Promise<MessageVerdict> {
  const settles = type === 'settlement' || type === 'upload' || type === 'upload_end'
  if (settles && !message.fields.has(64) && loaded.terminal?.settlementMac === 'optional') {
    const reason = refuseTerminal(loaded.terminal, loaded.merchant, place.merchantId)
    return reason === null ? { kind: 'verified', signer: null } : { kind: 'refused', reason }
  }
  const mac = fromHex(message.fields.get(64) ?? '')
  const unverified = { ...place, macInput: macInput(frame.body), mac: mac?.length === 8 ? mac : undefined }
  const verified = await verifyTerminal(services.core, services.keyring, unverified, loaded)
  if (verified.kind === 'refused') return verified
  const { mak, algorithm, keyVersion } = verified
  return {
    kind: 'verified',
    signer: { mak, algorithm },
    ...(keyVersion === undefined ? {} : { keyVersion }),
  }
}

async function fingerprints(services: Services, { place, message, frame }: Asked, type: PosTransaction) {
  const { keyring } = services
  const content = contentOf(type, place, message, Uint8Array.from(macInput(frame.body)))
  const pan = type === 'sale' || type === 'void' ? panOf(message) : undefined
  return {
    content: await keyring.fingerprint('content', content),
    card: pan === undefined ? null : await cardOf(services, pan),
  }
}

const cardOf = async ({ keyring }: Services, pan: string): Promise<Card> => ({
  first6: pan.slice(0, 6),
  last4: pan.slice(-4),
  fingerprint: await keyring.fingerprint('pan', pan),
})

function answerOutcome(
  services: Services,
  asked: Asked,
  type: PosTransaction,
  outcome: Outcome,
  signer: Signer | null,
): TerminalReply {
  switch (outcome.kind) {
    case 'unknown':
    case 'unavailable':
      // Any answer of ours would clear the terminal's pending reversal; silence makes it reverse or try again.
      services.log('no_answer', { type, kind: outcome.kind, terminalId: asked.place.terminalId })
      return { status: 503, body: EMPTY }
    case 'denied':
      throw new Error('the terminal door denies by refusal')
    case 'refused':
      return refuse(services, asked, type, outcome.reason, outcome.place, signer)
    case 'answered': {
      const { answer, entry } = outcome
      logAnswer(services, asked, type, outcome)
      const host: HostFields = {
        ...answer,
        acquirerId: services.acquirerId,
        receivingInstitution: services.acquirer.receivingInstitution,
      }
      const answered = reply(services, asked, type, host, signer, answer.reason)
      if (entry === null) return answered
      const { targetKey } = messageKeys(type, asked.place)
      return {
        ...answered,
        messageKey: entry.messageKey,
        ...(targetKey === undefined ? {} : { reversedKey: targetKey }),
      }
    }
  }
}

function logAnswer(
  services: Services,
  { place }: Asked,
  type: PosTransaction,
  { answer, replayed, situation }: Extract<Outcome, { kind: 'answered' }>,
): void {
  const { terminalId, stan } = place
  const { reason, responseCode, rrn } = answer
  services.log('answered', { type, terminalId, stan, responseCode, reason, rrn, replayed })
  if (reason === 'key_reused_with_different_content' && situation.earlier !== null)
    services.log('key_reused', { terminalId, stan, earlier: situation.earlier.request })
}
