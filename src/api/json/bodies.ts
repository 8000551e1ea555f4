/** @module The answers of the JSON API: sales, voids, reversals, terminals and merchants. Times are ISO 8601 in UTC. */

import { type AcquirerState, isCaseOpen, isUndecided, isUnsettled } from '../../domain/acquirer-state.ts'
import type { LoadedState } from '../../domain/decision.ts'
import { rulesOf } from '../../domain/merchant-rules.ts'
import type {
  AcquirerMessage,
  JournalEntry,
  Merchant,
  SaleState,
  Terminal,
  VoidRecord,
} from '../../domain/types.ts'
import type {
  Certain,
  MerchantBody,
  ReversalBody,
  SaleBody,
  TerminalBody,
  VoidBody,
} from './answer-schemas.ts'
import { VOID_REASONS } from './schemas.ts'

export const iso = (ms: number): string => new Date(ms).toISOString()

export const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms))

export function stateOf({ sale, liveVoid, reversed, batchState, forwarded }: SaleState): SaleBody['state'] {
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

/** The seconds before the next query. */
const QUERY_AGAIN_AFTER = 2

/** The certainty of a void and the next step of its caller: query again while the acquirer decides, call it for a case. */
export function certaintyOf(state: AcquirerState, forwarded: AcquirerMessage | null): Certain {
  // A void without an answer is kept, and Annul goes on asking. Nothing of it is decided.
  const isKept = state === 'pending' && forwarded?.kind === 'void'
  const certainty = isUndecided(state) && !isKept ? 'UNKNOWN' : isUnsettled(state) ? 'PENDING' : 'FINAL'
  if (forwarded !== null && isCaseOpen(forwarded))
    return { certainty, doNext: 'contact_acquirer', case: caseOf(forwarded) }
  if (forwarded === null || !isUnsettled(state))
    return { certainty: 'FINAL', doNext: state === 'approved' ? 'print_receipt' : 'nothing' }
  return { certainty, doNext: 'query', retryAfter: QUERY_AGAIN_AFTER, decideBy: iso(forwarded.decideBy) }
}

/** A case that is open, by the RRN of its message. */
const caseOf = ({ rrn, caseReason, caseOpenedAt }: AcquirerMessage): NonNullable<Certain['case']> => ({
  rrn,
  reason: caseReason ?? 'no_answer',
  openedAt: caseOpenedAt === null ? null : iso(caseOpenedAt),
})

/** `forwarded`: the message to the acquirer, if there is one. */
export function voidBodyOf(
  record: VoidRecord,
  reversedAt: number | null,
  forwarded: AcquirerMessage | null,
  reversedLate = false,
): VoidBody {
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
    reversedLate,
    ...certaintyOf(record.state, forwarded),
  }
}

const voidReasonOf = ({ reason }: VoidRecord): VoidBody['reason'] =>
  VOID_REASONS.find((known) => known === reason) ?? null

/** The result of a reversal. `tombstoned`: the void was never seen, and is refused if it still arrives. */
function reversalState(
  { effects }: JournalEntry,
  { target, targetReversal }: Reversing,
  forwarded: AcquirerMessage | null,
): ReversalBody['state'] {
  if (target === null) return 'tombstoned'
  if (forwarded !== null && (effects.voidMoved ?? targetReversal) != null)
    return forwarded.state === 'approved' ? 'stands' : VOID_STATE[forwarded.state]
  return effects.voidMoved !== undefined || targetReversal !== null ? 'reversed' : 'nothing_to_undo'
}

type Reversing = Pick<LoadedState, 'target' | 'targetForwarded' | 'targetReversal'>

/** `entry`: the entry of the reversal. Annul sends the reversal to the acquirer after this answer. */
export function reversalBody(entry: JournalEntry, loadedState: Reversing): ReversalBody {
  const { target, targetForwarded } = loadedState
  const move = entry.effects.acquirerMoves?.find(
    ({ messageKey }) => messageKey === targetForwarded?.messageKey,
  )
  const isLater = loadedState.targetReversal !== null
  const forwarded =
    targetForwarded === null || isLater || move === undefined
      ? targetForwarded
      : { ...targetForwarded, state: move.state, decideBy: move.decideBy ?? targetForwarded.decideBy }
  const state = reversalState(entry, loadedState, forwarded)
  const isOwing = state === 'reversing' && forwarded !== null
  return {
    state,
    saleId: entry.request.saleId ?? '',
    voidId: target?.effects.voidRecord?.id ?? null,
    amount: Number(entry.request.amount),
    rrn: entry.answer?.rrn ?? null,
    receivedAt: iso(entry.at),
    ...(isOwing ? certaintyOf('reversing', forwarded) : FINAL),
  }
}

const FINAL = { certainty: 'FINAL', doNext: 'nothing' } as const

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
