/**
 * @module Decides on an acquirer's answer, or on its absence (semantics.md, States). The first event that is committed
 * counts. An event without a transition has no effect.
 */

import type { AcquirerMove, CaseReason } from './acquirer-move.ts'
import {
  approval,
  type ClaimContext,
  claimContextOf,
  currentAnswer,
  entryAfter,
  type FinalDecision,
  isBatchOpen,
  moveOf,
  refusal,
  voidMoved,
} from './acquirer-outcome.ts'
import {
  type AcquirerStatus,
  CASE_WAIT_MS,
  giveUpAt,
  isUnsettled,
  nextAcquirerState,
  TRY_MS,
} from './acquirer-state.ts'
import type { Decision, Generated, LoadedState } from './decision.ts'
import { followUpKey, laterKey, outcomeKey } from './message-key.ts'
import type { AcquirerEventRequest } from './requests.ts'
import type { Effects } from './types.ts'

/** Decides on one event. Returns the current answer when the event has no effect. Throws Error on an unknown event. */
export function decideAcquirerEvent(
  request: AcquirerEventRequest,
  loadedState: LoadedState,
  generated: Generated,
): Decision {
  const context = claimContextOf(loadedState, generated)
  return decide(context, request) ?? currentAnswer(context)
}

function decide(context: ClaimContext, request: AcquirerEventRequest): Decision | null {
  const { message, generated } = context
  const { state, messageKey } = message
  const takes = (event: 'acquirer_approved' | 'acquirer_declined' | 'give_up') =>
    nextAcquirerState(state, event) !== undefined
  const isBeingUndone = state === 'undoing' || state === 'reversing'
  switch (request.event) {
    case 'acquirer_approved':
      if (!takes('acquirer_approved')) return null
      // A batch can close while a case is open. A closed batch takes no approval.
      return isBatchOpen(context)
        ? approve(context, request)
        : openCase(context, 'reversal_refused', statementOf(request))
    case 'acquirer_declined':
      return takes('acquirer_declined')
        ? outcome(
            context,
            refusal(context, request.reason ?? 'issuer_declined', { acquirerStatus: 'declined' }),
          )
        : null
    case 'give_up':
      if (!takes('give_up') || generated.now < giveUpAt(message)) return null
      return followUp(context, 'give_up', {
        ...voidMoved(context, 'undoing'),
        // The caller that gives up reverses the message next.
        acquirerMoves: [moveOf(context, 'undoing', { nextAt: generated.now + TRY_MS })],
      })
    case 'acquirer_undone':
      if (state === 'undoing') return outcome(context, refusal(context, 'acquirer_silent', UNDONE))
      if (state !== 'reversing') return null
      return followUp(context, 'acquirer_undone', {
        ...voidMoved(context, 'reversed'),
        acquirerMoves: [moveOf(context, 'reversed', UNDONE)],
      })
    case 'reversal_refused':
      if (state === 'undoing' && isBatchOpen(context)) return approve(context, request)
      return isBeingUndone ? openCase(context, 'reversal_refused', statementOf(request)) : null
    case 'reversal_declined':
      return isBeingUndone ? openCase(context, 'reversal_refused') : null
    case 'none':
      return null
    case 'overdue':
      if (!isUnsettled(state) || generated.now < message.decideBy) return null
      if (message.caseReason !== null) return null
      // Try at once: there may have been no try yet. A sale waits for its void.
      return openCase(context, 'no_answer', {
        nextAt: message.kind === 'sale' ? generated.now + TRY_MS : generated.now,
      })
  }
  throw new Error(`${messageKey}: unknown event`)
}

const UNDONE = { acquirerStatus: 'reversed' } as const

/** The acquirer's last statement, by the event that it made. Other events have none. */
const STATUS: Readonly<Partial<Record<AcquirerEventRequest['event'], AcquirerStatus>>> = {
  acquirer_approved: 'approved',
  reversal_refused: 'approved',
  acquirer_declined: 'declined',
  acquirer_undone: 'reversed',
}

/** The acquirer's statement in an event: its status, and its RRN and its day if it gives them. */
export function statementOf({
  event,
  acquirerRrn,
  settlementDate,
}: AcquirerEventRequest): Pick<AcquirerMove, 'acquirerStatus' | 'acquirerRrn' | 'settlementDate'> {
  const acquirerStatus = STATUS[event]
  if (acquirerStatus === undefined) return {}
  return {
    acquirerStatus,
    ...(acquirerRrn === null ? {} : { acquirerRrn }),
    ...(settlementDate === undefined ? {} : { settlementDate }),
  }
}

/**
 * The statement of an approval that counts now. Its day follows from its time, unless the acquirer says otherwise. The day of a message
 * with a case follows from its claim, so it keeps what the acquirer says.
 */
function approvalStatement({ message, generated }: ClaimContext, request: AcquirerEventRequest) {
  const { settlementDate, ...statement } = statementOf(request)
  const isUsual = settlementDate === generated.acquirerDate && message.caseOpenedAt === null
  return settlementDate === undefined || isUsual ? statement : { ...statement, settlementDate }
}

const approve = (context: ClaimContext, request: AcquirerEventRequest): Decision =>
  outcome(context, approval(context, request.authorizationCode, approvalStatement(context, request)))

const outcome = (context: ClaimContext, settled: FinalDecision): Decision =>
  entryAfter(context, {
    kind: context.claim.kind === 'void_claim' ? 'void' : 'sale',
    messageKey: outcomeKey(context.message.messageKey),
    ...settled,
  })

const followUp = (context: ClaimContext, kind: 'give_up' | 'acquirer_undone', effects: Effects): Decision =>
  entryAfter(context, {
    kind,
    messageKey: followUpKey(context.message.messageKey, kind),
    answer: null,
    effects,
  })

/** Opens a case, or adds the acquirer's new statement to an open one. Returns null when the case already has both. */
export function openCase(
  context: ClaimContext,
  caseReason: CaseReason,
  how: Partial<AcquirerMove> = {},
): Decision | null {
  const { message, generated, loadedState } = context
  const { acquirerStatus = message.acquirerStatus } = how
  if (message.caseReason === caseReason && message.acquirerStatus === acquirerStatus) return null
  const nextAt = generated.now + CASE_WAIT_MS
  return entryAfter(context, {
    kind: 'case',
    messageKey: laterKey(message.messageKey, 'case', loadedState.terminal.head.seq + 1),
    answer: null,
    effects: { acquirerMoves: [moveOf(context, message.state, { nextAt, caseReason, ...how })] },
  })
}
