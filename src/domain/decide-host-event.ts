/**
 * @module What a host's answer, or the want of one, makes of a forwarded message. The first that is written counts: what the
 * state machine does not take any more has no effect.
 */

import { answerOf, type Decision, type Situation, type Supplies } from './decision.ts'
import type { DeclineReason } from './decline-reason.ts'
import { GIVE_UP_MS, isUndecided, nextHostState } from './host-state.ts'
import { caseKey, followUpKey, outcomeKey } from './message-key.ts'
import { addCredit, addDebit } from './money.ts'
import type { HostEventRequest } from './requests.ts'
import type { Answer, DraftEntry, Effects, HostMessage, HostMove, JournalEntry } from './types.ts'

/** How long a host that refuses is left alone before it is asked once more, in milliseconds. */
const REFUSED_WAIT_MS = 3_600_000

interface Known {
  readonly request: HostEventRequest
  readonly situation: Situation
  readonly supplies: Supplies
  readonly claim: JournalEntry
  readonly message: HostMessage
}

export function decideHostEvent(
  request: HostEventRequest,
  situation: Situation,
  supplies: Supplies,
): Decision {
  const { claim, forwarded: message, earlier } = situation
  if (claim === null || message === null) throw new Error('a host is asked about what was claimed')
  const known = { request, situation, supplies, claim, message }
  const decided = decide(known)
  if (decided !== null) return decided
  // Too late, or said twice: what stands is told.
  return earlier?.answer != null
    ? { kind: 'replay', entry: earlier, answer: earlier.answer }
    : { kind: 'pending', forwarded: message, claim }
}

function decide(known: Known): Decision | null {
  const { message, request, situation, supplies } = known
  const { state, messageKey } = message
  // A batch that was closed meanwhile, over an open case, takes no void up any more.
  const isClosed = situation.terminal.batch.batchNumber !== message.batchNumber
  switch (request.event) {
    case 'host_approved':
      return nextHostState(state, 'host_approved') === undefined || isClosed ? null : approve(known)
    case 'host_declined':
      return nextHostState(state, 'host_declined') === undefined
        ? null
        : decline(known, request.reason ?? 'issuer_declined')
    case 'give_up':
      if (nextHostState(state, 'give_up') === undefined) return null
      if (supplies.now < message.claimedAt + GIVE_UP_MS) return null
      return followUp(known, 'give_up', {
        ...voidMoved(known, 'undoing', null),
        hostMoves: [move(known, 'undoing', supplies.now)],
      })
    case 'host_undone':
      if (state === 'undoing') return decline(known, 'acquirer_silent')
      if (state !== 'reversing') return null
      return followUp(known, 'host_undone', {
        ...voidMoved(known, 'reversed', null),
        hostMoves: [move(known, 'reversed', null)],
      })
    case 'host_keeps':
      if (state === 'undoing' && !isClosed) return approve(known)
      return state === 'undoing' || state === 'reversing' ? openCase(known, 'host_keeps') : null
    case 'overdue':
      if (!isUndecided(state) && state !== 'reversing') return null
      return supplies.now < message.decideBy ? null : openCase(known, 'host_silent')
  }
  throw new Error(`${messageKey}: no such event`)
}

/** An entry after a claim; it answers no one unless `answer` is given. */
function entry(
  { claim, supplies }: Known,
  kind: DraftEntry['kind'],
  messageKey: string,
  answer: Answer | null,
  effects: Effects,
): Decision {
  const { terminalId, merchantId, contentFingerprint, door, request } = claim
  const draft: DraftEntry = {
    terminalId,
    merchantId,
    kind,
    messageKey,
    contentFingerprint,
    door,
    request,
    answer,
    effects,
    at: supplies.now,
  }
  return { kind: 'commit', draft }
}

const followUp = (known: Known, kind: 'give_up' | 'host_undone', effects: Effects): Decision =>
  entry(known, kind, followUpKey(known.message.messageKey, kind), null, effects)

function openCase(known: Known, caseReason: 'host_silent' | 'host_keeps'): Decision | null {
  const { message, supplies } = known
  if (message.caseReason !== null) return null
  const nextAt = supplies.now + REFUSED_WAIT_MS
  const effects = { hostMoves: [{ ...move(known, message.state, nextAt), caseReason }] }
  return entry(known, 'case', caseKey(message.messageKey, message.state), null, effects)
}

const move = (
  { message, supplies }: Known,
  state: HostMove['state'],
  nextAt: number | null,
  hostRrn: string | null = null,
): HostMove => ({
  messageKey: message.messageKey,
  state,
  at: supplies.now,
  nextAt,
  ...(hostRrn === null ? {} : { hostRrn }),
})

/** A reversal's time is that of our reversal, not of the host's word: null leaves it. */
function voidMoved({ claim }: Known, state: HostMove['state'], reversedAt: number | null): Effects {
  const { voidRecord } = claim.effects
  return voidRecord === undefined ? {} : { voidMoved: { id: voidRecord.id, state, reversedAt } }
}

function outcome(known: Known, answer: Answer, effects: Effects): Decision {
  const { claim, message } = known
  return entry(
    known,
    claim.kind === 'void_claim' ? 'void' : 'sale',
    outcomeKey(message.messageKey),
    answer,
    effects,
  )
}

function approve(known: Known): Decision {
  const { claim, message, request, situation, supplies } = known
  const { authorizationCode, hostRrn } = request
  const { voidRecord, claimedSale } = claim.effects
  const { batch } = situation.terminal
  const answer = answerOf(situation, supplies, null, { authorizationCode, rrn: message.rrn })
  const hostMoves = [move(known, 'approved', null, hostRrn)]
  if (voidRecord !== undefined)
    return outcome(known, answer, {
      voidRecord: { ...voidRecord, authorizationCode, state: 'approved' },
      batch: addCredit(batch, message.amount, 1),
      hostMoves,
    })
  if (claimedSale === undefined) throw new Error('a claim is of a sale or of a void')
  return outcome(known, answer, {
    sale: { ...claimedSale, authorizationCode },
    batch: addDebit(batch, message.amount, 1),
    hostMoves,
  })
}

function decline(known: Known, reason: DeclineReason): Decision {
  const { claim, message, situation, supplies } = known
  const { voidRecord, claimedSale } = claim.effects
  const answer = answerOf(situation, supplies, reason, { rrn: message.rrn })
  return outcome(known, answer, {
    ...(voidRecord === undefined ? {} : { voidRecord: { ...voidRecord, state: 'declined' } }),
    ...(claimedSale === undefined ? {} : { sale: { ...claimedSale, status: 'declined' } }),
    hostMoves: [move(known, 'declined', null)],
  })
}
