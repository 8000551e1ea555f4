/** @module Messages that go down the road: sale, void, reversal, settlement, upload. */

import { refuseTerminal } from '../domain/admit.ts'
import { isMalleable } from '../domain/mac-profile.ts'
import { formatFault, hasAccountType, originalSaleKey, panOf } from '../iso8583/cup.ts'
import { fromHex } from '../iso8583/hex.ts'
import { isCanonical, macInput } from '../iso8583/message.ts'
import { contentOf, messageKeys, type PosTransaction, readRequest } from '../iso8583/request.ts'
import type { Outcome, Verdict } from '../process.ts'
import { isAsked, withHost } from '../recover.ts'
import type { Services } from '../services.ts'
import type { Place } from '../shed/doorkeeper.ts'
import type { Loaded, LoadItem } from '../store/load.ts'
import { verifyTerminal } from '../verify.ts'
import { SILENCE, type TerminalReply } from './answers.ts'
import { type Asked, ourselves, refuse, reply, type Signer } from './asked.ts'
import { cardOf } from './card.ts'

export type WaitUntil = (promise: Promise<unknown>) => void

export async function answerTransaction(
  services: Services,
  asked: Asked,
  type: PosTransaction,
  { place: inside, waitUntil }: { place: Place; waitUntil: WaitUntil },
): Promise<TerminalReply> {
  const { place } = asked
  // Set by `verify`, which may run again on a fresh load; the key is wiped whatever happens.
  const proof: { signer: Signer | null } = { signer: null }
  let isOver = false
  const verify = async (loaded: Loaded) => {
    wipe(proof)
    const verdict = await verifyMessage(services, asked, type, loaded, proof)
    // The waiter may have been told "unknown" while its message was on the road.
    if (isOver) wipe(proof)
    return verdict
  }
  const item: LoadItem = {
    terminalId: place.terminalId,
    batchNumber: place.batchNumber,
    ...messageKeys(type, place),
    ...meantSale(type, asked),
  }
  try {
    const submitted = await services.group.submit({ load: item, verify }, waitUntil)
    if (isAsked(submitted)) inside.awaitHost()
    const outcome = await withHost(services, submitted, cardFieldsOf(asked), waitUntil)
    return answerOutcome(services, asked, type, outcome, proof.signer)
  } finally {
    isOver = true
    wipe(proof)
  }
}

/** What the host needs of a sale's card; kept for the length of one try. */
const CARD_FIELDS = [2, 14, 22, 23, 25, 26, 35, 52, 53, 55]

const cardFieldsOf = ({ message }: Asked): ReadonlyMap<number, string> =>
  new Map([...message.fields].filter(([number]) => CARD_FIELDS.includes(number)))

function wipe(proof: { signer: Signer | null }): void {
  proof.signer?.mak.fill(0)
  proof.signer = null
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

/** MAC first, then form; only then is there a request that can be decided. */
async function verifyMessage(
  services: Services,
  asked: Asked,
  type: PosTransaction,
  loaded: Loaded,
  proof: { signer: Signer | null },
): Promise<Verdict> {
  const { message, place, frame } = asked
  let keyVersion: number | undefined
  if (goesWithoutMac(type, asked, loaded)) {
    const reason = refuseTerminal(loaded.terminal, loaded.merchant, place.merchantId)
    if (reason !== null) return { kind: 'refused', reason }
  } else {
    const mac = fromHex(message.fields.get(64) ?? '')
    const unverified = { ...place, macInput: macInput(frame.body), mac: mac?.length === 8 ? mac : undefined }
    const verified = await verifyTerminal(services.core, services.keyring, unverified, loaded)
    if (verified.kind === 'refused') return verified
    proof.signer = verified
    keyVersion = verified.keyVersion
  }
  const fault = formatFault(type, message) ?? (isBent(asked, loaded) ? 'not canonical' : undefined)
  if (fault !== undefined) {
    services.log('format_error', { type, terminalId: place.terminalId, field: fault })
    return { kind: 'refused', reason: 'format_error' }
  }
  const request = readRequest(type, message, place, await fingerprints(services, asked, type))
  return { kind: 'verified', request, ...(keyVersion === undefined ? {} : { keyVersion }) }
}

/** Settlement messages of a terminal whose profile lets them go without; one that has a MAC must have the right one. */
function goesWithoutMac(type: PosTransaction, { message }: Asked, { terminal }: Loaded): boolean {
  const settles = type === 'settlement' || type === 'upload' || type === 'upload_end'
  return settles && !message.fields.has(64) && terminal?.settlementMac === 'optional'
}

/** Other bytes for the same message, or an account type, under a MAC that could let them pass. */
const isBent = ({ frame, message }: Asked, { terminal }: Loaded): boolean =>
  terminal !== null &&
  isMalleable(terminal.macProfile) &&
  (hasAccountType(message) || !isCanonical(frame.body, message))

async function fingerprints(services: Services, { place, message, frame }: Asked, type: PosTransaction) {
  const content = contentOf(type, place, message, Uint8Array.from(macInput(frame.body)))
  return {
    content: await services.keyring.fingerprint('content', content),
    card: await cardOf(services, panOf(message)),
  }
}

function answerOutcome(
  services: Services,
  asked: Asked,
  type: PosTransaction,
  outcome: Outcome,
  signer: Signer | null,
): TerminalReply {
  switch (outcome.kind) {
    case 'denied':
      throw new Error('the terminal door refuses with a reason')
    case 'pending':
    case 'unknown':
    case 'unavailable':
      // Any answer of ours would clear the terminal's pending reversal; silence makes it reverse or try again.
      services.log('no_answer', { type, kind: outcome.kind, ...named(asked) })
      return SILENCE
    case 'refused':
      // A copy may still be decided another way: a 09 now would clear the reversal that it may need.
      if (outcome.reason === 'in_progress') return SILENCE
      return refuse(services, asked, type, outcome.reason, outcome.place ?? undefined, signer)
    case 'answered':
      return answerDecided(services, asked, type, outcome, signer)
  }
}

const named = ({ place }: Asked) => ({ terminalId: place.terminalId, stan: place.stan })

type Decided = Extract<Outcome, { kind: 'answered' }>

function answerDecided(
  services: Services,
  asked: Asked,
  type: PosTransaction,
  { answer, entry, replayed, situation }: Decided,
  signer: Signer | null,
): TerminalReply {
  const { reason, responseCode, rrn } = answer
  const differs = reason === 'key_reused_with_different_content' ? differences(asked, type, situation) : {}
  services.log('answered', { type, ...named(asked), responseCode, reason, rrn, replayed, ...differs })
  const decided = reply(services, asked, type, { ...answer, ...ourselves(services) }, reason, signer)
  if (entry === null) return decided
  const { messageKey, targetKey } = messageKeys(type, asked.place)
  // The target even where another reversal came before this one; with a sale goes its void.
  const reversedKeys = [
    ...(targetKey === undefined ? [] : [targetKey]),
    ...(entry.effects.reversals ?? []).map((reversal) => reversal.targetKey),
  ]
  // Only a first answer is kept for copies: a window that replays renewed would never end.
  return { ...decided, reversedKeys, ...(replayed ? {} : { messageKey }) }
}

/** Names of the kept fields in which a message differs from the first one with its key; never what they hold. */
function differences(
  { message, place }: Asked,
  type: PosTransaction,
  { earlier }: Decided['situation'],
): { differs: string[] } {
  const none = { content: '', card: null }
  const now = readRequest(type, message, place, none).request
  const before = earlier?.request ?? {}
  const names = new Set([...Object.keys(now), ...Object.keys(before)])
  const differs = [...names].filter((name) => now[name] !== before[name])
  // Card data is not kept, so a difference that shows nowhere else is in it.
  return { differs: differs.length > 0 ? differs : ['card data'] }
}
