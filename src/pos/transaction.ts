/** @module Messages that go through the pipeline: sale, void, reversal, settlement, upload. */

import type { Slot } from '../admission/admission-controller.ts'
import { networkOf } from '../admission/network.ts'
import { REVERSED_LATE } from '../domain/late-reversal.ts'
import { USUAL_FORMS } from '../domain/terminal-profile.ts'
import type { Card, JournalEntry, SaleState } from '../domain/types.ts'
import { privateData } from '../iso8583/answer.ts'
import { NOT_CONTENT, type TransactionMessage } from '../iso8583/pos-message.ts'
import { profileFault, readAs } from '../iso8583/profile-fault.ts'
import type { Services } from '../pipeline/services.ts'
import type { Timing } from '../pipeline/timing.ts'
import type { Outcome, WaitUntil } from '../pipeline/types.ts'
import type { Budget } from '../store/budget.ts'
import { ourselves, refuse, reply } from './reply.ts'
import { SILENCE, type TerminalReply } from './reply-cache.ts'
import { type Signer, verifyMessage, wipe } from './verify-message.ts'

/** The sender, as `Visit` has it. */
interface Sender {
  readonly slot: Slot
  readonly waitUntil: WaitUntil
  readonly source: string
  readonly budget: Budget
  readonly timing?: Timing
}

/** Answers a transaction. There is no answer while the outcome is unknown. */
export async function answerTransaction(
  services: Services,
  posMessage: TransactionMessage,
  { slot, waitUntil, source, budget, timing }: Sender,
): Promise<TerminalReply> {
  const { identity, messageKey, targetKey, sale } = posMessage
  const { terminalId, batchNumber } = identity
  const target = targetKey === undefined ? {} : { targetKey }
  const settles = posMessage.type === 'settlement' || posMessage.type === 'upload_end'
  const usedBatch = settles ? { usedBatch: batchNumber } : {}
  // Field 22 is read once the terminal is known.
  let read = posMessage
  const { outcome, found: signer } = await services.pipeline.submit(
    {
      load: { terminalId, batchNumber, messageKey, ...target, ...sale, ...usedBatch },
      get cardFields() {
        return read.cardFields
      },
      verify(loaded) {
        read = readAs(posMessage, loaded.terminal ?? USUAL_FORMS)
        return verifyMessage(services, read, loaded, networkOf(source))
      },
      discard: wipe,
    },
    {
      waitUntil,
      budget,
      beforeAcquirer: () => slot.awaitAcquirer(),
      waitsUntil: services.now() + (services.acquirer.deadlineMs ?? 0),
      ...(timing === undefined ? {} : { timing }),
    },
  )
  try {
    return answerOutcome(services, read, outcome, signer)
  } finally {
    wipe(signer)
  }
}

function answerOutcome(
  services: Services,
  posMessage: TransactionMessage,
  outcome: Outcome,
  signer: Signer | null,
): TerminalReply {
  const { type } = posMessage
  switch (outcome.kind) {
    case 'denied':
      throw new Error('the POS door refuses with a reason')
    case 'pending':
    case 'unknown':
    case 'unavailable':
      // Any answer deletes the terminal's pending reversal. Without one the terminal reverses or retries.
      services.log('no_answer', { type, kind: outcome.kind, ...named(posMessage) })
      return SILENCE
    case 'refused':
      // A copy may still get another decision, and code 09 would delete the reversal that it may need.
      if (outcome.reason === 'in_progress') {
        services.log('no_answer', { type, kind: outcome.reason, ...named(posMessage) })
        return SILENCE
      }
      return refuseWith(services, posMessage, outcome, signer)
    case 'answered':
      return answerDecided(services, posMessage, outcome, signer)
  }
}

function refuseWith(
  services: Services,
  posMessage: TransactionMessage,
  { reason, context }: Extract<Outcome, { kind: 'refused' }>,
  signer: Signer | null,
): TerminalReply {
  const isFault = reason === 'format_error' && context !== null
  const fault = isFault ? profileFault(posMessage, context.terminal) : null
  return refuse(services, posMessage, reason, context ?? undefined, signer, fault)
}

const named = ({ identity }: TransactionMessage) => ({
  terminalId: identity.terminalId,
  stan: identity.stan,
})

type Decided = Extract<Outcome, { kind: 'answered' }>

function answerDecided(
  services: Services,
  posMessage: TransactionMessage,
  { answer, entry, replayed, loadedState, context }: Decided,
  signer: Signer | null,
): TerminalReply {
  const { type, messageKey, targetKey } = posMessage
  const { reason, responseCode, rrn } = answer
  const differs = reason === 'key_reused_with_different_content' ? differences(posMessage, loadedState) : {}
  services.log('answered', { type, ...named(posMessage), responseCode, reason, rrn, replayed, ...differs })
  const fields = {
    ...answer,
    ...ourselves(services),
    ...(type === 'void' && reason === null ? amountOfVoid(entry, loadedState.claim) : {}),
    privateData: privateData(reason, answer.textEncoding, answer.texts ?? 'long'),
  }
  const decided = reply(services, posMessage, fields, { reason, terminal: context.terminal, signer })
  if (entry === null) return decided
  const { voidMoved } = entry.effects
  // The alert is logged once. The journal keeps the mark.
  if (!replayed && voidMoved?.reversedLate === true)
    services.log('alert', { why: REVERSED_LATE, ...named(posMessage), rrn, voidId: voidMoved.id })
  // The target, also when another reversal came before. With a sale also its void.
  const reversedKeys = [
    ...(targetKey === undefined ? [] : [targetKey]),
    ...(entry.effects.reversals ?? []).map((reversal) => reversal.targetKey),
  ]
  // Only a first answer is kept for copies. Otherwise each copy would extend the window, and it would never end.
  return { ...decided, reversedKeys, ...(replayed ? {} : { messageKey }) }
}

/** Field 4 of the answer to a void without an amount. A forwarded void has its record in the claim. */
function amountOfVoid(...entries: readonly (JournalEntry | null)[]): { amount?: string } {
  const amount = entries.find((entry) => entry?.effects.voidRecord)?.effects.voidRecord?.amount
  return amount === undefined ? {} : { amount: String(amount).padStart(12, '0') }
}

/** The name of the MTI among kept fields. A repeat has another one. */
const MTI = '0'
const MAC = '64'

const isCompared = (name: string): boolean => name !== MTI && !NOT_CONTENT.includes(Number(name))

interface Differences {
  readonly differs: readonly string[]
  /** When no kept field differs: the fields of this message that the journal does not keep as a whole. One of them differs. */
  readonly differsAmong?: readonly string[]
}

/** Numbers of the fields that differ from the first message with this key; never their values. */
function differences(
  { message, pan, request: { request: now } }: TransactionMessage,
  { earlier, original }: Decided['loadedState'],
): Differences {
  const before = earlier?.request ?? {}
  const names = [...new Set([...Object.keys(now), ...Object.keys(before)])].filter(isCompared)
  const kept = names.filter((name) => now[name] !== before[name])
  const isSameSale = !kept.includes('37') && !kept.includes('61')
  const card = earlier === null ? null : cardOfFirst(earlier, isSameSale ? original : null)
  const differs = isOtherCard(pan, card) ? ['2', ...kept] : kept
  if (differs.length > 0) return { differs }
  const others = [...message.fields].filter(([number, value]) => now[number] !== value)
  return { differs, differsAmong: others.map(([number]) => String(number)).filter(isNoMac) }
}

const isNoMac = (name: string): boolean => isCompared(name) && name !== MAC

/** The card of an approved first message. `original`: the sale of a void, when both messages name the same one. */
function cardOfFirst({ answer, effects }: JournalEntry, original: SaleState | null): Card | null {
  const own = (effects.sale ?? effects.claimedSale)?.card ?? null
  return own ?? (answer?.reason === null ? (original?.sale.card ?? null) : null)
}

/** Whether the card is certainly another one, by the digits that the journal keeps. */
const isOtherCard = (pan: string | undefined, card: Card | null): boolean =>
  pan !== undefined && card !== null && (pan.slice(0, 6) !== card.first6 || pan.slice(-4) !== card.last4)
