/**
 * @module The outcome of a claim: the entries after it, and the changes that an approval or a refusal makes to sales,
 * voids and totals.
 */

import type { AcquirerMove } from './acquirer-move.ts'
import { type AcquirerState, DECIDE_MS, isUndecided, isUnsettled } from './acquirer-state.ts'
import { answerOf, type Decision, type Generated, type LoadedState } from './decision.ts'
import type { DeclineReason } from './decline-reason.ts'
import { addCredit, addDebit } from './money.ts'
import { addOffice } from './office-totals.ts'
import type { AcquirerMessage, Answer, DraftEntry, Effects, JournalEntry } from './types.ts'

/** A forwarded message and the state that a decision on it needs. */
export interface ClaimContext {
  readonly loadedState: LoadedState
  readonly generated: Generated
  readonly claim: JournalEntry
  readonly message: AcquirerMessage
}

/** Builds the context. Throws Error when the loaded state has no claim or no forwarded message. */
export function claimContextOf(loadedState: LoadedState, generated: Generated): ClaimContext {
  const { claim, forwarded: message } = loadedState
  if (claim === null || message === null) throw new Error('an entry after a claim needs the claim')
  return { loadedState, generated, claim, message }
}

/**
 * The answer when an event changes nothing, because it is late or a copy. Returns the stored answer. Returns `pending`
 * when the message is reversed, or when the answer belongs to a claim.
 */
export function currentAnswer({
  loadedState: { earlier, reversal },
  claim,
  message,
}: ClaimContext): Decision {
  return reversal === null && earlier?.answer != null && earlier.effects.claim === undefined
    ? { kind: 'replay', entry: earlier, answer: earlier.answer }
    : { kind: 'pending', forwarded: message, claim }
}

type Following = Pick<DraftEntry, 'kind' | 'messageKey' | 'answer' | 'effects'> & Partial<DraftEntry>

/**
 * An entry after a claim. It has the door and the content of the claim, so that a copy of the declared message finds
 * this answer.
 */
export function entryAfter({ claim, generated }: ClaimContext, following: Following): Decision {
  const { terminalId, merchantId, contentFingerprint, door, request } = claim
  const draft = { terminalId, merchantId, contentFingerprint, door, request, at: generated.now, ...following }
  return { kind: 'commit', draft }
}

/**
 * A message with an outcome has the usual deadline, also when it was kept longer. So its row can go, because each of its columns
 * follows from the sale or void.
 */
function usualDeadline(before: AcquirerMessage, state: AcquirerState): Partial<AcquirerMove> {
  const usual = before.claimedAt + DECIDE_MS
  const wasKept = isUndecided(before.state) && before.decideBy > usual
  return wasKept && !isUnsettled(state) ? { decideBy: usual } : {}
}

/** The move of the message to `state` now, without a next try. `more` adds members or replaces them. */
export const moveOf = (
  { message, generated }: ClaimContext,
  state: AcquirerState,
  more: Partial<Omit<AcquirerMove, 'messageKey' | 'state' | 'at'>> = {},
): AcquirerMove => ({
  messageKey: message.messageKey,
  state,
  at: generated.now,
  nextAt: null,
  ...usualDeadline(message, state),
  ...more,
})

/**
 * The effect on the declared void, if there is one. `reversedAt` stays as it is: it is the time of our reversal, not of
 * the acquirer's answer.
 */
export function voidMoved({ claim }: ClaimContext, state: AcquirerState): Effects {
  const { voidRecord } = claim.effects
  return voidRecord === undefined ? {} : { voidMoved: { id: voidRecord.id, state, reversedAt: null } }
}

/** Whether the batch of the message is the open one, so that its totals can still change. */
export const isBatchOpen = ({ message, loadedState }: ClaimContext): boolean =>
  loadedState.terminal.batch.batchNumber === message.batchNumber

export interface FinalDecision {
  readonly answer: Answer
  readonly effects: Effects
}

/**
 * The acquirer approved: books the sale or void. Totals change only in an open batch; a closed batch keeps its settled
 * totals. `authorizationCode` is six characters, null where the acquirer gives none.
 */
export function approval(
  context: ClaimContext,
  authorizationCode: string | null,
  how: Partial<AcquirerMove>,
): FinalDecision {
  const { claim, message, loadedState, generated } = context
  const { voidRecord } = claim.effects
  const claimedSale = claim.effects.claimedSale ?? claim.effects.sale
  const { batch } = loadedState.terminal
  const answer = answerOf(loadedState, generated, null, { authorizationCode, rrn: message.rrn })
  const acquirerMoves = [moveOf(context, 'approved', how)]
  const isOpen = isBatchOpen(context)
  if (voidRecord !== undefined) {
    const counted = addCredit(batch, message.amount, 1)
    const isOffice = claim.door === 'json'
    return {
      answer,
      effects: {
        voidRecord: { ...voidRecord, authorizationCode, state: 'approved' },
        ...(isOpen ? { batch: isOffice ? addOffice(counted, message.amount, { voids: 1 }) : counted } : {}),
        acquirerMoves,
      },
    }
  }
  if (claimedSale === undefined) throw new Error('a claim has a sale or a void')
  return {
    answer,
    effects: {
      sale: { ...claimedSale, authorizationCode },
      ...(isOpen ? { batch: addDebit(batch, message.amount, 1) } : {}),
      acquirerMoves,
    },
  }
}

/** The message is declined for `reason`. Totals never counted it, so they stay as they are. */
export function refusal(
  context: ClaimContext,
  reason: DeclineReason,
  how: Partial<AcquirerMove> = {},
): FinalDecision {
  const { claim, message, loadedState, generated } = context
  const { voidRecord, claimedSale } = claim.effects
  return {
    answer: answerOf(loadedState, generated, reason, { rrn: message.rrn }),
    effects: {
      ...(voidRecord === undefined ? {} : { voidRecord: { ...voidRecord, state: 'declined' } }),
      ...(claimedSale === undefined ? {} : { sale: { ...claimedSale, status: 'declined' } }),
      acquirerMoves: [moveOf(context, 'declined', how)],
    },
  }
}
