/** @module The void's guards in their order, one row per case, and what an approved void writes. */

import { describe, expect, it } from 'vitest'
import { decideVoid } from '../../src/domain/decide-void.ts'
import type { LoadedState } from '../../src/domain/decision.ts'
import type { VoidRequest } from '../../src/domain/requests.ts'
import type { Sale, SaleState } from '../../src/domain/types.ts'
import {
  approval,
  batch,
  entryFor,
  generated,
  jsonVoidRequest,
  keyOf,
  loadedState,
  NOW,
  original,
  sale,
  terminal,
  voidRecord,
  voidRequest,
} from './fixtures.ts'
import { type Guard, guardSuite, reasonOf } from './guards.ts'

interface Case {
  readonly request: VoidRequest
  readonly loadedState: LoadedState
  readonly now: number
}

const valid: Case = { request: voidRequest, loadedState: { ...loadedState, original }, now: NOW }
const decide = ({ request, loadedState, now }: Case) =>
  decideVoid(request, loadedState, { ...generated, now })

const ask = (change: Partial<VoidRequest>) => (c: Case) => ({ ...c, request: { ...c.request, ...change } })
const find = (change: Partial<LoadedState>) => (c: Case) => ({
  ...c,
  loadedState: { ...c.loadedState, ...change },
})
const state = (change: Partial<SaleState>) => (c: Case) =>
  c.loadedState.original === null ? c : find({ original: { ...c.loadedState.original, ...change } })(c)
const sold = (change: Partial<Sale>) => (c: Case) =>
  c.loadedState.original === null ? c : state({ sale: { ...c.loadedState.original.sale, ...change } })(c)
const at = (now: number) => (c: Case) => ({ ...c, now })

/** 23:00 in Shanghai on the day of the sale. */
const CUT_OFF = Date.UTC(2026, 5, 1, 15)

const keyGuards: Guard<Case>[] = [
  {
    fault: 'the key has different content',
    reason: 'key_reused_with_different_content',
    break: find({ earlier: entryFor({ ...voidRequest, contentFingerprint: 'other' }) }),
  },
  {
    fault: 'it was reversed before it arrived',
    reason: 'message_reversed',
    break: find({ reversal: { targetKey: voidRequest.messageKey, kind: 'tombstone' } }),
  },
]

const saleGuards: Guard<Case>[] = [
  { fault: 'the sale was declined', reason: 'original_not_approved', break: sold({ status: 'declined' }) },
  { fault: 'the sale was reversed', reason: 'original_reversed', break: state({ reversed: true }) },
  {
    fault: 'the sale has a live void',
    reason: 'original_already_voided',
    break: state({
      liveVoid: { id: '9'.repeat(32), messageKey: 'another', state: 'approved', forwarded: false },
    }),
  },
  { fault: 'its batch is closed', reason: 'original_settled', break: state({ batchState: 'closed' }) },
  { fault: 'the cut-off has passed', reason: 'window_expired', break: at(CUT_OFF) },
  { fault: 'an amount below the sale’s', reason: 'amount_differs', break: ask({ amount: 1233 }) },
  { fault: 'another currency', reason: 'currency_differs', break: ask({ currencyCode: '840' }) },
]

it('of a sale without an outcome waits for the outcome', () => {
  expect(reasonOf(decide(find({ original: null, isOriginalPending: true })(valid)))).toBe('outcome_pending')
})

guardSuite('a void from a terminal', valid, decide, [
  ...keyGuards,
  {
    fault: 'a batch other than the open one',
    reason: 'batch_mismatch',
    break: (c) =>
      ask({
        pos: { terminalId: '12345678', batchNumber: '000002', stan: '000002', saleKey: sale.messageKey },
      })(c),
  },
  { fault: 'no such sale', reason: 'original_not_found', break: find({ original: null }) },
  {
    fault: 'a sale of another merchant',
    reason: 'merchant_differs',
    break: sold({ merchantId: '999999999999999' }),
  },
  {
    fault: 'a sale of another terminal',
    reason: 'terminal_differs',
    break: sold({ terminalId: '99999999' }),
  },
  {
    fault: 'field 61 names a sale other than the one found',
    reason: 'reference_differs',
    break: (c) =>
      c.request.pos === null ? c : ask({ pos: { ...c.request.pos, saleKey: keyOf('000777', 'sale') } })(c),
  },
  { fault: 'another RRN', reason: 'reference_differs', break: ask({ rrn: '000000000999' }) },
  {
    fault: 'another authorisation code',
    reason: 'reference_differs',
    break: ask({ authorizationCode: '999999' }),
  },
  { fault: 'another card', reason: 'card_differs', break: ask({ cardFingerprint: 'd'.repeat(64) }) },
  ...saleGuards,
])

guardSuite('a void from the JSON API', { ...valid, request: jsonVoidRequest }, decide, [
  {
    ...keyGuards[0],
    break: find({ earlier: entryFor({ ...jsonVoidRequest, contentFingerprint: 'other' }) }),
  },
  keyGuards[1],
  { fault: 'no such sale', reason: 'original_not_found', break: find({ original: null }) },
  ...saleGuards,
] as Guard<Case>[])

describe('the reference to the sale', () => {
  const POS = { terminalId: '12345678', batchNumber: '000001', stan: '000002' }
  const OTHER_CARD = 'd'.repeat(64)
  const NO_CODE = { authorizationCode: null }
  const NO_RRN = { isRrnMade: true } as const
  const NOTHING = { ...NO_RRN, ...NO_CODE, card: null }
  const rows: [string, Partial<VoidRequest>, Partial<Sale>, ReturnType<typeof reasonOf>][] = [
    ['accepts the card alone', { rrn: null }, {}, null],
    ['accepts the RRN alone, without field 61', { pos: { ...POS, saleKey: null } }, {}, null],
    ['accepts the RRN alone, without a readable card', { cardFingerprint: null }, {}, null],
    ['rejects neither card nor RRN', { cardFingerprint: null, rrn: null }, {}, 'card_differs'],
    [
      'rejects a card without RRN when the captured sale has no card',
      { rrn: null },
      { card: null },
      'card_differs',
    ],
    ['accepts a card with RRN when the captured sale has no card', {}, { card: null }, null],
    ['accepts the authorisation code too', { authorizationCode: '000201' }, {}, null],
    // A value that is absent is not compared.
    ['accepts any authorisation code when the sale has none', { authorizationCode: '999999' }, NO_CODE, null],
    ['accepts any RRN when the sale came without one', { rrn: '999999999999' }, NO_RRN, null],
    ['accepts no RRN and no code when the sale has both', { rrn: null }, {}, null],
    ['compares the card all the same', { rrn: null, cardFingerprint: OTHER_CARD }, NO_RRN, 'card_differs'],
    [
      'rejects another code when the sale came without an RRN',
      { authorizationCode: '999999' },
      NO_RRN,
      'reference_differs',
    ],
    ['accepts a sale that came with nothing to compare', {}, NOTHING, null],
    [
      'rejects a request that names nothing of it',
      { rrn: null, authorizationCode: null },
      NOTHING,
      'card_differs',
    ],
    [
      'accepts the code alone when the sale came with it alone',
      { cardFingerprint: null, rrn: null, authorizationCode: '000201' },
      { ...NO_RRN, card: null },
      null,
    ],
    [
      'rejects no code when the sale came with it alone',
      { rrn: null, authorizationCode: null },
      { ...NO_RRN, card: null },
      'card_differs',
    ],
    [
      'rejects no readable card when the sale came with the card alone',
      { cardFingerprint: null, rrn: '999999999999' },
      { ...NO_RRN, ...NO_CODE },
      'card_differs',
    ],
    [
      'accepts the RRN that Annul made for a sale with the card alone, without a readable card',
      { cardFingerprint: null },
      { ...NO_RRN, ...NO_CODE },
      null,
    ],
  ]
  it.each(rows)('%s', (_, request, ofSale, reason) => {
    expect(reasonOf(decide(sold(ofSale)(ask(request)(valid))))).toBe(reason)
  })

  it('accepts the sale id from the JSON API, with any card', () => {
    expect(reasonOf(decide(sold({ card: null })({ ...valid, request: jsonVoidRequest })))).toBeNull()
  })
})

describe('the amount', () => {
  it.each([0, 1, 1233, 1235, 999_999_999_999])('is rejected when it is %d for a sale of 1234', (amount) => {
    expect(reasonOf(decide(ask({ amount })(valid)))).toBe('amount_differs')
  })
})

describe('an approved void', () => {
  it('writes the record and the credit, and leaves the sale unchanged', () => {
    expect(decide(valid)).toEqual({
      kind: 'commit',
      draft: {
        terminalId: '12345678',
        merchantId: '123456789012345',
        kind: 'void',
        messageKey: voidRequest.messageKey,
        contentFingerprint: voidRequest.contentFingerprint,
        door: 'terminal',
        request: voidRequest.request,
        answer: {
          ...approval,
          rrn: '000000000102',
          authorizationCode: '000202',
          at: NOW,
          localTime: '101900',
        },
        effects: { voidRecord, batch: { ...batch, creditAmount: 1234, creditCount: 1 } },
        at: NOW,
      },
    })
  })

  it('from the JSON API carries the reason and the fee, and no STAN', () => {
    const decision = decide({ ...valid, request: jsonVoidRequest })
    expect(decision).toMatchObject({
      kind: 'commit',
      draft: { effects: { voidRecord: { stan: null, reason: 'operator_error', feeReturned: 7 } } },
    })
  })

  it('has no fee when the sale states none', () => {
    expect(decide(sold({ fee: null })(valid))).toMatchObject({
      draft: { effects: { voidRecord: { feeReturned: null } } },
    })
  })
})

describe('a declined void', () => {
  it('is stored without effects, so that a retransmission finds it', () => {
    expect(decide(ask({ amount: 1 })(valid))).toMatchObject({
      kind: 'commit',
      draft: {
        effects: {},
        answer: {
          responseCode: '64',
          reason: 'amount_differs',
          authorizationCode: null,
          textEncoding: 'gbk',
        },
      },
    })
  })

  it('writes nothing when it was reversed or its key has different content', () => {
    for (const { break: fault } of keyGuards) expect(decide(fault(valid)).kind).toBe('answer')
  })

  it('uses its terminal’s text encoding', () => {
    const ascii = find({ terminal: { ...terminal, textEncoding: 'ascii' } })(valid)
    expect(decide(ask({ amount: 1 })(ascii))).toMatchObject({
      draft: { answer: { textEncoding: 'ascii', reason: 'amount_differs' } },
    })
  })
})

it('returns the stored entry for a retransmission, whatever happened since', () => {
  const entry = entryFor(voidRequest, { kind: 'void', effects: { voidRecord } })
  const later = find({
    earlier: entry,
    original: {
      sale,
      liveVoid: { id: voidRecord.id, messageKey: entry.messageKey, state: 'approved', forwarded: false },
      isVoidedByEntries: true,
      isVoidRowLost: false,
      isRrnOurs: true,
      reversed: false,
      ownVoids: [entry.messageKey],
      forwarded: null,
      batchState: 'closed',
    },
  })(valid)
  expect(decide(at(CUT_OFF + 1)(later))).toEqual({ kind: 'replay', entry, answer: entry.answer })
})
