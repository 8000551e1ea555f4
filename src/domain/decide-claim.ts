/** @module The claim: with an acquirer behind us, an approval of ours is first written as pending, then asked for, then settled. */

import { type AcquirerState, DECIDE_MS } from './acquirer-state.ts'
import { commitOf, type Decision, type Generated, type LoadedState } from './decision.ts'
import { tombstonedKey } from './message-key.ts'
import type { CapturedSaleRequest } from './requests.ts'
import type { AcquirerMessage, DraftEntry, Effects, Sale, VoidRecord } from './types.ts'

type Commit = Extract<Decision, { kind: 'commit' }>

/** Turns our own approval of a sale or void into its claim; everything else stays as it was decided. */
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

/** A sale that was fed, as the acquirer knows it: by the trace number that it has there. `rrn`: ours, by which its case is known. */
function capturedSaleMessage(
  sale: Omit<Sale | CapturedSaleRequest, 'rrn'>,
  { now, rrn }: Pick<Generated, 'now' | 'rrn'>,
  state: AcquirerState,
  acquirerRrn: string | null,
): AcquirerMessage {
  const known = identity({ ...sale, rrn }, { now, acquirerStan: sale.stan })
  return { ...known, kind: 'sale', original: null, state, acquirerRrn }
}

/** What we hold of a fed sale that is no message at the acquirer yet. */
export const ourRecordOfCapturedSale = (sale: Sale, isReversed: boolean): AcquirerMessage =>
  capturedSaleMessage(sale, { now: sale.soldAt, rrn: sale.rrn }, isReversed ? 'reversed' : sale.status, null)

/** Where a fed sale is reversed here, the acquirer is owed that reversal. */
export function queueReversal(decision: Decision, loadedState: LoadedState, generated: Generated): Decision {
  const { target, targetForwarded } = loadedState
  const sale = target?.effects.sale
  if (decision.kind !== 'commit' || target === null || sale === undefined || targetForwarded !== null)
    return decision
  const { draft } = decision
  const isReversed = draft.effects.reversals?.some(({ targetKey }) => targetKey === sale.messageKey)
  if (!isReversed) return decision
  const claim = capturedSaleMessage(sale, generated, 'reversing', target.request.rrn ?? null)
  return { kind: 'commit', draft: { ...draft, effects: { ...draft.effects, claim } } }
}

/** And so it is where the feed tells of the sale after its reversal, which is what keeps its own key from being used. */
export function queueLateReversal(
  decision: Decision,
  request: CapturedSaleRequest,
  loadedState: LoadedState,
  generated: Generated,
): Decision {
  const isTombstoned = loadedState.reversal?.kind === 'tombstone' && loadedState.target === null
  const isSale = request.status === 'approved' && request.currencyCode === loadedState.merchant.currencyCode
  if (decision.kind !== 'answer' || !isTombstoned || !isSale) return decision
  const messageKey = tombstonedKey(request.messageKey)
  const claim = { ...capturedSaleMessage(request, generated, 'reversing', request.rrn), messageKey }
  return commitOf({ ...request, messageKey }, 'sale', loadedState, decision.answer, { claim })
}

function claimOf({ draft }: Commit, kind: DraftEntry['kind'], effects: Effects): Commit {
  return { kind: 'commit', draft: { ...draft, kind, answer: null, effects } }
}

function identity(
  record: Omit<Sale | VoidRecord | CapturedSaleRequest, 'rrn'> & { readonly rrn: string },
  { acquirerStan, now }: Pick<Generated, 'acquirerStan' | 'now'>,
) {
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

/** A sale that the feed told of is named as the acquirer knows it: by its own trace number and RRN. */
function claimOfVoid(record: VoidRecord, { original }: LoadedState, generated: Generated): AcquirerMessage {
  if (original === null) throw new Error('a void that is approved has its sale')
  const { sale, forwarded } = original
  return {
    ...identity(record, generated),
    kind: 'void',
    original: {
      batchNumber: sale.batchNumber,
      stan: forwarded?.acquirerStan ?? sale.stan,
      rrn: forwarded?.acquirerRrn ?? sale.rrn,
      authorizationCode: sale.authorizationCode,
    },
  }
}
