/**
 * @module A person's decision on a case, in every state, and its effect on the totals of open and settled
 * batches.
 */

import { describe, expect, it } from 'vitest'
import { ACQUIRER_STATES, type AcquirerState, isUndecided } from '../../src/domain/acquirer-state.ts'
import { decideCase } from '../../src/domain/decide-case.ts'
import { asPending } from '../../src/domain/decide-claim.ts'
import { RowLost } from '../../src/domain/decide-reversal.ts'
import { decideSale } from '../../src/domain/decide-sale.ts'
import { decideVoid } from '../../src/domain/decide-void.ts'
import type { Decision, LoadedState } from '../../src/domain/decision.ts'
import type { CaseRequest } from '../../src/domain/requests.ts'
import type { AcquirerMessage, Effects, JournalEntry } from '../../src/domain/types.ts'
import * as f from './fixtures.ts'

function draftOf(decision: Decision) {
  if (decision.kind !== 'commit') throw new Error(`expected a commit, not ${decision.kind}`)
  return decision.draft
}

const entryOf = (decision: Decision): JournalEntry => ({
  ...draftOf(decision),
  seq: 3,
  hash: 'b'.repeat(64),
})

const forVoid: LoadedState = { ...f.loadedState, original: f.original }
const voidClaim = entryOf(asPending(decideVoid(f.voidRequest, forVoid, f.generated), forVoid, f.generated))
const saleClaim = entryOf(
  asPending(
    decideSale(f.saleRequest, f.loadedState, f.generated, { kind: 'approved' }),
    f.loadedState,
    f.generated,
  ),
)

const LATER = { ...f.generated, now: f.NOW + 600_000 }
const OPENED = { caseReason: 'no_answer', caseOpenedAt: f.NOW, caseClosedAt: null } as const

/** A claimed message with an open case. A decided state has an answer already. */
function at(claim: JournalEntry, state: AcquirerState, more: Partial<LoadedState> = {}): LoadedState {
  const { voidRecord, claimedSale } = claim.effects
  const outcomeEffects: Effects = {
    ...(voidRecord === undefined ? {} : { voidRecord: { ...voidRecord, state: 'approved' } }),
    ...(claimedSale === undefined ? {} : { sale: claimedSale }),
  }
  const outcome = f.entryFor(f.voidRequest, { kind: 'void', effects: outcomeEffects })
  return {
    ...f.loadedState,
    original: f.original,
    claim,
    earlier: isUndecided(state) ? claim : outcome,
    forwarded: { ...(claim.effects.claim as AcquirerMessage), state, ...OPENED },
    ...more,
  }
}

const voided = { ...f.terminal, batch: { ...f.batch, creditAmount: 1234, creditCount: 1 } }
const settled = { ...f.terminal, batch: { ...f.batch, batchNumber: '000002', debitAmount: 0, debitCount: 0 } }

const decide = (resolution: CaseRequest['resolution'], loadedState: LoadedState) =>
  decideCase(
    {
      ...f.voidRequest,
      kind: 'case',
      door: 'json',
      contentFingerprint: '',
      resolution,
      request: { decidedBy: 'operations', resolution, note: 'by phone', decision: 'fingerprint' },
    },
    loadedState,
    LATER,
  )

/** State → the state after `stands`, after `undone`. */
const TABLE: Readonly<Record<AcquirerState, readonly [AcquirerState, AcquirerState]>> = {
  pending: ['approved', 'declined'],
  undoing: ['approved', 'declined'],
  approved: ['approved', 'reversed'],
  declined: ['declined', 'declined'],
  reversing: ['approved', 'reversed'],
  reversed: ['reversed', 'reversed'],
}

describe.each(ACQUIRER_STATES)('a void that is %s', (state) => {
  it.each(['stands', 'undone'] as const)(
    '%s: moves to the state in the table and stops the inquiries',
    (resolution) => {
      const terminal = state === 'approved' ? voided : f.terminal
      const draft = draftOf(decide(resolution, at(voidClaim, state, { terminal })))
      const [stands, undone] = TABLE[state]
      const { messageKey } = f.voidRequest
      expect(draft).toMatchObject({
        kind: 'case_closed',
        messageKey: `${messageKey}|${isUndecided(state) ? 'o' : `case_closed|${f.terminal.head.seq + 1}`}`,
        contentFingerprint: voidClaim.contentFingerprint,
        request: { ...voidClaim.request, decidedBy: 'operations', resolution, note: 'by phone' },
        effects: {
          acquirerMoves: [
            { messageKey, state: resolution === 'stands' ? stands : undone, at: LATER.now, nextAt: null },
          ],
        },
      })
      expect(draft.answer === null).toBe(!isUndecided(state))
      const next = resolution === 'stands' ? stands : undone
      const { voidRecord, voidMoved } = draft.effects
      expect((voidRecord ?? voidMoved)?.state).toBe(next === state ? undefined : next)
    },
  )

  it('keeps its state when no case is open', () => {
    const loadedState = at(voidClaim, state)
    const closed = {
      ...loadedState,
      forwarded: { ...(loadedState.forwarded as AcquirerMessage), caseClosedAt: f.NOW },
    }
    const decision = decide('stands', closed)
    expect(decision.kind).toBe(isUndecided(state) ? 'pending' : 'replay')
  })
})

const creditOf = (resolution: CaseRequest['resolution'], loadedState: LoadedState) =>
  draftOf(decide(resolution, loadedState)).effects.batch?.creditAmount

describe('totals', () => {
  it('count a void that stands and drop one that is undone', () => {
    expect(creditOf('stands', at(voidClaim, 'pending'))).toBe(1234)
    expect(creditOf('stands', at(voidClaim, 'reversing'))).toBe(1234)
    expect(creditOf('undone', at(voidClaim, 'approved', { terminal: voided }))).toBe(0)
    expect(creditOf('undone', at(voidClaim, 'undoing'))).toBeUndefined()
    expect(creditOf('undone', at(voidClaim, 'reversing'))).toBeUndefined()
  })

  it('of a settled batch do not change, but the decision is stored', () => {
    for (const [state, resolution, next] of [
      ['pending', 'stands', 'approved'],
      ['reversing', 'stands', 'approved'],
      ['approved', 'undone', 'reversed'],
    ] as const) {
      const { effects } = draftOf(decide(resolution, at(voidClaim, state, { terminal: settled })))
      expect(effects.batch).toBeUndefined()
      expect((effects.voidRecord ?? effects.voidMoved)?.state).toBe(next)
    }
  })

  it('do not count a void whose sale is reversed', () => {
    const reversed = { ...f.original, reversed: true }
    const { effects } = draftOf(decide('stands', at(voidClaim, 'reversing', { original: reversed })))
    expect(effects.batch).toBeUndefined()
    expect(effects.voidMoved).toMatchObject({ state: 'approved' })
  })
})

describe('a reversed message that stands at the acquirer', () => {
  const reversal = { targetKey: f.voidRequest.messageKey, kind: 'reversed' } as const

  it('counts as a void and leaves the totals when it is undone', () => {
    const unanswered = at(voidClaim, 'approved', { earlier: voidClaim, reversal, terminal: voided })
    expect(creditOf('undone', unanswered)).toBe(0)
  })

  it('does not count as a sale, so undoing it changes no total', () => {
    const liveVoid = { id: 'v', messageKey: 'its void', state: 'approved', forwarded: true } as const
    const original = { ...f.original, reversed: true, liveVoid }
    const { effects } = draftOf(decide('undone', at(saleClaim, 'approved', { original, reversal })))
    expect(effects.batch).toBeUndefined()
    const ofVoid = draftOf(decide('undone', at(voidClaim, 'approved', { original, reversal })))
    expect(ofVoid.effects.batch).toBeUndefined()
  })
})

describe('a sale', () => {
  it('that stands is approved, and its terminal’s copy gets that answer', () => {
    const { answer, effects } = draftOf(decide('stands', at(saleClaim, 'undoing')))
    expect(answer?.responseCode).toBe('00')
    expect(effects).toMatchObject({ sale: { status: 'approved' }, batch: { debitCount: 2 } })
    expect(draftOf(decide('undone', at(saleClaim, 'undoing')))).toMatchObject({
      answer: { reason: 'acquirer_silent' },
      effects: { sale: { status: 'declined' } },
    })
  })

  it('that is undone undoes its void, and queues the void’s reversal at the acquirer', () => {
    const liveVoid = { id: 'v', messageKey: 'its void', state: 'approved', forwarded: true } as const
    const original = { ...f.original, liveVoid }
    const { effects } = draftOf(decide('undone', at(saleClaim, 'approved', { original, terminal: voided })))
    expect(effects).toMatchObject({
      voidMoved: { id: 'v', state: 'reversing' },
      batch: { debitAmount: 0, creditAmount: 0 },
      acquirerMoves: [{ state: 'reversed' }, { messageKey: 'its void', state: 'reversing' }],
    })
  })

  it('that was reversed and stands at the acquirer stays reversed for its terminal', () => {
    const { effects } = draftOf(decide('stands', at(saleClaim, 'reversing')))
    expect(Object.keys(effects)).toEqual(['acquirerMoves'])
  })
})

describe('a row of the message is lost: nothing is decided', () => {
  const LOST = [null, { ...f.original, isVoidRowLost: true }]
  it.each([
    ['a sale stands no longer', saleClaim, 'approved', 'undone'],
    ['a void stands no longer', voidClaim, 'approved', 'undone'],
    ['a void stands after its reversal', voidClaim, 'reversing', 'stands'],
  ] as const)('%s', (_what, claim, state, resolution) => {
    for (const original of LOST)
      expect(() => decide(resolution, at(claim, state, { original }))).toThrow(RowLost)
    expect(decide(resolution, at(claim, state)).kind).toBe('commit')
  })
})
