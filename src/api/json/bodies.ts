/** @module What the JSON door answers: sales and voids as their callers see them. Times are ISO 8601 in UTC. */

import { type AcquirerState, isCaseOpen, isUndecided, isUnsettled } from '../../domain/acquirer-state.ts'
import type { LoadedState } from '../../domain/decision.ts'
import type { DoNext } from '../../domain/decline-reason.ts'
import type {
  AcquirerMessage,
  JournalEntry,
  Merchant,
  SaleState,
  Terminal,
  VoidRecord,
} from '../../domain/types.ts'

export const iso = (ms: number): string => new Date(ms).toISOString()

type SaleStateName = 'approved' | 'declined' | 'void_pending' | 'voided' | 'reversed' | 'settled'

export function stateOf({ sale, liveVoid, reversed, batchState, forwarded }: SaleState): SaleStateName {
  if (sale.status === 'declined') return 'declined'
  // The acquirer kept it, and a person left it at that.
  if (reversed) return forwarded?.state === 'approved' ? 'approved' : 'reversed'
  // A void that is being reversed at the acquirer is undone already as far as the sale goes.
  if (liveVoid !== null && liveVoid.state !== 'reversing')
    return isUndecided(liveVoid.state) ? 'void_pending' : 'voided'
  return batchState === 'open' ? 'approved' : 'settled'
}

/** `until` is the first instant at which a void is refused; null where only the batch's close ends it. */
export function saleBody(state: SaleState, until: number | null, now: number): object {
  const { sale } = state
  const { liveVoid, reversed } = state
  const isInTime = until === null || now < until
  const voidable = stateOf(state) === 'approved' && !reversed && liveVoid === null && isInTime
  return {
    id: sale.id,
    merchantId: sale.merchantId,
    terminalId: sale.terminalId,
    batchNumber: sale.batchNumber,
    stan: sale.stan,
    amount: sale.amount,
    currency: sale.currencyCode,
    fee: sale.fee,
    card: sale.card === null ? null : { first6: sale.card.first6, last4: sale.card.last4 },
    rrn: sale.rrn,
    authorizationCode: sale.authorizationCode,
    soldAt: iso(sale.soldAt),
    state: stateOf(state),
    voidable,
    voidableUntil: until === null ? null : iso(until),
    voidId: state.liveVoid?.id ?? null,
    certainty: 'FINAL',
    doNext: 'nothing',
  }
}

/** A void that was being reversed stands again where the acquirer kept it and a person left it at that. */
const isReversed = (state: AcquirerState): boolean => state === 'reversing' || state === 'reversed'

export const STATUS = {
  pending: 'pending',
  undoing: 'pending',
  approved: 'approved',
  declined: 'declined',
  reversing: 'reversing',
  reversed: 'reversed',
} as const satisfies Record<AcquirerState, string>

/** Seconds until it is worth asking again. */
const ASK_AGAIN_AFTER = 2

export interface Certainty {
  readonly certainty: 'FINAL' | 'PENDING' | 'UNKNOWN'
  readonly doNext: DoNext
  readonly [more: string]: unknown
}

/** How certain the void is, and what its caller does next: while the acquirer is asked, look again; with a case, call. */
export function certaintyOf(state: AcquirerState, forwarded: AcquirerMessage | null): Certainty {
  const certainty = isUndecided(state) ? 'UNKNOWN' : isUnsettled(state) ? 'PENDING' : 'FINAL'
  if (forwarded !== null && isCaseOpen(forwarded))
    return { certainty, doNext: 'contact_acquirer', case: caseOf(forwarded) }
  if (forwarded === null || !isUnsettled(state))
    return { certainty: 'FINAL', doNext: state === 'approved' ? 'print_receipt' : 'nothing' }
  return { certainty, doNext: 'query', retryAfter: ASK_AGAIN_AFTER, decideBy: iso(forwarded.decideBy) }
}

/** A case that is open, by the RRN that it is known by. */
const caseOf = ({ rrn: id, caseReason: reason, caseOpenedAt }: AcquirerMessage): object => ({
  id,
  reason,
  openedAt: caseOpenedAt === null ? null : iso(caseOpenedAt),
})

/** `forwarded`: where it stands with the acquirer, if it was forwarded. */
export function voidBodyOf(
  record: VoidRecord,
  reversedAt: number | null,
  forwarded: AcquirerMessage | null,
): object {
  return {
    id: record.id,
    saleId: record.saleId,
    status: STATUS[record.state],
    merchantId: record.merchantId,
    terminalId: record.terminalId,
    batchNumber: record.batchNumber,
    stan: record.stan,
    amount: record.amount,
    currency: record.currencyCode,
    rrn: record.rrn,
    originalRrn: record.originalRrn,
    acquirerRrn: forwarded?.acquirerRrn ?? null,
    authorizationCode: record.authorizationCode,
    reason: record.reason,
    // A void costs nothing and gives the sale's fee back in full; null where the sale's fee was never told.
    fee: 0,
    feeReturned: record.feeReturned,
    destination: 'original_card',
    voidedAt: iso(record.voidedAt),
    reversedAt: reversedAt === null || !isReversed(record.state) ? null : iso(reversedAt),
    ...certaintyOf(record.state, forwarded),
  }
}

/** What a reversal came to: `barred` where the void was never seen, and is refused if it still comes. */
function reversalStatus(
  { effects }: JournalEntry,
  { target, targetReversal }: Reversing,
  forwarded: AcquirerMessage | null,
) {
  if (target === null) return 'barred'
  if (forwarded !== null && (effects.voidMoved ?? targetReversal) != null)
    return forwarded.state === 'approved' ? 'stands' : STATUS[forwarded.state]
  return effects.voidMoved !== undefined || targetReversal !== null ? 'reversed' : 'nothing_to_undo'
}

type Reversing = Pick<LoadedState, 'target' | 'targetForwarded' | 'targetReversal'>

/** `entry`: the reversal's. The void's acquirer is told of it behind the answer. */
export function reversalBody(entry: JournalEntry, loadedState: Reversing): object {
  const { target, targetForwarded } = loadedState
  const move = entry.effects.acquirerMoves?.find(
    ({ messageKey }) => messageKey === targetForwarded?.messageKey,
  )
  const isLater = loadedState.targetReversal !== null
  const forwarded =
    targetForwarded === null || isLater || move === undefined
      ? targetForwarded
      : { ...targetForwarded, state: move.state, decideBy: move.decideBy ?? targetForwarded.decideBy }
  const status = reversalStatus(entry, loadedState, forwarded)
  const isOwing = status === 'reversing' && forwarded !== null
  return {
    status,
    saleId: entry.request.saleId,
    voidId: target?.effects.voidRecord?.id ?? null,
    amount: Number(entry.request.amount),
    rrn: entry.answer?.rrn ?? null,
    receivedAt: iso(entry.at),
    ...(isOwing ? certaintyOf('reversing', forwarded) : { certainty: 'FINAL', doNext: 'nothing' }),
  }
}

/** A terminal without any of its keys. */
export function terminalBody(terminal: Terminal, merchant: Merchant): object {
  const { terminalId, merchantId, status, macProfile, textEncoding, settlementMac, batch } = terminal
  const { merchantId: _, currencyCode: currency, ...settings } = merchant
  return {
    merchantId,
    terminalId,
    status,
    macProfile,
    textEncoding,
    settlementMac,
    batchNumber: batch.batchNumber,
    merchant: { ...settings, currency },
    certainty: 'FINAL',
    doNext: 'nothing',
  }
}
