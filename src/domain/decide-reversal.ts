/**
 * @module The reversal (冲正): undo a message whose outcome the terminal does not know (semantics.md, Reversals).
 *
 * It names its target by message key, never by field 61. What it names can have no effect afterwards, whether it was
 * seen before or arrives later: in every order the final effect is the same. What was forwarded to the host is undone here
 * at once and owed to the host, whatever it may still answer to the message itself.
 */

import { answerOf, commitOf, type Decision, knownMessage, type Situation, type Supplies } from './decision.ts'
import type { DeclineReason } from './decline-reason.ts'
import type { HostMove } from './host-move.ts'
import { DECIDE_MS } from './host-state.ts'
import { addCredit, addDebit } from './money.ts'
import type { ReversalRequest } from './requests.ts'
import type { Effects, JournalEntry, Reversal, Sale, SaleState } from './types.ts'

/**
 * Whether the named message has an effect that stands, or may have one at the host. The feed's word of a declined sale is
 * heard, and has none.
 */
function stands(situation: Situation, { answer, effects }: JournalEntry): boolean {
  const isRefused = answer !== null && answer.reason !== null
  return !isRefused && effects.sale?.status !== 'declined' && situation.targetReversal === null
}

const saleOf = ({ effects }: JournalEntry): Sale | undefined => effects.sale ?? effects.claimedSale

/** Whether the batch of what is named takes no reversal any more. */
function isTooLate({ original, targetForwarded, terminal }: Situation): boolean {
  if (original !== null) return original.batchState !== 'open'
  return targetForwarded !== null && targetForwarded.batchNumber !== terminal.batch.batchNumber
}

function refuse(request: ReversalRequest, situation: Situation): DeclineReason | null {
  const { target, original } = situation
  if (target !== null && request.saleId !== null && target.request.saleId !== request.saleId)
    return 'reference_differs'
  if (target === null || !stands(situation, target)) return null
  const card = (original?.sale ?? saleOf(target))?.card ?? null
  if (request.cardFingerprint !== null && card !== null && request.cardFingerprint !== card.fingerprint)
    return 'card_differs'
  if ((target.effects.voidRecord ?? saleOf(target))?.amount !== request.amount) return 'amount_differs'
  return isTooLate(situation) ? 'reversal_too_late' : null
}

/** Whoever names another card, amount or sale does not use the key of the reversal that names the right ones. */
const DIFFERS: readonly DeclineReason[] = ['card_differs', 'amount_differs', 'reference_differs']

const reversed = (targetKey: string): Reversal => ({ targetKey, kind: 'reversed' })

const owed = (messageKey: string, at: number): HostMove => ({
  messageKey,
  state: 'reversing',
  at,
  nextAt: at,
  decideBy: at + DECIDE_MS,
})

/**
 * Undo a void: the sale stands again. Undo a sale: a void of it goes with it, since both never happened. `isCounted`: whether
 * the batch's totals hold the target.
 */
export function undo(
  targetKey: string,
  target: JournalEntry,
  situation: Situation,
  { at, isCounted }: { readonly at: number; readonly isCounted: boolean },
): Effects {
  const { batch } = situation.terminal
  const isForwarded = situation.targetForwarded !== null
  const hostMoves = isForwarded ? [owed(targetKey, at)] : []
  const { voidRecord } = target.effects
  if (voidRecord !== undefined)
    return {
      voidMoved: { id: voidRecord.id, state: isForwarded ? 'reversing' : 'reversed', reversedAt: at },
      reversals: [reversed(targetKey)],
      ...(isCounted ? { batch: addCredit(batch, voidRecord.amount, -1) } : {}),
      ...(isForwarded ? { hostMoves } : {}),
    }
  const sale = saleOf(target)
  if (sale === undefined) return { reversals: [reversed(targetKey)] }
  const withoutSale = isCounted ? addDebit(batch, sale.amount, -1) : batch
  const ofVoid = undoVoid(situation.original?.liveVoid ?? null, at)
  const moves = [...hostMoves, ...(ofVoid.hostMoves ?? [])]
  return {
    ...(ofVoid.voidMoved === undefined ? {} : { voidMoved: ofVoid.voidMoved }),
    reversals: [reversed(targetKey), ...(ofVoid.reversals ?? [])],
    ...(isCounted ? { batch: ofVoid.isCounted ? addCredit(withoutSale, sale.amount, -1) : withoutSale } : {}),
    ...(moves.length === 0 ? {} : { hostMoves: moves }),
  }
}

/** Of one that is being reversed already the host is told once more, since the sale waits for it; its time stays as it was. */
function undoVoid(liveVoid: SaleState['liveVoid'], at: number): Effects & { readonly isCounted: boolean } {
  if (liveVoid === null) return { isCounted: false }
  const { id, messageKey, state, forwarded } = liveVoid
  if (state === 'reversing')
    return { isCounted: false, ...(forwarded ? { hostMoves: [{ messageKey, state, at, nextAt: at }] } : {}) }
  return {
    isCounted: state === 'approved',
    voidMoved: { id, state: forwarded ? 'reversing' : 'reversed', reversedAt: at },
    reversals: [reversed(messageKey)],
    ...(forwarded ? { hostMoves: [owed(messageKey, at)] } : {}),
  }
}

function effectsOf(request: ReversalRequest, situation: Situation, now: number): Effects {
  const { target, targetReversal } = situation
  if (targetReversal !== null) return {}
  if (target === null) return { reversals: [{ targetKey: request.targetKey, kind: 'tombstone' }] }
  if (!stands(situation, target)) return {}
  // What the host has not answered yet is in no total.
  return undo(request.targetKey, target, situation, { at: now, isCounted: target.answer !== null })
}

export function decideReversal(request: ReversalRequest, situation: Situation, supplies: Supplies): Decision {
  const known = knownMessage(request, situation, supplies)
  if (known !== null) return known
  const reason = refuse(request, situation)
  if (reason !== null && DIFFERS.includes(reason))
    return { kind: 'answer', answer: answerOf(situation, supplies, reason) }
  const effects = reason === null ? effectsOf(request, situation, supplies.now) : {}
  return commitOf(request, request.kind, situation, answerOf(situation, supplies, reason), effects)
}
