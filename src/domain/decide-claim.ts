/**
 * @module The claim: a forwarded approval is committed as pending before Annul asks the acquirer (semantics.md, The
 * claim).
 */

import { type AcquirerState, DECIDE_MS } from './acquirer-state.ts'
import { decideByOf } from './decide-by.ts'
import { commitOf, type Decision, type Generated, type LoadedState } from './decision.ts'
import { tombstonedKey } from './message-key.ts'
import type { CapturedSaleRequest } from './requests.ts'
import type { AcquirerMessage, DraftEntry, Effects, Sale, VoidRecord } from './types.ts'

type Commit = Extract<Decision, { kind: 'commit' }>

/** The trace number of a message that the acquirer does not have, or has under no number of its own. */
export const NO_STAN = '000000'

/** Turns our own approval of a sale or void into its claim. All other decisions stay as they are. */
export function asPending(decision: Decision, loadedState: LoadedState, generated: Generated): Decision {
  if (decision.kind !== 'commit' || decision.draft.answer?.reason !== null) return decision
  const { voidRecord, sale } = decision.draft.effects
  if (voidRecord !== undefined) {
    const record: VoidRecord = { ...voidRecord, state: 'pending', authorizationCode: null }
    const effects = { claim: claimOfVoid(record, loadedState, generated), voidRecord: record }
    return claimOf(decision, 'void_claim', effects)
  }
  if (sale === undefined) return decision
  const claim = { ...identity(sale, generated), kind: 'sale', original: null } as const
  return claimOf(decision, 'sale_claim', { claim, claimedSale: { ...sale, authorizationCode: null } })
}

/**
 * A captured sale as a message at the acquirer, under the STAN that it has there. `rrn` is ours, 12 digits: it names
 * the case.
 */
function capturedSaleMessage(
  sale: Omit<Sale | CapturedSaleRequest, 'rrn'>,
  { now, rrn }: Pick<Generated, 'now' | 'rrn'>,
  state: AcquirerState,
  acquirerRrn: string | null,
): AcquirerMessage {
  const known = identity({ ...sale, rrn }, { now, acquirerStan: sale.stan })
  return { ...known, kind: 'sale', original: null, state, acquirerRrn }
}

/** Our record of a captured sale that is not a forwarded message yet. */
export const ourRecordOfCapturedSale = (sale: Sale, isReversed: boolean): AcquirerMessage =>
  capturedSaleMessage(sale, { now: sale.soldAt, rrn: sale.rrn }, isReversed ? 'reversed' : sale.status, null)

/**
 * When a captured sale is reversed here, its reversal at the acquirer is due too: the decision gets a claim in state
 * `reversing`.
 */
export function queueReversal(decision: Decision, loadedState: LoadedState, generated: Generated): Decision {
  const { target, targetForwarded } = loadedState
  const sale = target?.effects.sale
  if (decision.kind !== 'commit' || target === null || sale === undefined || targetForwarded !== null)
    return decision
  // It was reversed before. The terminal's reversal only takes it out of the terminal's own totals.
  if (loadedState.targetReversal !== null) return decision
  const { draft } = decision
  const isReversed = draft.effects.reversals?.some(({ targetKey }) => targetKey === sale.messageKey)
  if (!isReversed) return decision
  const claim = capturedSaleMessage(sale, generated, 'reversing', target.request.rrn ?? null)
  return { kind: 'commit', draft: { ...draft, effects: { ...draft.effects, claim } } }
}

/** Whether an approved captured sale arrives after its own reversal, and the journal does not have it yet. */
export function isLateCapturedSale(
  { status, currencyCode }: CapturedSaleRequest,
  { reversal, target, merchant }: LoadedState,
): boolean {
  const isTombstoned = reversal?.kind === 'tombstone' && target === null
  return isTombstoned && status === 'approved' && currencyCode === merchant.currencyCode
}

/**
 * A captured sale that arrives after its own reversal: its reversal at the acquirer is due. The tombstone keeps the
 * sale's key from use, so the entry has another key. If a forwarded sale has the trace number, Annul cannot reverse the
 * captured sale there, and a case opens.
 */
export function queueLateReversal(
  decision: Decision,
  request: CapturedSaleRequest,
  loadedState: LoadedState,
  generated: Generated,
): Decision {
  if (decision.kind !== 'answer' || !isLateCapturedSale(request, loadedState)) return decision
  const messageKey = tombstonedKey(request.messageKey)
  const due = capturedSaleMessage(request, generated, 'reversing', request.rrn)
  const caseIs = { caseReason: 'reversal_refused', caseOpenedAt: generated.now } as const
  const claim: AcquirerMessage =
    loadedState.takenBy === null
      ? { ...due, messageKey }
      : { ...due, messageKey, acquirerStan: NO_STAN, state: 'reversed', ...caseIs }
  return commitOf({ ...request, messageKey }, 'sale', loadedState, decision.answer, { claim })
}

function claimOf({ draft }: Commit, kind: DraftEntry['kind'], effects: Effects): Commit {
  return { kind: 'commit', draft: { ...draft, kind, answer: null, effects } }
}

type Identity = Pick<
  AcquirerMessage,
  'messageKey' | 'merchantId' | 'terminalId' | 'batchNumber' | 'amount' | 'currencyCode' | 'rrn'
>

/** A new message without an answer of the acquirer and without a case. */
export function identity(record: Identity, { acquirerStan, now }: Pick<Generated, 'acquirerStan' | 'now'>) {
  const { messageKey, merchantId, terminalId, batchNumber, amount, currencyCode, rrn } = record
  return {
    messageKey,
    merchantId,
    terminalId,
    batchNumber,
    acquirerStan,
    amount,
    currencyCode,
    rrn,
    acquirerRrn: null,
    state: 'pending',
    claimedAt: now,
    movedAt: now,
    decideBy: now + DECIDE_MS,
    caseReason: null,
    caseOpenedAt: null,
    caseClosedAt: null,
    acquirerStatus: null,
    acquirerAmount: null,
  } as const
}

/**
 * The claim names the sale by the acquirer's STAN and RRN. A captured sale has them as its own. The acquirer does not know an
 * RRN that Annul made, so such a claim has none.
 */
function claimOfVoid(
  record: VoidRecord,
  { original, merchant }: LoadedState,
  generated: Generated,
): AcquirerMessage {
  if (original === null) throw new Error('an approved void has its sale')
  const { sale, forwarded, isRrnOurs } = original
  return {
    ...identity(record, generated),
    kind: 'void',
    decideBy: decideByOf(sale, merchant, generated.now),
    original: {
      batchNumber: sale.batchNumber,
      stan: forwarded?.acquirerStan ?? sale.stan,
      rrn: forwarded?.acquirerRrn ?? (isRrnOurs ? null : sale.rrn),
      authorizationCode: sale.authorizationCode,
    },
  }
}
