/** @module Sales: what is decided before the acquirer is asked, what its answer makes of it, and the capture feed. */

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
      fault: 'its key bears another content',
      reason: 'key_reused_with_different_content',
      break: result({ earlier: entryFor({ messageKey, contentFingerprint: 'other' }) }),
    },
    {
      fault: 'it was reversed before it came',
      reason: 'message_reversed',
      break: result({ reversal: { targetKey: messageKey, kind: 'tombstone' } }),
    },
    {
      fault: 'another batch than the open one',
      reason: 'batch_mismatch',
      break: (c) => ({ ...c, request: { ...c.request, batchNumber: '000002' } }),
    },
    {
      fault: 'another currency than the merchant’s',
      reason: 'currency_differs',
      break: (c) => ({ ...c, request: { ...c.request, currencyCode: '840' } }),
    },
  ]
}

/** As the road does: ask the acquirer only where nothing was decided before. */
const decide = ({ request, loadedState }: Case) =>
  decideSaleEarly(request, loadedState, generated) ??
  decideSale(request, loadedState, generated, { kind: 'approved' })

const guards = guardsFor<Case>(saleRequest.messageKey)
guardSuite('a sale', { request: saleRequest, loadedState }, decide, guards)

describe('before the acquirer is asked', () => {
  it('nothing is decided of a sale that may go on', () => {
    expect(decideSaleEarly(saleRequest, loadedState, generated)).toBeNull()
  })

  it('a retransmission is answered with the entry that stands, approved or not', () => {
    for (const entry of [saleEntry, entryFor(saleRequest, { answer: refusal })])
      expect(decideSaleEarly(saleRequest, { ...loadedState, earlier: entry }, generated)).toEqual({
        kind: 'replay',
        entry,
        answer: entry.answer,
      })
  })

  it('a fed RRN that another sale of the terminal has is refused, and its key is free', () => {
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

  it('a refusal of its batch is not written: when that batch comes, its key is free', () => {
    expect(decideSaleEarly({ ...saleRequest, batchNumber: '000002' }, loadedState, generated)).toMatchObject({
      kind: 'answer',
      answer: { reason: 'batch_mismatch', authorizationCode: null },
    })
  })

  it('a refusal of its currency is written, so that its copies get the same answer', () => {
    expect(decideSaleEarly({ ...saleRequest, currencyCode: '840' }, loadedState, generated)).toMatchObject({
      kind: 'commit',
      draft: { kind: 'sale', effects: {}, answer: { reason: 'currency_differs' } },
    })
  })
})

describe('what the acquirer said', () => {
  it('approved: the sale and the debit are written', () => {
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
  ] as const)('%s: the declined sale is written, nothing is added up', (reason) => {
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

describe('the capture feed', () => {
  const valid = { request: capturedSaleRequest, loadedState }
  const capture = ({ request, loadedState }: typeof valid) =>
    decideCapturedSale(request, loadedState, generated)

  guardSuite('a line', valid, capture, guardsFor<typeof valid>(capturedSaleRequest.messageKey))

  it('writes what was told: RRN, code, fee and time', () => {
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

  it('gives an RRN where none was told, but never an authorisation code', () => {
    const request = { ...capturedSaleRequest, rrn: null, authorizationCode: null }
    expect(capture({ ...valid, request })).toMatchObject({
      draft: {
        answer: { rrn: '000000000102', authorizationCode: null },
        effects: { sale: { rrn: '000000000102', authorizationCode: null } },
      },
    })
  })

  it('keeps a declined sale out of the totals', () => {
    const decision = capture({ ...valid, request: { ...capturedSaleRequest, status: 'declined' } })
    expect(decision).toMatchObject({ draft: { effects: { sale: { status: 'declined' } } } })
    expect(decision.kind === 'commit' && decision.draft.effects.batch).toBeUndefined()
  })

  it('does not use its key up on a batch that is not open', () => {
    expect(capture({ ...valid, request: { ...capturedSaleRequest, batchNumber: '000002' } }).kind).toBe(
      'answer',
    )
  })

  it('told twice is answered with the entry that stands', () => {
    const entry = entryFor(capturedSaleRequest)
    expect(capture({ ...valid, loadedState: { ...loadedState, earlier: entry } })).toEqual({
      kind: 'replay',
      entry,
      answer: entry.answer,
    })
  })
})
