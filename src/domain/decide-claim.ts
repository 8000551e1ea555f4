/** @module The claim: with a host behind us, an approval of ours is first written as pending, then asked for, then settled. */

import { commitOf, type Decision, type Situation, type Supplies } from './decision.ts'
import { DECIDE_MS, type HostState } from './host-state.ts'
import { buriedKey } from './message-key.ts'
import type { CaptureRequest } from './requests.ts'
import type { DraftEntry, Effects, HostMessage, Sale, VoidRecord } from './types.ts'

type Commit = Extract<Decision, { kind: 'commit' }>

/** Turns our own approval of a sale or void into its claim; everything else stays as it was decided. */
export function claimed(decision: Decision, situation: Situation, supplies: Supplies): Decision {
  if (decision.kind !== 'commit' || decision.draft.answer?.reason !== null) return decision
  const { voidRecord, sale } = decision.draft.effects
  if (voidRecord !== undefined) {
    const record: VoidRecord = { ...voidRecord, state: 'pending', authorizationCode: null }
    const effects = { claim: claimOfVoid(record, situation, supplies), voidRecord: record }
    return claimOf(decision, 'void_claim', effects)
  }
  if (sale === undefined) return decision
  const claim = { ...identity(sale, supplies), kind: 'sale', ...NO_ORIGINAL } as const
  return claimOf(decision, 'sale_claim', { claim, claimedSale: { ...sale, authorizationCode: null } })
}

/** A sale that was fed, as the host knows it: by the trace number that it has there. `rrn`: ours, by which its case is known. */
function fedMessage(
  sale: Omit<Sale | CaptureRequest, 'rrn'>,
  { now, rrn }: Pick<Supplies, 'now' | 'rrn'>,
  state: HostState,
  hostRrn: string | null,
): HostMessage {
  const known = identity({ ...sale, rrn }, { now, hostStan: sale.stan })
  return { ...known, kind: 'sale', ...NO_ORIGINAL, state, hostRrn }
}

/** What we hold of a fed sale that is no message at the host yet. */
export const heldOfFed = (sale: Sale, isReversed: boolean): HostMessage =>
  fedMessage(sale, { now: sale.soldAt, rrn: sale.rrn }, isReversed ? 'reversed' : sale.status, null)

/** Where a fed sale is reversed here, the host is owed that reversal. */
export function owedToo(decision: Decision, situation: Situation, supplies: Supplies): Decision {
  const { target, targetForwarded } = situation
  const sale = target?.effects.sale
  if (decision.kind !== 'commit' || target === null || sale === undefined || targetForwarded !== null)
    return decision
  const { draft } = decision
  const isReversed = draft.effects.reversals?.some(({ targetKey }) => targetKey === sale.messageKey)
  if (!isReversed) return decision
  const claim = fedMessage(sale, supplies, 'reversing', target.request.rrn ?? null)
  return { kind: 'commit', draft: { ...draft, effects: { ...draft.effects, claim } } }
}

/** And so it is where the feed tells of the sale after its reversal, which is what keeps its own key from being used. */
export function owedLate(
  decision: Decision,
  request: CaptureRequest,
  situation: Situation,
  supplies: Supplies,
): Decision {
  const isBuried = situation.reversal?.kind === 'tombstone' && situation.target === null
  const isSale = request.status === 'approved' && request.currencyCode === situation.merchant.currencyCode
  if (decision.kind !== 'answer' || !isBuried || !isSale) return decision
  const messageKey = buriedKey(request.messageKey)
  const claim = { ...fedMessage(request, supplies, 'reversing', request.rrn), messageKey }
  return commitOf({ ...request, messageKey }, 'sale', situation, decision.answer, { claim })
}

function claimOf({ draft }: Commit, kind: DraftEntry['kind'], effects: Effects): Commit {
  return { kind: 'commit', draft: { ...draft, kind, answer: null, effects } }
}

const NO_ORIGINAL = {
  originalBatchNumber: null,
  originalStan: null,
  originalRrn: null,
  originalAuthorizationCode: null,
} as const

function identity(
  record: Omit<Sale | VoidRecord | CaptureRequest, 'rrn'> & { readonly rrn: string },
  { hostStan, now }: Pick<Supplies, 'hostStan' | 'now'>,
) {
  const { messageKey, merchantId, terminalId, batchNumber, amount, currencyCode, rrn } = record
  return {
    messageKey,
    merchantId,
    terminalId,
    batchNumber,
    hostStan,
    amount,
    currencyCode,
    rrn,
    hostRrn: null,
    state: 'pending',
    claimedAt: now,
    movedAt: now,
    decideBy: now + DECIDE_MS,
    caseReason: null,
    caseOpenedAt: null,
    caseClosedAt: null,
    hostSaid: null,
    hostAmount: null,
  } as const
}

/** A sale that the feed told of is named as the acquirer knows it: by its own trace number and RRN. */
function claimOfVoid(record: VoidRecord, { original }: Situation, supplies: Supplies): HostMessage {
  if (original === null) throw new Error('a void that is approved has its sale')
  const { sale, forwarded } = original
  return {
    ...identity(record, supplies),
    kind: 'void',
    originalBatchNumber: sale.batchNumber,
    originalStan: forwarded?.hostStan ?? sale.stan,
    originalRrn: forwarded?.hostRrn ?? sale.rrn,
    originalAuthorizationCode: sale.authorizationCode,
  }
}
