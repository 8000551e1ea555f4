/** @module What follows a claim: the entries behind it, and what an approval or a refusal does to sales, voids and totals. */

import type { AcquirerMove } from './acquirer-move.ts'
import type { AcquirerState } from './acquirer-state.ts'
import { answerOf, type Decision, type Generated, type LoadedState } from './decision.ts'
import type { DeclineReason } from './decline-reason.ts'
import { addCredit, addDebit } from './money.ts'
import type { AcquirerMessage, Answer, DraftEntry, Effects, JournalEntry } from './types.ts'

/** A forwarded message as its next entry is decided on. */
export interface ClaimContext {
  readonly loadedState: LoadedState
  readonly generated: Generated
  readonly claim: JournalEntry
  readonly message: AcquirerMessage
}

export function claimContextOf(loadedState: LoadedState, generated: Generated): ClaimContext {
  const { claim, forwarded: message } = loadedState
  if (claim === null || message === null) throw new Error('what follows a claim has one')
  return { loadedState, generated, claim, message }
}

/** Too late, or said twice: what stands is told, but of a message that was reversed nothing, nor what its claim said. */
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

/** An entry after a claim: of its door and content, so that a copy of the claimed message finds its answer there. */
export function entryAfter({ claim, generated }: ClaimContext, following: Following): Decision {
  const { terminalId, merchantId, contentFingerprint, door, request } = claim
  const draft = { terminalId, merchantId, contentFingerprint, door, request, at: generated.now, ...following }
  return { kind: 'commit', draft }
}

export const moveOf = (
  { message, generated }: ClaimContext,
  state: AcquirerState,
  more: Partial<Omit<AcquirerMove, 'messageKey' | 'state' | 'at'>> = {},
): AcquirerMove => ({ messageKey: message.messageKey, state, at: generated.now, nextAt: null, ...more })

/** A reversal's time is that of our reversal, not of the acquirer's word: it is left as it is. */
export function voidMoved({ claim }: ClaimContext, state: AcquirerState): Effects {
  const { voidRecord } = claim.effects
  return voidRecord === undefined ? {} : { voidMoved: { id: voidRecord.id, state, reversedAt: null } }
}

/** Whether its batch still counts what comes to it. */
export const isBatchOpen = ({ message, loadedState }: ClaimContext): boolean =>
  loadedState.terminal.batch.batchNumber === message.batchNumber

export interface FinalDecision {
  readonly answer: Answer
  readonly effects: Effects
}

/** The totals of a batch that was closed meanwhile stay as they were settled. */
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
  if (voidRecord !== undefined)
    return {
      answer,
      effects: {
        voidRecord: { ...voidRecord, authorizationCode, state: 'approved' },
        ...(isOpen ? { batch: addCredit(batch, message.amount, 1) } : {}),
        acquirerMoves,
      },
    }
  if (claimedSale === undefined) throw new Error('a claim is of a sale or of a void')
  return {
    answer,
    effects: {
      sale: { ...claimedSale, authorizationCode },
      ...(isOpen ? { batch: addDebit(batch, message.amount, 1) } : {}),
      acquirerMoves,
    },
  }
}

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
