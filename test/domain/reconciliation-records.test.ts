/** @module The acquirer's records against ours: the result for every state and every record status. */

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

const recordWith = (state: AcquirerStatus): ReconciliationRecord => ({
  ...record,
  state,
  amount: state === 'absent' ? null : record.amount,
})

const summary = (result: ReconciliationResult): string =>
  result.result === 'resolves'
    ? result.event
    : result.result === 'differs'
      ? result.difference
      : result.result

/** State → the result for each record status: approved, declined, reversed, absent. */
const TABLE: Readonly<Record<AcquirerState, readonly string[]>> = {
  pending: ['acquirer_approved', 'acquirer_declined', 'acquirer_declined', 'in_progress'],
  undoing: ['in_progress', 'acquirer_undone', 'acquirer_undone', 'in_progress'],
  approved: ['agrees', 'state', 'state', 'only_ours'],
  declined: ['state', 'agrees', 'agrees', 'agrees'],
  reversing: ['in_progress', 'acquirer_undone', 'acquirer_undone', 'in_progress'],
  reversed: ['state', 'agrees', 'agrees', 'agrees'],
}

describe('a reconciliation record', () => {
  it.each(ACQUIRER_STATES)('of a message that is %s here', (state) => {
    const found = ACQUIRER_STATUSES.map((status) =>
      summary(compareRecord(ourRecord(state), recordWith(status), AS_OF)),
    )
    expect(found).toEqual(TABLE[state])
  })

  it('of an unknown message', () => {
    expect(
      ACQUIRER_STATUSES.map((status) => summary(compareRecord(null, recordWith(status), AS_OF))),
    ).toEqual(['only_acquirer', 'only_acquirer', 'only_acquirer', 'agrees'])
  })

  it('does not count when our state changed after the list was made', () => {
    for (const state of ACQUIRER_STATES)
      expect(
        summary(compareRecord(ourRecord(state, { movedAt: AS_OF + 1 }), recordWith('declined'), AS_OF)),
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

  it('with another amount agrees when the message stands on neither side', () => {
    const line = { ...recordWith('declined'), amount: 1 }
    expect(summary(compareRecord(ourRecord('declined'), line, AS_OF))).toBe('agrees')
  })

  it('that approves a void of a closed batch needs a person', () => {
    expect(summary(compareRecord(ourRecord('pending', {}, false), record, AS_OF))).toBe('state')
  })

  it('is known when a case, open or closed, has the same content', () => {
    const caseOnRecord = {
      caseReason: 'record_differs',
      acquirerStatus: 'declined',
      acquirerAmount: record.amount,
    } as const
    for (const caseClosedAt of [null, f.NOW]) {
      const before = ourRecord('approved', { ...caseOnRecord, caseOpenedAt: f.NOW, caseClosedAt })
      expect(summary(compareRecord(before, recordWith('declined'), AS_OF))).toBe('known_case')
      expect(summary(compareRecord(before, recordWith('reversed'), AS_OF))).toBe('state')
      expect(summary(compareRecord(before, { ...recordWith('declined'), amount: 1 }, AS_OF))).toBe('amount')
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

describe('its decision', () => {
  it('takes an outcome as the acquirer’s answer, with its references', () => {
    expect(draftOf(decideReconciliation(request(record), at('pending'), LATER))).toMatchObject({
      kind: 'void',
      answer: { responseCode: '00', authorizationCode: '909090' },
      effects: { acquirerMoves: [{ state: 'approved', acquirerRrn: 'ACQR00000009' }] },
    })
    expect(
      draftOf(decideReconciliation(request(recordWith('reversed')), at('pending'), LATER)).answer?.reason,
    ).toBe('message_reversed')
    expect(draftOf(decideReconciliation(request(recordWith('declined')), at('reversing'), LATER)).kind).toBe(
      'acquirer_undone',
    )
  })

  it('opens a case for a difference, keeps the state and keeps pending inquiries', () => {
    const { kind, messageKey, effects } = draftOf(
      decideReconciliation(request(recordWith('absent')), at('approved'), LATER),
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

  it('writes nothing when it agrees, is queued or is outdated', () => {
    for (const [line, state, more] of [
      [record, 'approved', {}],
      [record, 'undoing', {}],
      [recordWith('declined'), 'approved', { movedAt: AS_OF + 1 }],
    ] as const)
      expect(decideReconciliation(request(line), at(state, more), LATER).kind).toBe('pending')
  })

  const draftOfUnknown = (line: ReconciliationRecord, more: Partial<LoadedState> = {}) =>
    draftOf(
      decideReconciliation(
        request(line, 'acquirer|x'),
        { ...f.loadedState, forwarded: null, original: f.original, ...more },
        LATER,
      ),
    )

  it('adopts a void that only the acquirer has, opens a case and counts it', () => {
    const { kind, answer, effects } = draftOfUnknown(record)
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
    ['with an unknown sale', record, { original: null }],
    ['with a reversed sale', record, { original: { ...f.original, reversed: true } }],
    ['with a voided sale', record, { original: { ...f.original, liveVoid } }],
    ['with an amount other than the sale’s', { ...record, amount: 1 }, {}],
    ['with a batch other than the sale’s', { ...record, batchNumber: '000009' }, {}],
  ] as const)('stores a void %s as a case only', (_, line, more) => {
    const { effects } = draftOfUnknown(line, more)
    expect(Object.keys(effects)).toEqual(['claim'])
    expect(effects.claim).toMatchObject({ state: 'approved', caseReason: 'only_acquirer' })
  })

  it('adopts a void of a closed batch and does not count it', () => {
    const terminal = { ...f.terminal, batch: { ...f.batch, batchNumber: '000002' } }
    expect(Object.keys(draftOfUnknown(record, { terminal }).effects)).toEqual(['claim', 'voidRecord'])
  })

  it('opens no case for a message without effect at the acquirer', () => {
    for (const [status, state] of [
      ['declined', 'declined'],
      ['reversed', 'reversed'],
    ] as const) {
      const { effects } = draftOfUnknown(recordWith(status))
      expect(Object.keys(effects)).toEqual(['claim'])
      expect(effects.claim).toMatchObject({ state, caseReason: null, caseOpenedAt: null })
    }
  })
})

describe('a reconciliation record of a captured sale', () => {
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

  it('that agrees with ours changes nothing', () => {
    expect(decide(ofSale)).toMatchObject({ kind: 'replay', entry: f.saleEntry })
    expect(decide({ ...ofSale, state: 'reversed' }, { ...f.original, reversed: true }).kind).toBe('replay')
  })

  it.each([
    ['another state', { ...ofSale, state: 'declined' }],
    ['another amount', { ...ofSale, amount: 1 }],
  ] as const)('with %s makes the sale an acquirer message with a case', (_, line) => {
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

  it('does not match when the sale was not captured or is another sale', () => {
    expect(draftOf(decide(ofSale, f.original, null)).kind).toBe('acquirer_only')
    const other = { ...f.original, sale: { ...f.sale, messageKey: 'another' } }
    expect(draftOf(decide(ofSale, other)).kind).toBe('acquirer_only')
    const unanswered = { ...f.saleEntry, answer: null }
    expect(draftOf(decide(ofSale, f.original, unanswered)).kind).toBe('acquirer_only')
  })
})
