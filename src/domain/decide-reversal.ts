/**
 * @module The reversal (冲正): cancels a message whose outcome the terminal does not know (semantics.md, Reversals).
 *
 * A reversal names its target by message key, never by field 61. The target has no effect afterwards, even when it
 * arrives later. So the final effect is the same in every order. A forwarded target is reversed here at once, and later
 * at the acquirer, whatever the acquirer still answers.
 */

import type { AcquirerMove } from './acquirer-move.ts'
import { DECIDE_MS } from './acquirer-state.ts'
import {
  answerOf,
  commitOf,
  type Decision,
  type Generated,
  type LoadedState,
  repeatedMessage,
} from './decision.ts'
import type { DeclineReason } from './decline-reason.ts'
import { isLateReversal, refuseLateReversal } from './late-reversal.ts'
import { addCredit, addDebit } from './money.ts'
import { addOffice, isOwnVoid } from './office-totals.ts'
import type { ReversalRequest } from './requests.ts'
import type { Reversal } from './reversal.ts'
import { isDifferent } from './sale-known.ts'
import type { Effects, JournalEntry, Sale, SaleState } from './types.ts'

/**
 * Whether the target has an effect, or may have one at the acquirer. A captured sale that was declined elsewhere has
 * none.
 */
function isEffective(loadedState: LoadedState, { answer, effects }: JournalEntry): boolean {
  const isRefused = answer !== null && answer.reason !== null
  return !isRefused && effects.sale?.status !== 'declined' && loadedState.targetReversal === null
}

const saleOf = ({ effects }: JournalEntry): Sale | undefined => effects.sale ?? effects.claimedSale

/** The amount of a sale or void, in minor units. */
export const amountOfTarget = (target: JournalEntry): number | undefined =>
  (target.effects.voidRecord ?? saleOf(target))?.amount

/** A row that the entries say must be there is not there. Nothing is decided until `annul journal rebuild` writes it anew. */
export class RowLost extends Error {}

/**
 * Throws RowLost when a row of an effective target is lost. Without the row nothing would be reversed at the acquirer, or the totals
 * would be wrong.
 */
function checkRows({ effects: { sale, voidRecord } }: JournalEntry, loadedState: LoadedState): void {
  const { original, targetForwarded, isTargetClaimed } = loadedState
  const isLost =
    (isTargetClaimed && targetForwarded === null) ||
    ((sale !== undefined || voidRecord !== undefined) && original === null) ||
    original?.isVoidRowLost === true
  if (isLost) throw new RowLost('a row of the message to reverse is lost')
}

/** Whether the batch of the target is closed, so that nothing in it can be reversed. */
function isTooLate({ original, targetForwarded, terminal }: LoadedState): boolean {
  if (original !== null) return original.batchState !== 'open'
  return targetForwarded !== null && targetForwarded.batchNumber !== terminal.batch.batchNumber
}

function refuse(request: ReversalRequest, loadedState: LoadedState, now: number): DeclineReason | null {
  const { target, original, targetReversal } = loadedState
  if (targetReversal?.kind === 'archived') return 'message_archived'
  // A JSON void always has its sale. A target without one is no void.
  if (target !== null && request.saleId !== null && target.request.saleId !== request.saleId)
    return 'reference_differs'
  if (target === null || !isEffective(loadedState, target)) return null
  checkRows(target, loadedState)
  const card = (original?.sale ?? saleOf(target))?.card ?? null
  if (isDifferent(request.cardFingerprint, card?.fingerprint)) return 'card_differs'
  if (isDifferent(request.amount, amountOfTarget(target))) return 'amount_differs'
  if (isTooLate(loadedState)) return 'reversal_too_late'
  return refuseLateReversal(request, loadedState, now)
}

/**
 * A reversal with a wrong card, amount or sale does not use up the key of the right reversal. The archive has the outcome of a
 * target in it. An administrator can still do what needs an approval or a reason.
 */
const WITHOUT_ENTRY: readonly DeclineReason[] = [
  'card_differs',
  'amount_differs',
  'reference_differs',
  'message_archived',
  'approval_required',
  'reason_required',
]

/** `stillCounted`: the terminal's own totals still have the target. */
const reversed = (targetKey: string, stillCounted = false): Reversal => ({
  targetKey,
  kind: 'reversed',
  ...(stillCounted ? { stillCounted } : {}),
})

const toReverse = (messageKey: string, at: number): AcquirerMove => ({
  messageKey,
  state: 'reversing',
  at,
  nextAt: at,
  decideBy: at + DECIDE_MS,
})

interface Undoing {
  readonly at: number
  readonly isCounted: boolean
  readonly isOwn: boolean
}

/**
 * The effects of undoing a target. Without a void its sale is valid again. Without a sale its void is undone too.
 * `isCounted`: whether the totals of the batch count the target. `isOwn`: whether the terminal itself reverses it. Otherwise its own
 * totals keep what they have, until it reverses the target too.
 */
export function undo(
  targetKey: string,
  target: JournalEntry,
  loadedState: LoadedState,
  { at, isCounted, isOwn }: Undoing,
): Effects {
  const { original, terminal } = loadedState
  const { batch } = terminal
  const isForwarded = loadedState.targetForwarded !== null
  const acquirerMoves = isForwarded ? [toReverse(targetKey, at)] : []
  const { voidRecord } = target.effects
  if (voidRecord !== undefined) {
    const { amount } = voidRecord
    const without = addCredit(batch, amount, -1)
    return {
      voidMoved: { id: voidRecord.id, state: isForwarded ? 'reversing' : 'reversed', reversedAt: at },
      reversals: [reversed(targetKey, !isOwn && isCounted && isOwnVoid(original, targetKey))],
      ...(isCounted ? { batch: isOwn ? without : addOffice(without, amount, { voids: -1 }) } : {}),
      ...(isForwarded ? { acquirerMoves } : {}),
    }
  }
  const sale = saleOf(target)
  if (sale === undefined) return { reversals: [reversed(targetKey)] }
  const { amount } = sale
  const ofVoid = undoVoid(original?.liveVoid ?? null, at)
  const voids = Number(ofVoid.isCounted)
  const withoutSale = addDebit(batch, amount, -1)
  const without = ofVoid.isCounted ? addCredit(withoutSale, amount, -1) : withoutSale
  const office = isOwn ? { voids: (original?.ownVoids.length ?? 0) - voids } : { sales: -1, voids: -voids }
  const moves = [...acquirerMoves, ...(ofVoid.acquirerMoves ?? [])]
  return {
    ...(ofVoid.voidMoved === undefined ? {} : { voidMoved: ofVoid.voidMoved }),
    reversals: reversalsWithVoids(targetKey, original, ofVoid.reversals ?? [], !isOwn && isCounted),
    ...(isCounted ? { batch: addOffice(without, amount, office) } : {}),
    ...(moves.length === 0 ? {} : { acquirerMoves: moves }),
  }
}

/** The reversals of a sale and of its voids. The terminal's own reversal also takes out the voids that someone else reversed before. */
function reversalsWithVoids(
  saleKey: string,
  original: SaleState | null,
  ofLiveVoid: readonly Reversal[],
  stillCounted: boolean,
): Reversal[] {
  const { ownVoids = [] } = original ?? {}
  const live = ofLiveVoid.map(({ targetKey }) =>
    reversed(targetKey, stillCounted && ownVoids.includes(targetKey)),
  )
  const others = stillCounted
    ? []
    : ownVoids.filter((key) => !live.some(({ targetKey }) => targetKey === key))
  return [reversed(saleKey, stillCounted), ...live, ...others.map((key) => reversed(key))]
}

/**
 * The terminal's reversal of a message that someone else reversed before. Nothing else is undone: the message only leaves the
 * terminal's own totals, and a sale with its voids.
 */
function takeOut(targetKey: string, target: JournalEntry, { original, terminal }: LoadedState): Effects {
  const { batch } = terminal
  const { voidRecord } = target.effects
  if (original === null) throw new RowLost('the sale of a message that the totals still count is lost')
  if (original.batchState !== 'open') return {}
  if (voidRecord !== undefined)
    return {
      reversals: [reversed(targetKey)],
      batch: addOffice(batch, voidRecord.amount, { voids: 1 }),
    }
  const { sale, ownVoids } = original
  return {
    reversals: [reversed(targetKey), ...ownVoids.map((key) => reversed(key))],
    batch: addOffice(batch, sale.amount, { sales: 1, voids: ownVoids.length }),
  }
}

/** A void that is already `reversing` gets another try at once, because the sale waits for it. Its deadline stays. */
function undoVoid(liveVoid: SaleState['liveVoid'], at: number): Effects & { readonly isCounted: boolean } {
  if (liveVoid === null) return { isCounted: false }
  const { id, messageKey, state, forwarded } = liveVoid
  if (state === 'reversing')
    return {
      isCounted: false,
      ...(forwarded ? { acquirerMoves: [{ messageKey, state, at, nextAt: at }] } : {}),
    }
  return {
    isCounted: state === 'approved',
    voidMoved: { id, state: forwarded ? 'reversing' : 'reversed', reversedAt: at },
    reversals: [reversed(messageKey)],
    ...(forwarded ? { acquirerMoves: [toReverse(messageKey, at)] } : {}),
  }
}

function effectsOf(request: ReversalRequest, loadedState: LoadedState, now: number): Effects {
  const { target, targetReversal } = loadedState
  if (targetReversal !== null) {
    const isStillCounted = targetReversal.kind === 'reversed' && targetReversal.stillCounted === true
    const isOwn = request.door === 'terminal' && isStillCounted
    return isOwn && target !== null ? takeOut(request.targetKey, target, loadedState) : {}
  }
  if (target === null) return { reversals: [{ targetKey: request.targetKey, kind: 'tombstone' }] }
  if (!isEffective(loadedState, target)) return {}
  // A claim without an answer is in no totals.
  const isOwn = request.door === 'terminal'
  const isCounted = target.answer !== null
  const effects = undo(request.targetKey, target, loadedState, { at: now, isCounted, isOwn })
  const { voidMoved } = effects
  const isLate = request.door === 'terminal' && isLateReversal(request, loadedState, now)
  return isLate && voidMoved !== undefined
    ? { ...effects, voidMoved: { ...voidMoved, reversedLate: true } }
    : effects
}

/** A reversal without an amount is the same as the earlier one with its key, whatever amount that names. */
function likeEarlier(request: ReversalRequest, { earlier }: LoadedState): ReversalRequest {
  if (earlier === null || request.amount !== null) return request
  return { ...request, contentFingerprint: earlier.contentFingerprint }
}

/**
 * Decides on a reversal. A wrong card, amount or sale is refused without an entry. An unknown target leaves a
 * tombstone.
 */
export function decideReversal(
  request: ReversalRequest,
  loadedState: LoadedState,
  generated: Generated,
): Decision {
  const repeated = repeatedMessage(likeEarlier(request, loadedState), loadedState, generated)
  if (repeated !== null) return repeated
  const { now } = generated
  const reason = refuse(request, loadedState, now)
  if (reason !== null && WITHOUT_ENTRY.includes(reason))
    return { kind: 'answer', answer: answerOf(loadedState, generated, reason) }
  const effects = reason === null ? effectsOf(request, loadedState, now) : {}
  return commitOf(request, request.kind, loadedState, answerOf(loadedState, generated, reason), effects)
}
