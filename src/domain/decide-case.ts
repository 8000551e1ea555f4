/**
 * @module What a person decides of a case: whether the message stands at the host or is undone there. The state moves as the
 * table says; where it has no move the decision is written down and no more. What a terminal was told is not told otherwise.
 */

import { undo } from './decide-reversal.ts'
import type { Decision, Situation, Supplies } from './decision.ts'
import {
  approval,
  asItStands,
  entryAfter,
  isBatchOpen,
  type Known,
  knownOf,
  moveOf,
  refusal,
  voidMoved,
} from './host-outcome.ts'
import { type HostState, isCaseOpen, isUndecided, nextHostState } from './host-state.ts'
import { laterKey, outcomeKey } from './message-key.ts'
import { addCredit } from './money.ts'
import type { CaseRequest } from './requests.ts'
import type { Effects } from './types.ts'

export function decideCase(request: CaseRequest, situation: Situation, supplies: Supplies): Decision {
  const known = knownOf(situation, supplies)
  const { message, claim } = known
  if (!isCaseOpen(message)) return asItStands(known)
  const closing = { kind: 'case_closed', request: { ...claim.request, ...request.request } } as const
  const { messageKey, state } = message
  const stands = request.resolution === 'stands'
  if (isUndecided(state)) {
    // Copies of the message hear this from now on.
    const settled = stands ? approval(known, null, {}) : refusal(known, 'acquirer_silent')
    return entryAfter(known, { ...closing, messageKey: outcomeKey(messageKey), ...settled })
  }
  const next = nextHostState(state, stands ? 'case_stands' : 'case_undone') ?? state
  const { hostMoves = [], ...effects } = effectsOf(known, next)
  return entryAfter(known, {
    ...closing,
    messageKey: laterKey(messageKey, 'case_closed', situation.terminal.head.seq + 1),
    answer: null,
    effects: { ...effects, hostMoves: [moveOf(known, next), ...hostMoves] },
  })
}

function effectsOf(known: Known, next: HostState): Effects {
  const { message, situation } = known
  switch (`${message.state} ${next}`) {
    case 'approved reversed':
      return undone(known)
    case 'reversing reversed':
      return voidMoved(known, 'reversed')
    case 'reversing approved': {
      const moved = voidMoved(known, 'approved')
      if (moved.voidMoved === undefined || !isCounted(known)) return moved
      return { ...moved, batch: addCredit(situation.terminal.batch, message.amount, 1) }
    }
    default:
      return {}
  }
}

/**
 * Whether the totals of its batch hold it while it stands. A sale that its terminal was told is reversed is in none, though it
 * stands at the host, and neither is a void of it.
 */
const isCounted = (known: Known): boolean =>
  isBatchOpen(known) && known.situation.original?.reversed === false

/** As a reversal undoes it, but that the host is owed nothing for the message itself. */
function undone(known: Known): Effects {
  const { message, situation, supplies } = known
  const { earlier } = situation
  if (earlier === null) return {}
  return undo(
    message.messageKey,
    earlier,
    { ...situation, targetForwarded: null },
    { at: supplies.now, isCounted: isCounted(known) },
  )
}
