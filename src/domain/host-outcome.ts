/** @module What follows a claim: the entries behind it, and what an approval or a refusal does to sales, voids and totals. */

import { answerOf, type Decision, type Situation, type Supplies } from './decision.ts'
import type { DeclineReason } from './decline-reason.ts'
import type { HostMove } from './host-move.ts'
import type { HostState } from './host-state.ts'
import { addCredit, addDebit } from './money.ts'
import type { Answer, DraftEntry, Effects, HostMessage, JournalEntry } from './types.ts'

/** A forwarded message as its next entry is decided on. */
export interface Known {
  readonly situation: Situation
  readonly supplies: Supplies
  readonly claim: JournalEntry
  readonly message: HostMessage
}

export function knownOf(situation: Situation, supplies: Supplies): Known {
  const { claim, forwarded: message } = situation
  if (claim === null || message === null) throw new Error('what follows a claim has one')
  return { situation, supplies, claim, message }
}

/** Too late, or said twice: what stands is told, but of a message that was reversed nothing, nor what its claim said. */
export function asItStands({ situation: { earlier, reversal }, claim, message }: Known): Decision {
  return reversal === null && earlier?.answer != null && earlier.effects.claim === undefined
    ? { kind: 'replay', entry: earlier, answer: earlier.answer }
    : { kind: 'pending', forwarded: message, claim }
}

type Following = Pick<DraftEntry, 'kind' | 'messageKey' | 'answer' | 'effects'> & Partial<DraftEntry>

/** An entry after a claim: of its door and content, so that a copy of the claimed message finds its answer there. */
export function entryAfter({ claim, supplies }: Known, following: Following): Decision {
  const { terminalId, merchantId, contentFingerprint, door, request } = claim
  const draft = { terminalId, merchantId, contentFingerprint, door, request, at: supplies.now, ...following }
  return { kind: 'commit', draft }
}

export const moveOf = (
  { message, supplies }: Known,
  state: HostState,
  more: Partial<Omit<HostMove, 'messageKey' | 'state' | 'at'>> = {},
): HostMove => ({ messageKey: message.messageKey, state, at: supplies.now, nextAt: null, ...more })

/** A reversal's time is that of our reversal, not of the host's word: it is left as it is. */
export function voidMoved({ claim }: Known, state: HostState): Effects {
  const { voidRecord } = claim.effects
  return voidRecord === undefined ? {} : { voidMoved: { id: voidRecord.id, state, reversedAt: null } }
}

/** Whether its batch still counts what comes to it. */
export const isBatchOpen = ({ message, situation }: Known): boolean =>
  situation.terminal.batch.batchNumber === message.batchNumber

export interface Settled {
  readonly answer: Answer
  readonly effects: Effects
}

/** The totals of a batch that was closed meanwhile stay as they were settled. */
export function approval(known: Known, authorizationCode: string | null, how: Partial<HostMove>): Settled {
  const { claim, message, situation, supplies } = known
  const { voidRecord } = claim.effects
  const claimedSale = claim.effects.claimedSale ?? claim.effects.sale
  const { batch } = situation.terminal
  const answer = answerOf(situation, supplies, null, { authorizationCode, rrn: message.rrn })
  const hostMoves = [moveOf(known, 'approved', how)]
  const isOpen = isBatchOpen(known)
  if (voidRecord !== undefined)
    return {
      answer,
      effects: {
        voidRecord: { ...voidRecord, authorizationCode, state: 'approved' },
        ...(isOpen ? { batch: addCredit(batch, message.amount, 1) } : {}),
        hostMoves,
      },
    }
  if (claimedSale === undefined) throw new Error('a claim is of a sale or of a void')
  return {
    answer,
    effects: {
      sale: { ...claimedSale, authorizationCode },
      ...(isOpen ? { batch: addDebit(batch, message.amount, 1) } : {}),
      hostMoves,
    },
  }
}

export function refusal(known: Known, reason: DeclineReason, how: Partial<HostMove> = {}): Settled {
  const { claim, message, situation, supplies } = known
  const { voidRecord, claimedSale } = claim.effects
  return {
    answer: answerOf(situation, supplies, reason, { rrn: message.rrn }),
    effects: {
      ...(voidRecord === undefined ? {} : { voidRecord: { ...voidRecord, state: 'declined' } }),
      ...(claimedSale === undefined ? {} : { sale: { ...claimedSale, status: 'declined' } }),
      hostMoves: [moveOf(known, 'declined', how)],
    },
  }
}
