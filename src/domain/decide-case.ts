/**
 * @module A person's decision on a case (semantics.md, Cases): the message stands at the acquirer, or it is undone
 * there. The state changes as the table allows. Without a transition only the decision is written. An answer that a
 * terminal received never changes.
 */

import {
  approval,
  type ClaimContext,
  claimContextOf,
  currentAnswer,
  entryAfter,
  isBatchOpen,
  moveOf,
  refusal,
  voidMoved,
} from './acquirer-outcome.ts'
import { type AcquirerState, isCaseOpen, isUndecided, nextAcquirerState } from './acquirer-state.ts'
import { RowLost, undo } from './decide-reversal.ts'
import type { Decision, Generated, LoadedState } from './decision.ts'
import { laterKey, outcomeKey } from './message-key.ts'
import { addCredit } from './money.ts'
import { addOffice } from './office-totals.ts'
import type { CaseRequest } from './requests.ts'
import type { Effects } from './types.ts'

/** Closes the case, or returns the current answer when no case is open. */
export function decideCase(request: CaseRequest, loadedState: LoadedState, generated: Generated): Decision {
  const context = claimContextOf(loadedState, generated)
  const { message, claim } = context
  if (!isCaseOpen(message)) return currentAnswer(context)
  const closing = { kind: 'case_closed', request: { ...claim.request, ...request.request } } as const
  const { messageKey, state } = message
  const stands = request.resolution === 'stands'
  if (isUndecided(state)) {
    // Later copies of the message get this answer.
    const settled = stands ? approval(context, null, {}) : refusal(context, 'acquirer_silent')
    return entryAfter(context, { ...closing, messageKey: outcomeKey(messageKey), ...settled })
  }
  const next = nextAcquirerState(state, stands ? 'case_stands' : 'case_undone') ?? state
  const { acquirerMoves = [], ...effects } = effectsOf(context, next)
  return entryAfter(context, {
    ...closing,
    messageKey: laterKey(messageKey, 'case_closed', loadedState.terminal.head.seq + 1),
    answer: null,
    effects: { ...effects, acquirerMoves: [moveOf(context, next), ...acquirerMoves] },
  })
}

function effectsOf(context: ClaimContext, next: AcquirerState): Effects {
  const { message, loadedState } = context
  switch (`${message.state} ${next}`) {
    case 'approved reversed':
      return effectsOfUndo(context)
    case 'reversing reversed':
      return voidMoved(context, 'reversed')
    case 'reversing approved': {
      const moved = voidMoved(context, 'approved')
      if (moved.voidMoved === undefined || !isCounted(context)) return moved
      // The terminal knows it as reversed, so it is the office's void now.
      const batch = addCredit(loadedState.terminal.batch, message.amount, 1)
      return { ...moved, batch: addOffice(batch, message.amount, { voids: 1 }) }
    }
    default:
      return {}
  }
}

/**
 * Whether the totals of the batch count the message while it stands. They do not count a sale that is reversed here,
 * nor a void of it, even when the acquirer still has it. Throws RowLost: without the rows the totals would be wrong.
 */
function isCounted(context: ClaimContext): boolean {
  const { original } = context.loadedState
  if (original === null || original.isVoidRowLost) throw new RowLost('a row of the message of a case is lost')
  return isBatchOpen(context) && !original.reversed
}

/** The effects of a reversal, without a reversal at the acquirer. */
function effectsOfUndo(context: ClaimContext): Effects {
  const { message, loadedState, generated } = context
  const { earlier } = loadedState
  if (earlier === null) return {}
  return undo(
    message.messageKey,
    earlier,
    { ...loadedState, targetForwarded: null },
    { at: generated.now, isCounted: isCounted(context), isOwn: false },
  )
}
