/**
 * @module Sales: the decision before the acquirer's answer, the effect of that answer, and captured sales.
 */

import { describe, expect, it } from 'vitest'
import { decideCapturedSale, decideSale, decideSaleEarly } from '../../src/domain/decide-sale.ts'
import type { LoadedState } from '../../src/domain/decision.ts'
import { REFUSALS } from '../../src/domain/decline-reason.ts'
import type { SaleRequest } from '../../src/domain/requests.ts'
import {
  batch,
  capturedSaleRequest,
  entryFor,
  generated,
  loadedState,
  NOW,
  original,
  refusal,
  sale,
  saleEntry,
  saleRequest,
} from './fixtures.ts'
import { type Guard, guardSuite } from './guards.ts'

interface Case {
  readonly request: SaleRequest
  readonly loadedState: LoadedState
}

const find = (change: Partial<LoadedState>) => (c: { loadedState: LoadedState }) => ({
  ...c,
  loadedState: { ...c.loadedState, ...change },
})

const guardsFor = <C extends { loadedState: LoadedState; request: object }>(
  messageKey: string,
): Guard<C>[] => {
  const result = find as (change: Partial<LoadedState>) => (c: { loadedState: LoadedState }) => C
  return [
    {
      fault: 'the key has different content',
      reason: 'key_reused_with_different_content',
      break: result({ earlier: entryFor({ messageKey, contentFingerprint: 'other' }) }),
    },
    {
      fault: 'it was reversed before it arrived',
      reason: 'message_reversed',
      break: result({ reversal: { targetKey: messageKey, kind: 'tombstone' } }),
    },
    {
      fault: 'a batch other than the open one',
      reason: 'batch_mismatch',
      break: (c) => ({ ...c, request: { ...c.request, batchNumber: '000002' } }),
    },
    {
      fault: 'a currency other than the merchant’s',
      reason: 'currency_differs',
      break: (c) => ({ ...c, request: { ...c.request, currencyCode: '840' } }),
    },
  ]
}

/** Like the pipeline: ask the acquirer only when no earlier decision exists. */
const decide = ({ request, loadedState }: Case) =>
  decideSaleEarly(request, loadedState, generated) ??
  decideSale(request, loadedState, generated, { kind: 'approved' })

const guards = guardsFor<Case>(saleRequest.messageKey)
guardSuite('a sale', { request: saleRequest, loadedState }, decide, guards)

describe('before the request to the acquirer', () => {
  it('returns no decision for a sale that may proceed', () => {
    expect(decideSaleEarly(saleRequest, loadedState, generated)).toBeNull()
  })

  it('returns the stored entry for a retransmission, approved or declined', () => {
    for (const entry of [saleEntry, entryFor(saleRequest, { answer: refusal })])
      expect(decideSaleEarly(saleRequest, { ...loadedState, earlier: entry }, generated)).toEqual({
        kind: 'replay',
        entry,
        answer: entry.answer,
      })
  })

  it('refuses a captured sale whose RRN another sale of the terminal has, and leaves its key free', () => {
    const taken = (more: Partial<typeof sale>) => ({
      ...loadedState,
      original: { ...original, sale: { ...sale, messageKey: 'another', ...more } },
    })
    expect(decideCapturedSale(capturedSaleRequest, taken({}), generated)).toMatchObject({
      kind: 'answer',
      answer: { reason: 'key_reused_with_different_content' },
    })
    for (const free of [
      taken({ terminalId: '87654321' }),
      taken({ messageKey: capturedSaleRequest.messageKey }),
    ])
      expect(decideCapturedSale(capturedSaleRequest, free, generated).kind).toBe('commit')
    expect(decideCapturedSale({ ...capturedSaleRequest, rrn: null }, taken({}), generated).kind).toBe(
      'commit',
    )
  })

  it('does not store a batch refusal, so the key is free when that batch opens', () => {
    expect(decideSaleEarly({ ...saleRequest, batchNumber: '000002' }, loadedState, generated)).toMatchObject({
      kind: 'answer',
      answer: { reason: 'batch_mismatch', authorizationCode: null },
    })
  })

  it('stores a currency refusal, so its copies get the same answer', () => {
    expect(decideSaleEarly({ ...saleRequest, currencyCode: '840' }, loadedState, generated)).toMatchObject({
      kind: 'commit',
      draft: { kind: 'sale', effects: {}, answer: { reason: 'currency_differs' } },
    })
  })
})

describe('the acquirer’s answer', () => {
  it('approved: writes the sale and the debit', () => {
    expect(decideSale(saleRequest, loadedState, generated, { kind: 'approved' })).toMatchObject({
      kind: 'commit',
      draft: {
        kind: 'sale',
        answer: { responseCode: '00', reason: null, rrn: '000000000102', authorizationCode: '000202' },
        effects: {
          sale: {
            ...sale,
            id: generated.id,
            rrn: '000000000102',
            authorizationCode: '000202',
            fee: null,
            soldAt: NOW,
            status: 'approved',
          },
          batch: { ...batch, debitAmount: 2468, debitCount: 2 },
        },
      },
    })
  })

  it.each([
    'issuer_declined',
    'insufficient_funds',
    'card_expired',
    'pin_incorrect',
    'limit_exceeded',
    'issuer_unavailable',
  ] as const)('%s: writes the declined sale and changes no total', (reason) => {
    const decision = decideSale(saleRequest, loadedState, generated, { kind: 'declined', reason })
    expect(decision).toMatchObject({
      kind: 'commit',
      draft: {
        answer: { responseCode: REFUSALS[reason].responseCode, reason, authorizationCode: null },
        effects: { sale: { status: 'declined', authorizationCode: null } },
      },
    })
    expect(decision.kind === 'commit' && decision.draft.effects.batch).toBeUndefined()
  })
})

describe('a captured sale', () => {
  const valid = { request: capturedSaleRequest, loadedState }
  const capture = ({ request, loadedState }: typeof valid) =>
    decideCapturedSale(request, loadedState, generated)

  guardSuite('a captured sale', valid, capture, guardsFor<typeof valid>(capturedSaleRequest.messageKey))

  it('stores the RRN, code, fee and time that it states', () => {
    expect(capture(valid)).toMatchObject({
      kind: 'commit',
      draft: {
        kind: 'sale',
        door: 'json',
        answer: { rrn: '900000000001', authorizationCode: '900001' },
        effects: {
          sale: { ...sale, id: generated.id, rrn: '900000000001', authorizationCode: '900001', fee: 7 },
          batch: { debitAmount: 2468, debitCount: 2 },
        },
      },
    })
  })

  it('gets an RRN when it states none, but never an authorisation code', () => {
    const request = { ...capturedSaleRequest, rrn: null, authorizationCode: null }
    expect(capture({ ...valid, request })).toMatchObject({
      draft: {
        answer: { rrn: '000000000102', authorizationCode: null },
        effects: { sale: { rrn: '000000000102', authorizationCode: null } },
      },
    })
  })

  it('that is declined does not count in the totals', () => {
    const decision = capture({ ...valid, request: { ...capturedSaleRequest, status: 'declined' } })
    expect(decision).toMatchObject({ draft: { effects: { sale: { status: 'declined' } } } })
    expect(decision.kind === 'commit' && decision.draft.effects.batch).toBeUndefined()
  })

  it('for a batch that is not open does not use its key', () => {
    expect(capture({ ...valid, request: { ...capturedSaleRequest, batchNumber: '000002' } }).kind).toBe(
      'answer',
    )
  })

  it('that repeats returns the stored entry', () => {
    const entry = entryFor(capturedSaleRequest)
    expect(capture({ ...valid, loadedState: { ...loadedState, earlier: entry } })).toEqual({
      kind: 'replay',
      entry,
      answer: entry.answer,
    })
  })
})
