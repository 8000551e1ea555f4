/** @module The acquirer's list against what we hold: every state and every word, and what each comes to. */

import { describe, expect, it } from 'vitest'
import {
  ACQUIRER_STATES,
  ACQUIRER_STATUSES,
  type AcquirerState,
  type AcquirerStatus,
} from '../../src/domain/acquirer-state.ts'
import {
  compareRecord,
  type ReconciliationRecord,
  type ReconciliationResult,
} from '../../src/domain/compare-record.ts'
import { asPending } from '../../src/domain/decide-claim.ts'
import { decideReconciliation } from '../../src/domain/decide-reconciliation.ts'
import { decideVoid } from '../../src/domain/decide-void.ts'
import type { Decision, LoadedState } from '../../src/domain/decision.ts'
import type { ReconciliationRequest } from '../../src/domain/requests.ts'
import type { AcquirerMessage, JournalEntry } from '../../src/domain/types.ts'
import * as f from './fixtures.ts'

function draftOf(decision: Decision) {
  if (decision.kind !== 'commit') throw new Error(`expected a commit, not ${decision.kind}`)
  return decision.draft
}

const forVoid: LoadedState = { ...f.loadedState, original: f.original }
const claim: JournalEntry = {
  ...draftOf(asPending(decideVoid(f.voidRequest, forVoid, f.generated), forVoid, f.generated)),
  seq: 3,
  previousHash: 'a'.repeat(64),
  hash: 'b'.repeat(64),
}
const message = claim.effects.claim as AcquirerMessage

const AS_OF = f.NOW + 3_600_000
const LATER = { ...f.generated, now: AS_OF + 1 }

const ourRecord = (state: AcquirerState, more: Partial<AcquirerMessage> = {}, isBatchOpen = true) => ({
  message: { ...message, state, ...more },
  isBatchOpen,
})

const record: ReconciliationRecord = {
  kind: 'void',
  merchantId: message.merchantId,
  terminalId: message.terminalId,
  batchNumber: message.batchNumber,
  acquirerStan: message.acquirerStan,
  state: 'approved',
  amount: message.amount,
  currencyCode: '156',
  acquirerRrn: 'ACQR00000009',
  authorizationCode: '909090',
  original: { batchNumber: message.batchNumber, stan: '000001' },
}

const attemptOf = (state: AcquirerStatus): ReconciliationRecord => ({
  ...record,
  state,
  amount: state === 'absent' ? null : record.amount,
})

const summary = (found: ReconciliationResult): string =>
  found.result === 'resolves' ? found.event : found.result === 'differs' ? found.difference : found.result

/** State → what the list's word comes to: approved, declined, reversed, absent. */
const TABLE: Readonly<Record<AcquirerState, readonly string[]>> = {
  pending: ['acquirer_approved', 'acquirer_declined', 'acquirer_declined', 'in_progress'],
  undoing: ['in_progress', 'acquirer_undone', 'acquirer_undone', 'in_progress'],
  approved: ['agrees', 'state', 'state', 'only_ours'],
  declined: ['state', 'agrees', 'agrees', 'agrees'],
  reversing: ['in_progress', 'acquirer_undone', 'acquirer_undone', 'in_progress'],
  reversed: ['state', 'agrees', 'agrees', 'agrees'],
}

describe('a line of the list', () => {
  it.each(ACQUIRER_STATES)('of what is %s here', (state) => {
    const found = ACQUIRER_STATUSES.map((status) =>
      summary(compareRecord(ourRecord(state), attemptOf(status), AS_OF)),
    )
    expect(found).toEqual(TABLE[state])
  })

  it('of what we have no trace of', () => {
    expect(ACQUIRER_STATUSES.map((status) => summary(compareRecord(null, attemptOf(status), AS_OF)))).toEqual(
      ['only_acquirer', 'only_acquirer', 'only_acquirer', 'agrees'],
    )
  })

  it('says nothing of what changed here after the list was made', () => {
    for (const state of ACQUIRER_STATES)
      expect(
        summary(compareRecord(ourRecord(state, { movedAt: AS_OF + 1 }), attemptOf('declined'), AS_OF)),
      ).toBe('changed_since')
  })

  it.each([
    ['another amount', { amount: 1 }, 'amount'],
    ['another kind', { kind: 'sale' }, 'identity'],
    ['another merchant', { merchantId: 'x'.repeat(15) }, 'identity'],
    ['another currency', { currencyCode: '840' }, 'identity'],
    ['no currency', { currencyCode: null }, 'agrees'],
  ] as const)('with %s', (_, change, expected) => {
    expect(summary(compareRecord(ourRecord('approved'), { ...record, ...change }, AS_OF))).toBe(expected)
    expect(summary(compareRecord(ourRecord('pending'), { ...record, ...change }, AS_OF))).toBe(
      expected === 'agrees' ? 'acquirer_approved' : expected,
    )
  })

  it('with another amount of what stands nowhere is nothing to look at', () => {
    const line = { ...attemptOf('declined'), amount: 1 }
    expect(summary(compareRecord(ourRecord('declined'), line, AS_OF))).toBe('agrees')
  })

  it('that approves a void of a batch closed meanwhile is for a person', () => {
    expect(summary(compareRecord(ourRecord('pending', {}, false), record, AS_OF))).toBe('state')
  })

  it('is known once a case says the same, open or closed, and not when it says something else', () => {
    const answered = {
      caseReason: 'record_differs',
      acquirerStatus: 'declined',
      acquirerAmount: record.amount,
    } as const
    for (const caseClosedAt of [null, f.NOW]) {
      const before = ourRecord('approved', { ...answered, caseOpenedAt: f.NOW, caseClosedAt })
      expect(summary(compareRecord(before, attemptOf('declined'), AS_OF))).toBe('known_case')
      expect(summary(compareRecord(before, attemptOf('reversed'), AS_OF))).toBe('state')
      expect(summary(compareRecord(before, { ...attemptOf('declined'), amount: 1 }, AS_OF))).toBe('amount')
    }
  })
})

const request = (line: ReconciliationRecord, messageKey = message.messageKey): ReconciliationRequest => ({
  ...f.voidRequest,
  kind: 'reconciliation',
  door: 'json',
  messageKey,
  contentFingerprint: '',
  request: { acquirerStatus: line.state },
  record: line,
  asOf: AS_OF,
})

const at = (state: AcquirerState, more: Partial<AcquirerMessage> = {}): LoadedState => ({
  ...f.loadedState,
  earlier: claim,
  claim,
  forwarded: ourRecord(state, more).message,
})

describe('applied', () => {
  it('an answer is the acquirer’s word, with its references', () => {
    expect(draftOf(decideReconciliation(request(record), at('pending'), LATER))).toMatchObject({
      kind: 'void',
      answer: { responseCode: '00', authorizationCode: '909090' },
      effects: { acquirerMoves: [{ state: 'approved', acquirerRrn: 'ACQR00000009' }] },
    })
    expect(
      draftOf(decideReconciliation(request(attemptOf('reversed')), at('pending'), LATER)).answer?.reason,
    ).toBe('message_reversed')
    expect(draftOf(decideReconciliation(request(attemptOf('declined')), at('reversing'), LATER)).kind).toBe(
      'acquirer_undone',
    )
  })

  it('a difference is a case, which leaves the state and goes on asking where something is owed', () => {
    const { kind, messageKey, effects } = draftOf(
      decideReconciliation(request(attemptOf('absent')), at('approved'), LATER),
    )
    expect([kind, messageKey]).toEqual(['case', `${message.messageKey}|case|${f.terminal.head.seq + 1}`])
    expect(effects).toEqual({
      acquirerMoves: [
        {
          messageKey: message.messageKey,
          state: 'approved',
          at: LATER.now,
          nextAt: null,
          caseReason: 'record_differs',
          acquirerStatus: 'absent',
          acquirerAmount: null,
        },
      ],
    })
    const other = draftOf(decideReconciliation(request({ ...record, amount: 1 }), at('pending'), LATER))
    expect(other.effects.acquirerMoves).toMatchObject([
      { state: 'pending', nextAt: LATER.now, acquirerAmount: 1 },
    ])
  })

  it('what agrees, is owed, or came later writes nothing', () => {
    for (const [line, state, more] of [
      [record, 'approved', {}],
      [record, 'undoing', {}],
      [attemptOf('declined'), 'approved', { movedAt: AS_OF + 1 }],
    ] as const)
      expect(decideReconciliation(request(line), at(state, more), LATER).kind).toBe('pending')
  })

  const lost = (line: ReconciliationRecord, more: Partial<LoadedState> = {}) =>
    draftOf(
      decideReconciliation(
        request(line, 'acquirer|x'),
        { ...f.loadedState, forwarded: null, original: f.original, ...more },
        LATER,
      ),
    )

  it('a void that only the acquirer has is taken up with a case, and counts', () => {
    const { kind, answer, effects } = lost(record)
    expect([kind, answer]).toEqual(['acquirer_only', null])
    expect(effects).toMatchObject({
      claim: {
        messageKey: 'acquirer|x',
        state: 'approved',
        acquirerStan: message.acquirerStan,
        rrn: LATER.rrn,
        caseReason: 'only_acquirer',
        caseOpenedAt: LATER.now,
        acquirerStatus: 'approved',
      },
      voidRecord: { state: 'approved', saleId: f.sale.id, stan: null, authorizationCode: '909090' },
      batch: { creditAmount: 1234, creditCount: 1 },
    })
  })

  const liveVoid = { id: 'v', messageKey: 'v', state: 'pending', forwarded: true } as const
  it.each([
    ['whose sale is not known', record, { original: null }],
    ['whose sale is reversed', record, { original: { ...f.original, reversed: true } }],
    ['whose sale has a void', record, { original: { ...f.original, liveVoid } }],
    ['of another amount than the sale', { ...record, amount: 1 }, {}],
    ['of another batch than the sale', { ...record, batchNumber: '000009' }, {}],
  ] as const)('one %s is written down with a case, and no more', (_, line, more) => {
    const { effects } = lost(line, more)
    expect(Object.keys(effects)).toEqual(['claim'])
    expect(effects.claim).toMatchObject({ state: 'approved', caseReason: 'only_acquirer' })
  })

  it('of a closed batch it is taken up and not counted', () => {
    const terminal = { ...f.terminal, batch: { ...f.batch, batchNumber: '000002' } }
    expect(Object.keys(lost(record, { terminal }).effects)).toEqual(['claim', 'voidRecord'])
  })

  it('what has no effect there either needs no person', () => {
    for (const [status, state] of [
      ['declined', 'declined'],
      ['reversed', 'reversed'],
    ] as const) {
      const { effects } = lost(attemptOf(status))
      expect(Object.keys(effects)).toEqual(['claim'])
      expect(effects.claim).toMatchObject({ state, caseReason: null, caseOpenedAt: null })
    }
  })
})

describe('a line of a sale that was fed', () => {
  const ofSale = { ...record, kind: 'sale', acquirerStan: f.sale.stan, amount: f.sale.amount } as const
  const decide = (
    line: ReconciliationRecord,
    original = f.original,
    earlier: JournalEntry | null = f.saleEntry,
  ) =>
    decideReconciliation(
      request(line, f.sale.messageKey),
      { ...f.loadedState, forwarded: null, earlier, original },
      LATER,
    )

  it('that says what we hold changes nothing', () => {
    expect(decide(ofSale)).toMatchObject({ kind: 'replay', entry: f.saleEntry })
    expect(decide({ ...ofSale, state: 'reversed' }, { ...f.original, reversed: true }).kind).toBe('replay')
  })

  it.each([
    ['another state', { ...ofSale, state: 'declined' }],
    ['another amount', { ...ofSale, amount: 1 }],
  ] as const)('that says %s makes it a message at the acquirer, with a case', (_, line) => {
    const { kind, messageKey, answer, effects } = draftOf(decide(line))
    const seq = f.terminal.head.seq + 1
    expect([kind, messageKey, answer]).toEqual(['case', `${f.sale.messageKey}|case|${seq}`, null])
    expect(effects).toEqual({
      claim: expect.objectContaining({
        messageKey: f.sale.messageKey,
        kind: 'sale',
        state: 'approved',
        acquirerStan: f.sale.stan,
        acquirerRrn: line.acquirerRrn,
        rrn: LATER.rrn,
        amount: f.sale.amount,
        movedAt: AS_OF,
        claimedAt: LATER.now,
        decideBy: LATER.now,
        caseReason: 'record_differs',
        caseOpenedAt: LATER.now,
        caseClosedAt: null,
        acquirerStatus: line.state,
        acquirerAmount: line.amount,
      }),
    })
  })

  it('is of no such sale where that was never told, or is another', () => {
    expect(draftOf(decide(ofSale, f.original, null)).kind).toBe('acquirer_only')
    const other = { ...f.original, sale: { ...f.sale, messageKey: 'another' } }
    expect(draftOf(decide(ofSale, other)).kind).toBe('acquirer_only')
    const unanswered = { ...f.saleEntry, answer: null }
    expect(draftOf(decide(ofSale, f.original, unanswered)).kind).toBe('acquirer_only')
  })
})
