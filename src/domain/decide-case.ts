/**
 * @module What a person decides of a case: whether the message stands at the acquirer or is undone there. The state moves as the
 * table says; where it has no move the decision is written down and no more. What a terminal was told is not told otherwise.
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
import { undo } from './decide-reversal.ts'
import type { Decision, Generated, LoadedState } from './decision.ts'
import { laterKey, outcomeKey } from './message-key.ts'
import { addCredit } from './money.ts'
import type { CaseRequest } from './requests.ts'
import type { Effects } from './types.ts'

export function decideCase(request: CaseRequest, loadedState: LoadedState, generated: Generated): Decision {
  const context = claimContextOf(loadedState, generated)
  const { message, claim } = context
  if (!isCaseOpen(message)) return currentAnswer(context)
  const closing = { kind: 'case_closed', request: { ...claim.request, ...request.request } } as const
  const { messageKey, state } = message
  const stands = request.resolution === 'stands'
  if (isUndecided(state)) {
    // Copies of the message hear this from now on.
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
      return undone(context)
    case 'reversing reversed':
      return voidMoved(context, 'reversed')
    case 'reversing approved': {
      const moved = voidMoved(context, 'approved')
      if (moved.voidMoved === undefined || !isCounted(context)) return moved
      return { ...moved, batch: addCredit(loadedState.terminal.batch, message.amount, 1) }
    }
    default:
      return {}
  }
}

/**
 * Whether the totals of its batch hold it while it stands. A sale that its terminal was told is reversed is in none, though it
 * stands at the acquirer, and neither is a void of it.
 */
const isCounted = (context: ClaimContext): boolean =>
  isBatchOpen(context) && context.loadedState.original?.reversed === false

/** As a reversal undoes it, but that the acquirer is owed nothing for the message itself. */
function undone(context: ClaimContext): Effects {
  const { message, loadedState, generated } = context
  const { earlier } = loadedState
  if (earlier === null) return {}
  return undo(
    message.messageKey,
    earlier,
    { ...loadedState, targetForwarded: null },
    { at: generated.now, isCounted: isCounted(context) },
  )
}
