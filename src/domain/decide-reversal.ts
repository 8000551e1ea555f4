/**
 * @module The reversal (冲正): undo a message whose outcome the terminal does not know (semantics.md, Reversals).
 *
 * It names its target by message key, never by field 61. What it names can have no effect afterwards, whether it was
 * seen before or arrives later: in every order the final effect is the same.
 */

import { answerOf, commitOf, type Decision, knownMessage, type Situation, type Supplies } from './decision.ts'
import type { DeclineReason } from './decline-reason.ts'
import { addCredit, addDebit } from './money.ts'
import type { ReversalRequest } from './requests.ts'
import type { Effects, JournalEntry, Reversal } from './types.ts'

/** Whether the named message had an effect that stands. The feed's word of a declined sale is heard, and has none. */
function stands(situation: Situation, target: JournalEntry): boolean {
  const approved = target.answer.reason === null && target.effects.sale?.status !== 'declined'
  return approved && situation.targetReversal === null
}

const targetAmount = (target: JournalEntry): number | undefined =>
  (target.effects.voidRecord ?? target.effects.sale)?.amount

function refuse(request: ReversalRequest, situation: Situation): DeclineReason | null {
  const { target, original } = situation
  if (target === null || !stands(situation, target)) return null
  const card = (original?.sale ?? target.effects.sale)?.card ?? null
  if (request.cardFingerprint !== null && card !== null && request.cardFingerprint !== card.fingerprint)
    return 'card_differs'
  if (targetAmount(target) !== request.amount) return 'amount_differs'
  if (original !== null && original.batchState !== 'open') return 'reversal_too_late'
  return null
}

/** Undo a void: the sale stands again. Undo a sale: a void of it goes with it, since both never happened. */
function undo(target: JournalEntry, situation: Situation, reversedAt: number): Effects {
  const targetKey = target.messageKey
  const { batch } = situation.terminal
  const { voidRecord, sale } = target.effects
  if (voidRecord !== undefined)
    return {
      voidReversed: { id: voidRecord.id, reversedAt },
      reversals: [{ targetKey, kind: 'reversed' }],
      batch: addCredit(batch, voidRecord.amount, -1),
    }
  if (sale === undefined) return { reversals: [{ targetKey, kind: 'reversed' }] }
  const liveVoid = situation.original?.liveVoid ?? null
  const withoutSale = addDebit(batch, sale.amount, -1)
  const reversals: Reversal[] = [{ targetKey, kind: 'reversed' }]
  if (liveVoid === null) return { reversals, batch: withoutSale }
  reversals.push({ targetKey: liveVoid.messageKey, kind: 'reversed' })
  return {
    voidReversed: { id: liveVoid.id, reversedAt },
    reversals,
    batch: addCredit(withoutSale, sale.amount, -1),
  }
}

function effectsOf(request: ReversalRequest, situation: Situation, now: number): Effects {
  const { target, targetReversal } = situation
  if (targetReversal !== null) return {}
  if (target === null) return { reversals: [{ targetKey: request.targetKey, kind: 'tombstone' }] }
  return stands(situation, target) ? undo(target, situation, now) : {}
}

export function decideReversal(request: ReversalRequest, situation: Situation, supplies: Supplies): Decision {
  const known = knownMessage(request, situation, supplies)
  if (known !== null) return known
  const reason = refuse(request, situation)
  // Whoever names another card or amount does not use the key of the reversal that names the right ones.
  if (reason === 'card_differs' || reason === 'amount_differs')
    return { kind: 'answer', answer: answerOf(situation, supplies, reason) }
  const effects = reason === null ? effectsOf(request, situation, supplies.now) : {}
  return commitOf(request, request.kind, situation, answerOf(situation, supplies, reason), effects)
}
