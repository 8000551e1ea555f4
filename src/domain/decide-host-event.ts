/**
 * @module What a host's answer, or the want of one, makes of a forwarded message. The first that is written counts: what the
 * state machine does not take any more has no effect.
 */

import type { Decision, Situation, Supplies } from './decision.ts'
import type { CaseReason, HostMove } from './host-move.ts'
import {
  approval,
  asItStands,
  entryAfter,
  isBatchOpen,
  type Known,
  knownOf,
  moveOf,
  refusal,
  type Settled,
  voidMoved,
} from './host-outcome.ts'
import { CASE_WAIT_MS, GIVE_UP_MS, isOwed, nextHostState, TRY_MS } from './host-state.ts'
import { followUpKey, laterKey, outcomeKey } from './message-key.ts'
import type { HostEventRequest } from './requests.ts'
import type { Effects } from './types.ts'

export function decideHostEvent(
  request: HostEventRequest,
  situation: Situation,
  supplies: Supplies,
): Decision {
  const known = knownOf(situation, supplies)
  return decide(known, request) ?? asItStands(known)
}

function decide(known: Known, request: HostEventRequest): Decision | null {
  const { message, supplies } = known
  const { state, messageKey } = message
  const takes = (event: 'host_approved' | 'host_declined' | 'give_up') =>
    nextHostState(state, event) !== undefined
  const isBeingUndone = state === 'undoing' || state === 'reversing'
  switch (request.event) {
    case 'host_approved':
      if (!takes('host_approved')) return null
      // A batch that was closed meanwhile, over an open case, takes no void up any more.
      return isBatchOpen(known) ? approve(known, request) : openCase(known, 'host_keeps', SAYS_APPROVED)
    case 'host_declined':
      return takes('host_declined')
        ? outcome(known, refusal(known, request.reason ?? 'issuer_declined', { hostSaid: 'declined' }))
        : null
    case 'give_up':
      if (!takes('give_up') || supplies.now < message.claimedAt + GIVE_UP_MS) return null
      return followUp(known, 'give_up', {
        ...voidMoved(known, 'undoing'),
        // Whoever gives it up goes on to undo it.
        hostMoves: [moveOf(known, 'undoing', { nextAt: supplies.now + TRY_MS })],
      })
    case 'host_undone':
      if (state === 'undoing') return outcome(known, refusal(known, 'acquirer_silent', UNDONE))
      if (state !== 'reversing') return null
      return followUp(known, 'host_undone', {
        ...voidMoved(known, 'reversed'),
        hostMoves: [moveOf(known, 'reversed', UNDONE)],
      })
    case 'host_keeps':
      if (state === 'undoing' && isBatchOpen(known)) return approve(known, request)
      return isBeingUndone ? openCase(known, 'host_keeps', SAYS_APPROVED) : null
    case 'host_refuses':
      return isBeingUndone ? openCase(known, 'host_keeps') : null
    case 'overdue':
      if (!isOwed(state) || supplies.now < message.decideBy) return null
      if (message.caseReason !== null) return null
      // It is tried once more at once: perhaps no one had come to it. A sale goes after its void.
      return openCase(known, 'host_silent', {
        nextAt: message.kind === 'sale' ? supplies.now + TRY_MS : supplies.now,
      })
  }
  throw new Error(`${messageKey}: no such event`)
}

const UNDONE = { hostSaid: 'reversed' } as const
const SAYS_APPROVED = { hostSaid: 'approved' } as const

function approve(known: Known, { authorizationCode, hostRrn }: HostEventRequest): Decision {
  const how = { hostSaid: 'approved', ...(hostRrn === null ? {} : { hostRrn }) } as const
  return outcome(known, approval(known, authorizationCode, how))
}

const outcome = (known: Known, settled: Settled): Decision =>
  entryAfter(known, {
    kind: known.claim.kind === 'void_claim' ? 'void' : 'sale',
    messageKey: outcomeKey(known.message.messageKey),
    ...settled,
  })

const followUp = (known: Known, kind: 'give_up' | 'host_undone', effects: Effects): Decision =>
  entryAfter(known, { kind, messageKey: followUpKey(known.message.messageKey, kind), answer: null, effects })

/** Opens a case, or writes into an open one what the host has said since; what the case says already is not written again. */
function openCase(known: Known, caseReason: CaseReason, how: Partial<HostMove> = {}): Decision | null {
  const { message, supplies, situation } = known
  const { hostSaid = message.hostSaid } = how
  if (message.caseReason === caseReason && message.hostSaid === hostSaid) return null
  const nextAt = supplies.now + CASE_WAIT_MS
  return entryAfter(known, {
    kind: 'case',
    messageKey: laterKey(message.messageKey, 'case', situation.terminal.head.seq + 1),
    answer: null,
    effects: { hostMoves: [moveOf(known, message.state, { nextAt, caseReason, ...how })] },
  })
}
