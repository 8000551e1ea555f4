/** @module The answers of the JSON API: sales, voids, reversals, terminals and merchants. Times are ISO 8601 in UTC. */

import { type AcquirerState, isUndecided } from '../../domain/acquirer-state.ts'
import { refuseSale } from '../../domain/decide-void.ts'
import type { LoadedState } from '../../domain/decision.ts'
import { rulesOf } from '../../domain/merchant-rules.ts'
import type { DoNext } from '../../domain/refusal.ts'
import type {
  AcquirerMessage,
  Card,
  JournalEntry,
  Merchant,
  SaleState,
  Terminal,
  VoidRecord,
} from '../../domain/types.ts'
import type { MerchantBody, ReversalBody, SaleBody, TerminalBody, VoidBody } from './answer-schemas.ts'
import { certaintyOf, FINAL } from './certainty.ts'
import { VOID_REASONS } from './schemas.ts'

export const iso = (ms: number): string => new Date(ms).toISOString()

export const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms))

export function stateOf({ sale, liveVoid, reversed, batchState, forwarded }: SaleState): SaleBody['state'] {
  // A sale without an outcome has no row. Its state follows from its claim (claimed-sale.ts).
  if (forwarded !== null && isUndecided(forwarded.state)) return 'pending'
  if (sale.status === 'declined') return 'declined'
  // The acquirer kept it, and a person accepted that.
  if (reversed) return forwarded?.state === 'approved' ? 'approved' : 'reversed'
  // The sale already stands without a void that is being reversed at the acquirer.
  if (liveVoid !== null && liveVoid.state !== 'reversing')
    return isUndecided(liveVoid.state) ? 'void_pending' : 'voided'
  return batchState === 'open' ? 'approved' : 'settled'
}

/** `until`: the first instant at which a void is refused. Null if only the close of the batch ends the window. */
export function saleBody(state: SaleState, until: number | null, now: number): SaleBody {
  const { sale } = state
  const why = stateOf(state) === 'pending' ? 'outcome_pending' : refuseSale(state, until, now)
  return {
    id: sale.id,
    merchantId: sale.merchantId,
    terminalId: sale.terminalId,
    batchNumber: sale.batchNumber,
    stan: sale.stan,
    amount: sale.amount,
    currency: sale.currencyCode,
    fee: sale.fee,
    card: shownCard(sale.card),
    rrn: sale.rrn,
    authorizationCode: sale.authorizationCode,
    soldAt: iso(sale.soldAt),
    state: stateOf(state),
    voidable: why === null,
    whyNotVoidable: why,
    voidableUntil: until === null ? null : iso(until),
    voidId: state.liveVoid?.id ?? null,
    ...certaintyOf({ of: 'sale', sale: state, doNext: 'nothing' }),
  }
}

/** The shown part of a card. Null if the card is not known. */
export const shownCard = (card: Card | null): SaleBody['card'] =>
  card === null ? null : { first6: card.first6, last4: card.last4 }

/** A void stands again if the acquirer kept it and a person accepted that. */
const isReversed = (state: AcquirerState): boolean => state === 'reversing' || state === 'reversed'

/** The state of a void as its caller sees it. */
export const VOID_STATE = {
  pending: 'pending',
  undoing: 'pending',
  approved: 'approved',
  declined: 'declined',
  reversing: 'reversing',
  reversed: 'reversed',
} as const satisfies Record<AcquirerState, VoidBody['state']>

/** A void with what its record does not have. */
export interface ShownVoid {
  readonly record: VoidRecord
  readonly reversedAt: number | null
  /** The message to the acquirer, if there is one. */
  readonly forwarded: AcquirerMessage | null
  /** The card of the sale. */
  readonly card: Card | null
  /** Whether a terminal reversed it late (semantics.md, Late reversals). Absent: no. */
  readonly reversedLate?: boolean
}

export function voidBodyOf(shown: ShownVoid): VoidBody {
  const { record, reversedAt, forwarded, card, reversedLate = false } = shown
  return {
    id: record.id,
    saleId: record.saleId,
    state: VOID_STATE[record.state],
    merchantId: record.merchantId,
    terminalId: record.terminalId,
    batchNumber: record.batchNumber,
    stan: record.stan,
    amount: record.amount,
    currency: record.currencyCode,
    card: shownCard(card),
    rrn: record.rrn,
    originalRrn: record.originalRrn,
    acquirerRrn: forwarded?.acquirerRrn ?? null,
    authorizationCode: record.authorizationCode,
    reason: voidReasonOf(record),
    // A void costs nothing and returns the fee of the sale in full. Null if that fee is not known.
    fee: 0,
    feeReturned: record.feeReturned,
    destination: 'original_card',
    voidedAt: iso(record.voidedAt),
    reversedAt: reversedAt === null || !isReversed(record.state) ? null : iso(reversedAt),
    reversedLate: reversedLate && isReversed(record.state),
    ...certaintyOf({ of: 'message', state: record.state, forwarded, doNext: afterVoid(record.state) }),
  }
}

const afterVoid = (state: AcquirerState): DoNext => (state === 'approved' ? 'print_receipt' : 'nothing')

const voidReasonOf = ({ reason }: VoidRecord): VoidBody['reason'] =>
  VOID_REASONS.find((known) => known === reason) ?? null

type Reversing = Pick<LoadedState, 'target' | 'targetForwarded' | 'targetReversal'>

/**
 * The target at the acquirer after the reversal. A copy loads it as it is. At first the entry moves it, or claims it: the acquirer has
 * a captured sale without a message of ours.
 */
function forwardedAfter(
  { effects }: JournalEntry,
  { targetForwarded, targetReversal }: Reversing,
): AcquirerMessage | null {
  if (targetForwarded === null) return effects.claim ?? null
  const move = effects.acquirerMoves?.find(({ messageKey }) => messageKey === targetForwarded.messageKey)
  if (targetReversal !== null || move === undefined) return targetForwarded
  return { ...targetForwarded, state: move.state, decideBy: move.decideBy ?? targetForwarded.decideBy }
}

/** `entry`: the entry of the reversal. Annul sends the reversal to the acquirer after this answer. */
export function reversalBody(entry: JournalEntry, loadedState: Reversing): ReversalBody {
  const { target, targetReversal } = loadedState
  const { effects, request, answer } = entry
  const isReversed = targetReversal !== null || effects.reversals?.some(({ kind }) => kind === 'reversed')
  const forwarded = target !== null && isReversed ? forwardedAfter(entry, loadedState) : null
  const state = forwarded?.state ?? 'reversed'
  const stands = state === 'approved' ? 'stands' : VOID_STATE[state]
  const sale = target?.effects.sale ?? target?.effects.claimedSale
  return {
    // `tombstoned`: the target was never seen, and is refused if it still arrives.
    state: target === null ? 'tombstoned' : isReversed ? stands : 'nothing_to_undo',
    saleId: request.saleId ?? sale?.id ?? null,
    voidId: target?.effects.voidRecord?.id ?? null,
    amount: Number(request.amount),
    rrn: answer?.rrn ?? null,
    receivedAt: iso(entry.at),
    ...certaintyOf({ of: 'message', state, forwarded, doNext: 'nothing' }),
  }
}

/** A terminal, without its keys. */
export function terminalBody(terminal: Terminal): TerminalBody {
  const { terminalId, merchantId, status: state, macProfile, textEncoding, settlementMac, batch } = terminal
  const { texts, padding, entryMode, cardCheck, headerLength, headerTlv, voidForms } = terminal
  const { batchNumber } = batch
  return {
    merchantId,
    terminalId,
    state,
    macProfile,
    textEncoding,
    settlementMac,
    texts,
    padding,
    entryMode,
    cardCheck,
    headerLength,
    headerTlv,
    voidForms,
    batchNumber,
    ...FINAL,
  }
}

export function merchantBody({ status: state, currencyCode: currency, ...settings }: Merchant): MerchantBody {
  const { merchantId, name, timeZone, cutOff, window } = settings
  return {
    ...{ merchantId, name, state, timeZone, cutOff, currency, window },
    ...rulesOf(settings),
    ...FINAL,
  }
}
