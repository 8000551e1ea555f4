/** @module Claims, and every event in every state of a message that was forwarded to a host. */

import { describe, expect, it } from 'vitest'
import { claimed, owedLate, owedToo } from '../../src/domain/decide-claim.ts'
import { decideHostEvent } from '../../src/domain/decide-host-event.ts'
import { decideReversal } from '../../src/domain/decide-reversal.ts'
import { decideCapture, decideSale } from '../../src/domain/decide-sale.ts'
import { decideSettlement } from '../../src/domain/decide-settlement.ts'
import { decideVoid } from '../../src/domain/decide-void.ts'
import type { Decision, Situation } from '../../src/domain/decision.ts'
import {
  CASE_WAIT_MS,
  DECIDE_MS,
  GIVE_UP_MS,
  HOST_STATES,
  type HostEvent,
  type HostState,
  nextHostState,
} from '../../src/domain/host-state.ts'
import type { HostEventRequest } from '../../src/domain/requests.ts'
import type { HostMessage, JournalEntry } from '../../src/domain/types.ts'
import * as f from './fixtures.ts'

const forVoid: Situation = { ...f.situation, original: f.original }

function draftOf(decision: Decision) {
  if (decision.kind !== 'commit') throw new Error(`expected a commit, not ${decision.kind}`)
  return decision.draft
}

const claimDraft = draftOf(claimed(decideVoid(f.voidRequest, forVoid, f.supplies), forVoid, f.supplies))
const claim: JournalEntry = { ...claimDraft, seq: 3, previousHash: 'a'.repeat(64), hash: 'b'.repeat(64) }
const message = claim.effects.claim as HostMessage

const saleDraft = draftOf(
  claimed(decideSale(f.saleRequest, f.situation, f.supplies, { kind: 'approved' }), f.situation, f.supplies),
)

describe('a claim', () => {
  it('of a void holds the sale, has no answer and is in no total', () => {
    expect(claimDraft).toMatchObject({
      kind: 'void_claim',
      messageKey: f.voidRequest.messageKey,
      answer: null,
      effects: {
        voidRecord: { state: 'pending', authorizationCode: null },
        claim: {
          kind: 'void',
          state: 'pending',
          hostStan: '000302',
          originalStan: '000001',
          originalRrn: f.sale.rrn,
          claimedAt: f.NOW,
          decideBy: f.NOW + DECIDE_MS,
        },
      },
    })
    expect(claimDraft.effects.batch).toBeUndefined()
  })

  it('names the sale as the host knows it', () => {
    const forwarded = { ...message, hostStan: '777777', hostRrn: 'HOST00000001' }
    const situation: Situation = { ...forVoid, original: { ...f.original, forwarded } }
    const draft = draftOf(claimed(decideVoid(f.voidRequest, situation, f.supplies), situation, f.supplies))
    expect(draft.effects.claim).toMatchObject({ originalStan: '777777', originalRrn: 'HOST00000001' })
  })

  it('of a sale keeps the sale that it will be, and makes none yet', () => {
    expect(saleDraft).toMatchObject({ kind: 'sale_claim', answer: null })
    expect(saleDraft.effects).toMatchObject({ claim: { kind: 'sale' }, claimedSale: { amount: 1234 } })
    expect(saleDraft.effects.sale).toBeUndefined()
  })

  it('is made of approvals only', () => {
    const refused = decideVoid({ ...f.voidRequest, amount: 1 }, forVoid, f.supplies)
    expect(claimed(refused, forVoid, f.supplies)).toBe(refused)
  })
})

const EVENTS: readonly (HostEvent | 'overdue')[] = [
  'host_approved',
  'host_declined',
  'give_up',
  'host_undone',
  'host_keeps',
  'overdue',
]

const eventOf = (event: HostEventRequest['event']): HostEventRequest => ({
  ...f.voidRequest,
  kind: 'host_event',
  contentFingerprint: '',
  event,
  hostRrn: 'HOST00000002',
  authorizationCode: '424242',
  reason: event === 'host_declined' ? 'issuer_declined' : null,
})

const at = (state: HostState, more: Partial<HostMessage> = {}): Situation => ({
  ...f.situation,
  earlier: claim,
  claim,
  forwarded: { ...message, state, ...more },
})

/** Long after the claim, so that nothing is too early. */
const late = { ...f.supplies, now: f.NOW + DECIDE_MS }

const tell = (event: HostEventRequest['event'], situation: Situation, supplies = late) =>
  decideHostEvent(eventOf(event), situation, supplies)

describe.each(HOST_STATES)('in the state %s', (state) => {
  it.each(EVENTS.filter((event) => event !== 'overdue'))('%s does what the table says', (event) => {
    const decision = tell(event as HostEventRequest['event'], at(state))
    const next = nextHostState(state, event as HostEvent)
    const opensCase = event === 'host_keeps' && state === 'reversing'
    if (next === undefined && !opensCase)
      expect(decision).toMatchObject({ kind: 'pending', forwarded: { state } })
    else
      expect(draftOf(decision).effects.hostMoves).toMatchObject([
        opensCase ? { state, caseReason: 'host_keeps' } : { state: next, messageKey: message.messageKey },
      ])
  })

  it('its void moves along, and its last entry says what the sender hears', () => {
    const moved = (event: HostEventRequest['event'], more: Partial<HostMessage> = {}) => {
      const decision = tell(event, at(state, more))
      return decision.kind === 'commit' ? decision.draft : null
    }
    const voidOf = (draft: ReturnType<typeof moved>) =>
      (draft?.effects.voidRecord ?? draft?.effects.voidMoved)?.state
    for (const event of ['host_approved', 'host_declined', 'give_up', 'host_undone'] as const)
      expect(voidOf(moved(event)), event).toBe(nextHostState(state, event))
    const outcome = `${message.messageKey}|outcome`
    if (state === 'pending')
      expect(moved('host_declined')).toMatchObject({
        kind: 'void',
        messageKey: outcome,
        answer: { reason: 'issuer_declined', rrn: message.rrn },
        effects: { hostMoves: [{ hostSaid: 'declined' }] },
      })
    if (state === 'reversing')
      expect(moved('host_keeps')).toMatchObject({
        messageKey: `${message.messageKey}|case|${f.terminal.head.seq + 1}`,
        effects: { hostMoves: [{ nextAt: late.now + CASE_WAIT_MS, hostSaid: 'approved' }] },
      })
    // Said already; said otherwise.
    const told = { caseReason: 'host_keeps', hostSaid: 'approved' } as const
    expect(moved('host_keeps', told)).toEqual(state === 'undoing' ? expect.anything() : null)
    if (state === 'reversing') expect(moved('host_keeps', { ...told, hostSaid: 'declined' })).not.toBeNull()
  })

  it('an overdue one is a case where the host still owes its word', () => {
    const isOwed = ['pending', 'undoing', 'reversing'].includes(state)
    const decision = tell('overdue', at(state))
    expect(decision.kind).toBe(isOwed ? 'commit' : 'pending')
    if (isOwed)
      expect(draftOf(decision).effects.hostMoves).toMatchObject([{ state, caseReason: 'host_silent' }])
  })
})

describe('an event', () => {
  it('of approval answers with our RRN and the host’s authorisation code, and counts', () => {
    const { kind, messageKey, answer, effects } = draftOf(tell('host_approved', at('pending')))
    expect([kind, messageKey]).toEqual(['void', `${message.messageKey}|outcome`])
    expect(answer).toMatchObject({ responseCode: '00', rrn: message.rrn, authorizationCode: '424242' })
    expect(effects.voidRecord).toMatchObject({ state: 'approved', authorizationCode: '424242' })
    expect(effects.batch).toMatchObject({ creditAmount: 1234, creditCount: 1 })
    expect(effects.hostMoves).toMatchObject([{ hostRrn: 'HOST00000002', nextAt: null }])
  })

  it('of undoing what was given up answers that it did not happen', () => {
    const { answer, effects } = draftOf(tell('host_undone', at('undoing')))
    expect(answer?.reason).toBe('acquirer_silent')
    expect(effects.batch).toBeUndefined()
  })

  it('that comes after the outcome is answered with the outcome', () => {
    const outcome = f.entryFor(f.voidRequest, { kind: 'void' })
    expect(tell('host_declined', { ...at('approved'), earlier: outcome })).toMatchObject({
      kind: 'replay',
      entry: outcome,
    })
  })

  it('comes not before its time: giving up and opening a case', () => {
    const early = (ms: number) => ({ ...f.supplies, now: f.NOW + ms - 1 })
    expect(tell('give_up', at('pending'), early(GIVE_UP_MS)).kind).toBe('pending')
    expect(tell('overdue', at('pending'), early(DECIDE_MS)).kind).toBe('pending')
  })

  it('opens one case, and writes into it what the host says since, once', () => {
    const silent = at('reversing', { caseReason: 'host_silent', caseOpenedAt: f.NOW })
    expect(tell('overdue', silent).kind).toBe('pending')
    expect(draftOf(tell('host_keeps', silent)).effects.hostMoves).toMatchObject([
      { state: 'reversing', caseReason: 'host_keeps', hostSaid: 'approved' },
    ])
    const kept = at('reversing', { caseReason: 'host_keeps', caseOpenedAt: f.NOW, hostSaid: 'approved' })
    expect(tell('host_keeps', kept).kind).toBe('pending')
    expect(tell('overdue', kept).kind).toBe('pending')
  })

  it('of refusal alone is no word about the message: a case, in whatever state it is', () => {
    for (const state of ['undoing', 'reversing'] as const)
      expect(draftOf(tell('host_refuses', at(state)))).toMatchObject({
        kind: 'case',
        effects: { hostMoves: [{ state, caseReason: 'host_keeps' }] },
      })
    for (const state of ['pending', 'approved', 'declined', 'reversed'] as const)
      expect(tell('host_refuses', at(state)).kind).toBe('pending')
  })

  it('tells nothing of a message that was reversed meanwhile, though its outcome stands', () => {
    const outcome = f.entryFor(f.voidRequest, { kind: 'void' })
    const reversal = { targetKey: f.voidRequest.messageKey, kind: 'reversed' } as const
    expect(tell('host_approved', { ...at('reversing'), earlier: outcome, reversal }).kind).toBe('pending')
  })

  it('of approval adds nothing to a batch that was closed over a case', () => {
    const next = { ...f.situation.terminal.batch, batchNumber: '000002' }
    const closed = { ...at('pending'), terminal: { ...f.terminal, batch: next } }
    expect(draftOf(tell('host_approved', closed)).effects).toEqual({
      hostMoves: [
        expect.objectContaining({ state: 'pending', caseReason: 'host_keeps', hostSaid: 'approved' }),
      ],
    })
    const undoing = { ...at('undoing'), terminal: { ...f.terminal, batch: next } }
    expect(draftOf(tell('host_keeps', undoing)).effects.hostMoves).toMatchObject([
      { state: 'undoing', caseReason: 'host_keeps' },
    ])
  })

  it('of a sale makes the sale, approved or declined', () => {
    const ofSale: JournalEntry = { ...saleDraft, seq: 3, previousHash: '', hash: '' }
    const forwarded = ofSale.effects.claim as HostMessage
    const situation = { ...f.situation, earlier: ofSale, claim: ofSale, forwarded }
    const approved = draftOf(tell('host_approved', situation))
    expect(approved.kind).toBe('sale')
    expect(approved.effects).toMatchObject({
      sale: { status: 'approved', authorizationCode: '424242' },
      batch: { debitAmount: 2468, debitCount: 2 },
    })
    const declined = draftOf(tell('host_declined', situation))
    expect(declined.effects.sale).toMatchObject({ status: 'declined', authorizationCode: null })
    expect(declined.effects.batch).toBeUndefined()
  })
})

it('a fed sale that is reversed is owed to the host under the number it has there', () => {
  const situation: Situation = { ...f.situation, original: f.original, target: f.saleEntry }
  const reversal = decideReversal(f.reversalOfSale, situation, f.supplies)
  expect(draftOf(owedToo(reversal, situation, f.supplies)).effects.claim).toMatchObject({
    kind: 'sale',
    state: 'reversing',
    hostStan: f.sale.stan,
    messageKey: f.sale.messageKey,
  })
  const forwarded = { ...situation, targetForwarded: message }
  expect(owedToo(reversal, forwarded, f.supplies)).toBe(reversal)
  const tombstone = { ...f.situation }
  const buried = decideReversal(f.reversalOfSale, tombstone, f.supplies)
  expect(owedToo(buried, tombstone, f.supplies)).toBe(buried)
})

it('and so it is where the feed tells of it after its reversal, once, if it was approved', () => {
  const reversal = { targetKey: f.captureRequest.messageKey, kind: 'tombstone' } as const
  const situation: Situation = { ...f.situation, reversal }
  const refused = decideCapture(f.captureRequest, situation, f.supplies)
  const owed = (more: Partial<Situation> = {}, request = f.captureRequest) =>
    owedLate(refused, request, { ...situation, ...more }, f.supplies)
  const draft = draftOf(owed())
  const messageKey = `${f.captureRequest.messageKey}|buried`
  expect(draft).toMatchObject({ kind: 'sale', messageKey, answer: { reason: 'message_reversed' } })
  expect(draft.effects).toEqual({
    claim: expect.objectContaining({
      messageKey,
      kind: 'sale',
      state: 'reversing',
      hostStan: f.captureRequest.stan,
      hostRrn: f.captureRequest.rrn,
      rrn: f.supplies.rrn,
      amount: f.captureRequest.amount,
      decideBy: f.NOW + DECIDE_MS,
    }),
  })
  expect(owed({ target: f.saleEntry })).toBe(refused)
  expect(owed({}, { ...f.captureRequest, status: 'declined' })).toBe(refused)
  expect(owed({ reversal: { ...reversal, kind: 'reversed' } })).toBe(refused)
  const captured = decideCapture(f.captureRequest, f.situation, f.supplies)
  expect(owedLate(captured, f.captureRequest, situation, f.supplies)).toBe(captured)
})

it('what its entry told the feed is nothing of the host', () => {
  const reversal = { targetKey: f.captureRequest.messageKey, kind: 'tombstone' } as const
  const refused = decideCapture(f.captureRequest, { ...f.situation, reversal }, f.supplies)
  const draft = draftOf(owedLate(refused, f.captureRequest, { ...f.situation, reversal }, f.supplies))
  const claim: JournalEntry = { ...draft, seq: 3, previousHash: '', hash: '' }
  const forwarded = { ...(draft.effects.claim as HostMessage), state: 'reversed' } as const
  expect(tell('host_approved', { ...f.situation, earlier: claim, claim, forwarded }).kind).toBe('pending')
})

describe('a reversal', () => {
  const reversal = (state: HostState, target: JournalEntry): Situation => ({
    ...f.situation,
    original: f.original,
    target,
    targetForwarded: { ...message, state },
  })

  it('of a pending void is answered 00 and owed to the host; no total moves', () => {
    for (const state of ['pending', 'undoing'] as const) {
      const { answer, effects } = draftOf(
        decideReversal(f.reversalOfVoid, reversal(state, claim), f.supplies),
      )
      expect(answer?.responseCode).toBe('00')
      expect(effects).toEqual({
        voidMoved: { id: f.voidRecord.id, state: 'reversing', reversedAt: f.NOW },
        reversals: [{ targetKey: f.voidRequest.messageKey, kind: 'reversed' }],
        hostMoves: [
          {
            messageKey: f.voidRequest.messageKey,
            state: 'reversing',
            at: f.NOW,
            nextAt: f.NOW,
            decideBy: f.NOW + DECIDE_MS,
          },
        ],
      })
    }
  })

  it('of an approved one takes it out of the total as well', () => {
    const voided = { ...f.terminal, batch: { ...f.batch, creditAmount: 1234, creditCount: 1 } }
    const situation = { ...reversal('approved', f.voidEntry), terminal: voided }
    const { effects } = draftOf(decideReversal(f.reversalOfVoid, situation, f.supplies))
    expect(effects).toMatchObject({
      voidMoved: { state: 'reversing' },
      batch: { creditAmount: 0, creditCount: 0 },
      hostMoves: [{ state: 'reversing' }],
    })
  })

  it('of a sale takes its pending void along, and tells the host once more of one that is on its way back already', () => {
    const withVoid = (state: HostState): Situation => ({
      ...f.situation,
      original: {
        ...f.original,
        liveVoid: { id: f.voidRecord.id, messageKey: f.voidRequest.messageKey, state, forwarded: true },
      },
      target: f.saleEntry,
      targetForwarded: { ...message, kind: 'sale', messageKey: f.sale.messageKey, state: 'approved' },
    })
    const pending = draftOf(decideReversal(f.reversalOfSale, withVoid('pending'), f.supplies)).effects
    expect(pending.hostMoves?.map(({ messageKey }) => messageKey)).toEqual([
      f.sale.messageKey,
      f.voidRequest.messageKey,
    ])
    expect(pending).toMatchObject({ batch: { debitAmount: 0 }, voidMoved: { state: 'reversing' } })
    const back = draftOf(decideReversal(f.reversalOfSale, withVoid('reversing'), f.supplies)).effects
    expect(back.hostMoves).toMatchObject([
      { messageKey: f.sale.messageKey },
      { state: 'reversing', nextAt: f.NOW },
    ])
    expect(back.voidMoved).toBeUndefined()
  })
})

it('a void of a sale whose void is not decided is refused for good; a copy of the pending one is told nothing', () => {
  for (const state of ['pending', 'undoing', 'reversing'] as const) {
    const liveVoid = { id: '9'.repeat(32), messageKey: 'another', state, forwarded: true }
    const situation = { ...forVoid, original: { ...f.original, liveVoid } }
    const draft = draftOf(decideVoid(f.voidRequest, situation, f.supplies))
    expect(draft.answer?.reason).toBe('outcome_pending')
  }
  expect(decideVoid(f.voidRequest, at('pending'), f.supplies)).toMatchObject({ kind: 'pending' })
})

it('a batch in which something is not decided does not close', () => {
  const situation = { ...f.situation, namedBatch: f.batch, undecided: true }
  expect(decideSettlement(f.settlementRequest, situation, f.supplies)).toMatchObject({
    kind: 'answer',
    answer: { reason: 'outcome_pending' },
  })
})
