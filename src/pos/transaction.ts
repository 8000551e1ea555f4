/** @module Messages that go down the road: sale, void, reversal, settlement, upload. */

import type { Slot } from '../admission/admission-controller.ts'
import { cardOf } from '../crypto/card.ts'
import { refuseTerminal } from '../domain/admit.ts'
import { isMalleable } from '../domain/mac-profile.ts'
import { formatFault, hasAccountType, originalSaleKey, panOf } from '../iso8583/cup.ts'
import { fromHex } from '../iso8583/hex.ts'
import { isCanonical, macInput } from '../iso8583/message.ts'
import { contentOf, messageKeys, type PosTransaction, readRequest } from '../iso8583/request.ts'
import type { Outcome, Verdict } from '../pipeline/process.ts'
import { isAsked, withAcquirer } from '../pipeline/recover.ts'
import type { Services } from '../pipeline/services.ts'
import type { Loaded, LoadItem } from '../store/load.ts'
import { ourselves, type PosMessage, refuse, reply, type Signer } from './reply.ts'
import { SILENCE, type TerminalReply } from './reply-cache.ts'
import { verifyTerminal } from './verify-mac.ts'

export type WaitUntil = (promise: Promise<unknown>) => void

export async function answerTransaction(
  services: Services,
  posMessage: PosMessage,
  type: PosTransaction,
  { identity: inside, waitUntil }: { identity: Slot; waitUntil: WaitUntil },
): Promise<TerminalReply> {
  const { identity } = posMessage
  // Set by `verify`, which may run again on a fresh load; the key is wiped whatever happens.
  const proof: { signer: Signer | null } = { signer: null }
  let isOver = false
  const verify = async (loaded: Loaded) => {
    wipe(proof)
    const verdict = await verifyMessage(services, posMessage, type, loaded, proof)
    // The waiter may have been told "unknown" while its message was on the road.
    if (isOver) wipe(proof)
    return verdict
  }
  const item: LoadItem = {
    terminalId: identity.terminalId,
    batchNumber: identity.batchNumber,
    ...messageKeys(type, identity),
    ...meantSale(type, posMessage),
  }
  try {
    const submitted = await services.group.submit({ load: item, verify }, waitUntil)
    if (isAsked(submitted)) inside.awaitAcquirer()
    const outcome = await withAcquirer(services, submitted, cardFieldsOf(posMessage), waitUntil)
    return answerOutcome(services, posMessage, type, outcome, proof.signer)
  } finally {
    isOver = true
    wipe(proof)
  }
}

/** What the acquirer needs of a sale's card; kept for the length of one try. */
const CARD_FIELDS = [2, 14, 22, 23, 25, 26, 35, 52, 53, 55]

const cardFieldsOf = ({ message }: PosMessage): ReadonlyMap<number, string> =>
  new Map([...message.fields].filter(([number]) => CARD_FIELDS.includes(number)))

function wipe(proof: { signer: Signer | null }): void {
  proof.signer?.mak.fill(0)
  proof.signer = null
}

/** Which sale a message is about, so that it is loaded with its terminal. */
function meantSale(type: PosTransaction, { identity, message }: PosMessage): Partial<LoadItem> {
  const { targetKey } = messageKeys(type, identity)
  if (type === 'sale_reversal' && targetKey !== undefined) return { saleKey: targetKey }
  if (type === 'void_reversal' && targetKey !== undefined) return { saleOfVoidKey: targetKey }
  if (type !== 'void') return {}
  const saleKey = originalSaleKey(identity, message)
  const saleRrn = message.fields.get(37)
  return { ...(saleKey === undefined ? {} : { saleKey }), ...(saleRrn === undefined ? {} : { saleRrn }) }
}

/** MAC first, then form; only then is there a request that can be decided. */
async function verifyMessage(
  services: Services,
  posMessage: PosMessage,
  type: PosTransaction,
  loaded: Loaded,
  proof: { signer: Signer | null },
): Promise<Verdict> {
  const { message, identity, frame } = posMessage
  let keyVersion: number | undefined
  if (goesWithoutMac(type, posMessage, loaded)) {
    const reason = refuseTerminal(loaded.terminal, loaded.merchant, identity.merchantId)
    if (reason !== null) return { kind: 'refused', reason }
  } else {
    const mac = fromHex(message.fields.get(64) ?? '')
    const unverified = {
      ...identity,
      macInput: macInput(frame.body),
      mac: mac?.length === 8 ? mac : undefined,
    }
    const verified = await verifyTerminal(services.core, services.keyring, unverified, loaded)
    if (verified.kind === 'refused') return verified
    proof.signer = verified
    keyVersion = verified.keyVersion
  }
  const fault = formatFault(type, message) ?? (isBent(posMessage, loaded) ? 'not canonical' : undefined)
  if (fault !== undefined) {
    services.log('format_error', { type, terminalId: identity.terminalId, field: fault })
    return { kind: 'refused', reason: 'format_error' }
  }
  const request = readRequest(type, message, identity, await fingerprints(services, posMessage, type))
  return { kind: 'verified', request, ...(keyVersion === undefined ? {} : { keyVersion }) }
}

/** Settlement messages of a terminal whose profile lets them go without; one that has a MAC must have the right one. */
function goesWithoutMac(type: PosTransaction, { message }: PosMessage, { terminal }: Loaded): boolean {
  const settles = type === 'settlement' || type === 'upload' || type === 'upload_end'
  return settles && !message.fields.has(64) && terminal?.settlementMac === 'optional'
}

/** Other bytes for the same message, or an account type, under a MAC that could let them pass. */
const isBent = ({ frame, message }: PosMessage, { terminal }: Loaded): boolean =>
  terminal !== null &&
  isMalleable(terminal.macProfile) &&
  (hasAccountType(message) || !isCanonical(frame.body, message))

async function fingerprints(
  services: Services,
  { identity, message, frame }: PosMessage,
  type: PosTransaction,
) {
  const content = contentOf(type, identity, message, Uint8Array.from(macInput(frame.body)))
  return {
    content: await services.keyring.fingerprint('content', content),
    card: await cardOf(services.keyring, panOf(message)),
  }
}

function answerOutcome(
  services: Services,
  posMessage: PosMessage,
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
      services.log('no_answer', { type, kind: outcome.kind, ...named(posMessage) })
      return SILENCE
    case 'refused':
      // A copy may still be decided another way: a 09 now would clear the reversal that it may need.
      if (outcome.reason === 'in_progress') return SILENCE
      return refuse(services, posMessage, type, outcome.reason, outcome.context ?? undefined, signer)
    case 'answered':
      return answerDecided(services, posMessage, type, outcome, signer)
  }
}

const named = ({ identity }: PosMessage) => ({ terminalId: identity.terminalId, stan: identity.stan })

type Decided = Extract<Outcome, { kind: 'answered' }>

function answerDecided(
  services: Services,
  posMessage: PosMessage,
  type: PosTransaction,
  { answer, entry, replayed, loadedState }: Decided,
  signer: Signer | null,
): TerminalReply {
  const { reason, responseCode, rrn } = answer
  const differs =
    reason === 'key_reused_with_different_content' ? differences(posMessage, type, loadedState) : {}
  services.log('answered', { type, ...named(posMessage), responseCode, reason, rrn, replayed, ...differs })
  const decided = reply(services, posMessage, type, { ...answer, ...ourselves(services) }, reason, signer)
  if (entry === null) return decided
  const { messageKey, targetKey } = messageKeys(type, posMessage.identity)
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
  { message, identity }: PosMessage,
  type: PosTransaction,
  { earlier }: Decided['loadedState'],
): { differs: string[] } {
  const none = { content: '', card: null }
  const now = readRequest(type, message, identity, none).request
  const before = earlier?.request ?? {}
  const names = new Set([...Object.keys(now), ...Object.keys(before)])
  const differs = [...names].filter((name) => now[name] !== before[name])
  // Card data is not kept, so a difference that shows nowhere else is in it.
  return { differs: differs.length > 0 ? differs : ['card data'] }
}
