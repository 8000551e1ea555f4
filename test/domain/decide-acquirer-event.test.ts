/** @module Claims, and every acquirer event in every state of a forwarded message. */

import { describe, expect, it } from 'vitest'
import {
  ACQUIRER_STATES,
  type AcquirerEvent,
  type AcquirerState,
  CASE_WAIT_MS,
  DECIDE_MS,
  GIVE_UP_MS,
  nextAcquirerState,
} from '../../src/domain/acquirer-state.ts'
import { decideAcquirerEvent } from '../../src/domain/decide-acquirer-event.ts'
import { asPending, queueLateReversal, queueReversal } from '../../src/domain/decide-claim.ts'
import { decideReversal } from '../../src/domain/decide-reversal.ts'
import { decideCapturedSale, decideSale } from '../../src/domain/decide-sale.ts'
import { decideSettlement } from '../../src/domain/decide-settlement.ts'
import { decideVoid } from '../../src/domain/decide-void.ts'
import type { Decision, LoadedState } from '../../src/domain/decision.ts'
import type { AcquirerEventRequest } from '../../src/domain/requests.ts'
import type { AcquirerMessage, JournalEntry } from '../../src/domain/types.ts'
import * as f from './fixtures.ts'

const forVoid: LoadedState = { ...f.loadedState, original: f.original }

function draftOf(decision: Decision) {
  if (decision.kind !== 'commit') throw new Error(`expected a commit, not ${decision.kind}`)
  return decision.draft
}

const claimDraft = draftOf(asPending(decideVoid(f.voidRequest, forVoid, f.generated), forVoid, f.generated))
const claim: JournalEntry = { ...claimDraft, seq: 3, hash: 'b'.repeat(64) }
const message = claim.effects.claim as AcquirerMessage

const saleDraft = draftOf(
  asPending(
    decideSale(f.saleRequest, f.loadedState, f.generated, { kind: 'approved' }),
    f.loadedState,
    f.generated,
  ),
)

describe('a claim', () => {
  it('of a void holds the sale, has no answer and counts in no total', () => {
    expect(claimDraft).toMatchObject({
      kind: 'void_claim',
      messageKey: f.voidRequest.messageKey,
      answer: null,
      effects: {
        voidRecord: { state: 'pending', authorizationCode: null },
        claim: {
          kind: 'void',
          state: 'pending',
          acquirerStan: '000302',
          original: { stan: '000001', rrn: f.sale.rrn },
          claimedAt: f.NOW,
          decideBy: f.NOW + DECIDE_MS,
        },
      },
    })
    expect(claimDraft.effects.batch).toBeUndefined()
  })

  it('refers to the sale by the acquirer’s numbers', () => {
    const forwarded = { ...message, acquirerStan: '777777', acquirerRrn: 'ACQR00000001' }
    const loadedState: LoadedState = { ...forVoid, original: { ...f.original, forwarded } }
    const draft = draftOf(
      asPending(decideVoid(f.voidRequest, loadedState, f.generated), loadedState, f.generated),
    )
    expect(draft.effects.claim).toMatchObject({
      original: { stan: '777777', rrn: 'ACQR00000001' },
    })
  })

  it.each([
    ['a captured sale with an RRN', null, false, f.sale.rrn],
    ['a captured sale without an RRN, or a sale of the sandbox', null, true, null],
    ['a forwarded sale without an RRN of the acquirer', { acquirerRrn: null }, true, null],
    ['a forwarded sale with an RRN of the acquirer', { acquirerRrn: 'ACQR00000001' }, true, 'ACQR00000001'],
    ['a captured sale in a list without an RRN', { acquirerRrn: null }, false, f.sale.rrn],
    ['a captured sale in a list with an RRN', { acquirerRrn: 'ACQR00000001' }, false, 'ACQR00000001'],
  ])('of a void never has an RRN that Annul made: %s', (_, known, isRrnOurs, rrn) => {
    const forwarded = known === null ? null : { ...message, ...known }
    const loadedState: LoadedState = { ...forVoid, original: { ...f.original, isRrnOurs, forwarded } }
    const draft = draftOf(
      asPending(decideVoid(f.voidRequest, loadedState, f.generated), loadedState, f.generated),
    )
    expect(draft.effects.claim?.original?.rrn).toBe(rrn)
  })

  it('of a sale keeps the future sale and creates none yet', () => {
    expect(saleDraft).toMatchObject({ kind: 'sale_claim', answer: null })
    expect(saleDraft.effects).toMatchObject({ claim: { kind: 'sale' }, claimedSale: { amount: 1234 } })
    expect(saleDraft.effects.sale).toBeUndefined()
  })

  it('is made from approvals only', () => {
    const refused = decideVoid({ ...f.voidRequest, amount: 1 }, forVoid, f.generated)
    expect(asPending(refused, forVoid, f.generated)).toBe(refused)
  })
})

const EVENTS: readonly (AcquirerEvent | 'overdue')[] = [
  'acquirer_approved',
  'acquirer_declined',
  'give_up',
  'acquirer_undone',
  'reversal_refused',
  'overdue',
]

const eventOf = (event: AcquirerEventRequest['event']): AcquirerEventRequest => ({
  ...f.voidRequest,
  kind: 'acquirer_event',
  contentFingerprint: '',
  event,
  acquirerRrn: 'ACQR00000002',
  authorizationCode: '424242',
  reason: event === 'acquirer_declined' ? 'issuer_declined' : null,
})

const at = (state: AcquirerState, more: Partial<AcquirerMessage> = {}): LoadedState => ({
  ...f.loadedState,
  earlier: claim,
  claim,
  forwarded: { ...message, state, ...more },
})

/** Long after the claim, so that no event is too early. */
const late = { ...f.generated, now: f.NOW + DECIDE_MS }

const decideEvent = (event: AcquirerEventRequest['event'], loadedState: LoadedState, generated = late) =>
  decideAcquirerEvent(eventOf(event), loadedState, generated)

describe.each(ACQUIRER_STATES)('in the state %s', (state) => {
  it('returns the current answer when nothing happened', () => {
    expect(decideEvent('none', at(state)).kind).toBe('pending')
    const earlier = f.entryFor(f.voidRequest, { kind: 'void', effects: { voidRecord: f.voidRecord } })
    expect(decideEvent('none', { ...at(state), earlier })).toEqual({
      kind: 'replay',
      entry: earlier,
      answer: earlier.answer,
    })
  })

  it.each(EVENTS.filter((event) => event !== 'overdue'))('handles %s as the table says', (event) => {
    const decision = decideEvent(event as AcquirerEventRequest['event'], at(state))
    const next = nextAcquirerState(state, event as AcquirerEvent)
    const opensCase = event === 'reversal_refused' && state === 'reversing'
    if (next === undefined && !opensCase)
      expect(decision).toMatchObject({ kind: 'pending', forwarded: { state } })
    else
      expect(draftOf(decision).effects.acquirerMoves).toMatchObject([
        opensCase
          ? { state, caseReason: 'reversal_refused' }
          : { state: next, messageKey: message.messageKey },
      ])
  })

  it('moves the void with the message and answers in the last entry', () => {
    const moved = (event: AcquirerEventRequest['event'], more: Partial<AcquirerMessage> = {}) => {
      const decision = decideEvent(event, at(state, more))
      return decision.kind === 'commit' ? decision.draft : null
    }
    const voidOf = (draft: ReturnType<typeof moved>) =>
      (draft?.effects.voidRecord ?? draft?.effects.voidMoved)?.state
    for (const event of ['acquirer_approved', 'acquirer_declined', 'give_up', 'acquirer_undone'] as const)
      expect(voidOf(moved(event)), event).toBe(nextAcquirerState(state, event))
    const outcome = `${message.messageKey}|o`
    if (state === 'pending')
      expect(moved('acquirer_declined')).toMatchObject({
        kind: 'void',
        messageKey: outcome,
        answer: { reason: 'issuer_declined', rrn: message.rrn },
        effects: { acquirerMoves: [{ acquirerStatus: 'declined' }] },
      })
    if (state === 'reversing')
      expect(moved('reversal_refused')).toMatchObject({
        messageKey: `${message.messageKey}|case|${f.terminal.head.seq + 1}`,
        effects: { acquirerMoves: [{ nextAt: late.now + CASE_WAIT_MS, acquirerStatus: 'approved' }] },
      })
    // The same event again, then an event that contradicts it.
    const openCase = { caseReason: 'reversal_refused', acquirerStatus: 'approved' } as const
    expect(moved('reversal_refused', openCase)).toEqual(state === 'undoing' ? expect.anything() : null)
    if (state === 'reversing')
      expect(moved('reversal_refused', { ...openCase, acquirerStatus: 'declined' })).not.toBeNull()
  })

  it('opens a case on overdue while the acquirer still has to answer', () => {
    const isUnsettled = ['pending', 'undoing', 'reversing'].includes(state)
    const decision = decideEvent('overdue', at(state))
    expect(decision.kind).toBe(isUnsettled ? 'commit' : 'pending')
    if (isUnsettled)
      expect(draftOf(decision).effects.acquirerMoves).toMatchObject([{ state, caseReason: 'no_answer' }])
  })
})

describe('an event', () => {
  it('of approval answers with our RRN and the acquirer’s authorisation code, and counts in the total', () => {
    const { kind, messageKey, answer, effects } = draftOf(decideEvent('acquirer_approved', at('pending')))
    expect([kind, messageKey]).toEqual(['void', `${message.messageKey}|o`])
    expect(answer).toMatchObject({ responseCode: '00', rrn: message.rrn, authorizationCode: '424242' })
    expect(effects.voidRecord).toMatchObject({ state: 'approved', authorizationCode: '424242' })
    expect(effects.batch).toMatchObject({ creditAmount: 1234, creditCount: 1 })
    expect(effects.acquirerMoves).toMatchObject([{ acquirerRrn: 'ACQR00000002', nextAt: null }])
  })

  it('of a completed undo answers that the void did not happen', () => {
    const { answer, effects } = draftOf(decideEvent('acquirer_undone', at('undoing')))
    expect(answer?.reason).toBe('acquirer_silent')
    expect(effects.batch).toBeUndefined()
  })

  it('after the outcome returns the outcome', () => {
    const outcome = f.entryFor(f.voidRequest, { kind: 'void' })
    expect(decideEvent('acquirer_declined', { ...at('approved'), earlier: outcome })).toMatchObject({
      kind: 'replay',
      entry: outcome,
    })
  })

  it('before its time changes nothing: give_up and overdue', () => {
    const early = (ms: number) => ({ ...f.generated, now: f.NOW + ms - 1 })
    expect(decideEvent('give_up', at('pending'), early(GIVE_UP_MS)).kind).toBe('pending')
    expect(decideEvent('overdue', at('pending'), early(DECIDE_MS)).kind).toBe('pending')
  })

  it('opens one case and stores each later acquirer answer in it once', () => {
    const withoutAnswer = at('reversing', { caseReason: 'no_answer', caseOpenedAt: f.NOW })
    expect(decideEvent('overdue', withoutAnswer).kind).toBe('pending')
    expect(draftOf(decideEvent('reversal_refused', withoutAnswer)).effects.acquirerMoves).toMatchObject([
      {
        state: 'reversing',
        caseReason: 'reversal_refused',
        acquirerStatus: 'approved',
        acquirerRrn: 'ACQR00000002',
      },
    ])
    const withRefusal = at('reversing', {
      caseReason: 'reversal_refused',
      caseOpenedAt: f.NOW,
      acquirerStatus: 'approved',
    })
    expect(decideEvent('reversal_refused', withRefusal).kind).toBe('pending')
    expect(decideEvent('overdue', withRefusal).kind).toBe('pending')
  })

  it('of a declined reversal opens a case and leaves the state as it is', () => {
    for (const state of ['undoing', 'reversing'] as const)
      expect(draftOf(decideEvent('reversal_declined', at(state)))).toMatchObject({
        kind: 'case',
        effects: { acquirerMoves: [{ state, caseReason: 'reversal_refused' }] },
      })
    for (const state of ['pending', 'approved', 'declined', 'reversed'] as const)
      expect(decideEvent('reversal_declined', at(state)).kind).toBe('pending')
  })

  it('on a reversed message returns no answer, although its outcome is stored', () => {
    const outcome = f.entryFor(f.voidRequest, { kind: 'void' })
    const reversal = { targetKey: f.voidRequest.messageKey, kind: 'reversed' } as const
    expect(decideEvent('acquirer_approved', { ...at('reversing'), earlier: outcome, reversal }).kind).toBe(
      'pending',
    )
  })

  it('of approval adds nothing to a closed batch and opens a case', () => {
    const next = { ...f.loadedState.terminal.batch, batchNumber: '000002' }
    const closed = { ...at('pending'), terminal: { ...f.terminal, batch: next } }
    expect(draftOf(decideEvent('acquirer_approved', closed)).effects).toEqual({
      acquirerMoves: [
        expect.objectContaining({
          state: 'pending',
          caseReason: 'reversal_refused',
          acquirerStatus: 'approved',
          acquirerRrn: 'ACQR00000002',
        }),
      ],
    })
    const undoing = { ...at('undoing'), terminal: { ...f.terminal, batch: next } }
    expect(draftOf(decideEvent('reversal_refused', undoing)).effects.acquirerMoves).toMatchObject([
      { state: 'undoing', caseReason: 'reversal_refused', acquirerRrn: 'ACQR00000002' },
    ])
  })

  it('of a sale creates the sale, approved or declined', () => {
    const ofSale: JournalEntry = { ...saleDraft, seq: 3, hash: '' }
    const forwarded = ofSale.effects.claim as AcquirerMessage
    const loadedState = { ...f.loadedState, earlier: ofSale, claim: ofSale, forwarded }
    const approved = draftOf(decideEvent('acquirer_approved', loadedState))
    expect(approved.kind).toBe('sale')
    expect(approved.effects).toMatchObject({
      sale: { status: 'approved', authorizationCode: '424242' },
      batch: { debitAmount: 2468, debitCount: 2 },
    })
    const declined = draftOf(decideEvent('acquirer_declined', loadedState))
    expect(declined.effects.sale).toMatchObject({ status: 'declined', authorizationCode: null })
    expect(declined.effects.batch).toBeUndefined()
  })
})

it('queues the reversal of a captured sale under the acquirer’s STAN', () => {
  const loadedState: LoadedState = { ...f.loadedState, original: f.original, target: f.saleEntry }
  const reversal = decideReversal(f.reversalOfSale, loadedState, f.generated)
  expect(draftOf(queueReversal(reversal, loadedState, f.generated)).effects.claim).toMatchObject({
    kind: 'sale',
    state: 'reversing',
    acquirerStan: f.sale.stan,
    messageKey: f.sale.messageKey,
  })
  const forwarded = { ...loadedState, targetForwarded: message }
  expect(queueReversal(reversal, forwarded, f.generated)).toBe(reversal)
  const tombstone = { ...f.loadedState }
  const tombstoned = decideReversal(f.reversalOfSale, tombstone, f.generated)
  expect(queueReversal(tombstoned, tombstone, f.generated)).toBe(tombstoned)
})

it('queues one late reversal when an approved captured sale arrives after its reversal', () => {
  const reversal = { targetKey: f.capturedSaleRequest.messageKey, kind: 'tombstone' } as const
  const loadedState: LoadedState = { ...f.loadedState, reversal }
  const refused = decideCapturedSale(f.capturedSaleRequest, loadedState, f.generated)
  const lateReversal = (more: Partial<LoadedState> = {}, request = f.capturedSaleRequest) =>
    queueLateReversal(refused, request, { ...loadedState, ...more }, f.generated)
  const draft = draftOf(lateReversal())
  const messageKey = `${f.capturedSaleRequest.messageKey}|tombstoned`
  expect(draft).toMatchObject({ kind: 'sale', messageKey, answer: { reason: 'message_reversed' } })
  expect(draft.effects).toEqual({
    claim: expect.objectContaining({
      messageKey,
      kind: 'sale',
      state: 'reversing',
      acquirerStan: f.capturedSaleRequest.stan,
      acquirerRrn: f.capturedSaleRequest.rrn,
      rrn: f.generated.rrn,
      amount: f.capturedSaleRequest.amount,
      decideBy: f.NOW + DECIDE_MS,
    }),
  })
  expect(lateReversal({ target: f.saleEntry })).toBe(refused)
  expect(lateReversal({}, { ...f.capturedSaleRequest, status: 'declined' })).toBe(refused)
  expect(lateReversal({ reversal: { ...reversal, kind: 'reversed' } })).toBe(refused)
  const captured = decideCapturedSale(f.capturedSaleRequest, f.loadedState, f.generated)
  expect(queueLateReversal(captured, f.capturedSaleRequest, loadedState, f.generated)).toBe(captured)
})

it('ignores the answer in a late reversal’s entry when the acquirer approves it', () => {
  const reversal = { targetKey: f.capturedSaleRequest.messageKey, kind: 'tombstone' } as const
  const refused = decideCapturedSale(f.capturedSaleRequest, { ...f.loadedState, reversal }, f.generated)
  const draft = draftOf(
    queueLateReversal(refused, f.capturedSaleRequest, { ...f.loadedState, reversal }, f.generated),
  )
  const claim: JournalEntry = { ...draft, seq: 3, hash: '' }
  const forwarded = { ...(draft.effects.claim as AcquirerMessage), state: 'reversed' } as const
  expect(decideEvent('acquirer_approved', { ...f.loadedState, earlier: claim, claim, forwarded }).kind).toBe(
    'pending',
  )
})

describe('a reversal', () => {
  const reversal = (state: AcquirerState, target: JournalEntry): LoadedState => ({
    ...f.loadedState,
    original: f.original,
    target,
    targetForwarded: { ...message, state },
  })

  it('of a pending void answers 00, queues the reversal at the acquirer and changes no total', () => {
    for (const state of ['pending', 'undoing'] as const) {
      const { answer, effects } = draftOf(
        decideReversal(f.reversalOfVoid, reversal(state, claim), f.generated),
      )
      expect(answer?.responseCode).toBe('00')
      expect(effects).toEqual({
        voidMoved: { id: f.voidRecord.id, state: 'reversing', reversedAt: f.NOW },
        reversals: [{ targetKey: f.voidRequest.messageKey, kind: 'reversed' }],
        acquirerMoves: [
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

  it('of an approved void also takes it out of the total', () => {
    const voided = { ...f.terminal, batch: { ...f.batch, creditAmount: 1234, creditCount: 1 } }
    const loadedState = { ...reversal('approved', f.voidEntry), terminal: voided }
    const { effects } = draftOf(decideReversal(f.reversalOfVoid, loadedState, f.generated))
    expect(effects).toMatchObject({
      voidMoved: { state: 'reversing' },
      batch: { creditAmount: 0, creditCount: 0 },
      acquirerMoves: [{ state: 'reversing' }],
    })
  })

  it('of a sale also reverses its pending void, and asks the acquirer again if that reversal is under way', () => {
    const withVoid = (state: AcquirerState): LoadedState => ({
      ...f.loadedState,
      original: {
        ...f.original,
        liveVoid: { id: f.voidRecord.id, messageKey: f.voidRequest.messageKey, state, forwarded: true },
      },
      target: f.saleEntry,
      targetForwarded: { ...message, kind: 'sale', messageKey: f.sale.messageKey, state: 'approved' },
    })
    const pending = draftOf(decideReversal(f.reversalOfSale, withVoid('pending'), f.generated)).effects
    expect(pending.acquirerMoves?.map(({ messageKey }) => messageKey)).toEqual([
      f.sale.messageKey,
      f.voidRequest.messageKey,
    ])
    expect(pending).toMatchObject({ batch: { debitAmount: 0 }, voidMoved: { state: 'reversing' } })
    const back = draftOf(decideReversal(f.reversalOfSale, withVoid('reversing'), f.generated)).effects
    expect(back.acquirerMoves).toMatchObject([
      { messageKey: f.sale.messageKey },
      { state: 'reversing', nextAt: f.NOW },
    ])
    expect(back.voidMoved).toBeUndefined()
  })
})

it('declines a second void while the first is undecided, and returns no answer to a copy of the first', () => {
  for (const state of ['pending', 'undoing', 'reversing'] as const) {
    const liveVoid = { id: '9'.repeat(32), messageKey: 'another', state, forwarded: true }
    const loadedState = { ...forVoid, original: { ...f.original, liveVoid } }
    const draft = draftOf(decideVoid(f.voidRequest, loadedState, f.generated))
    expect(draft.answer?.reason).toBe('outcome_pending')
  }
  expect(decideVoid(f.voidRequest, at('pending'), f.generated)).toMatchObject({ kind: 'pending' })
})

it('keeps a batch open while a message in it is undecided', () => {
  const loadedState = { ...f.loadedState, namedBatch: f.batch, undecided: true }
  expect(decideSettlement(f.settlementRequest, loadedState, f.generated)).toMatchObject({
    kind: 'answer',
    answer: { reason: 'outcome_pending' },
  })
})
