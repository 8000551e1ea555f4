/** @module Settlement and batch upload: totals compared, the batch closed once, nothing written for anything else. */

import { describe, expect, it } from 'vitest'
import { decideSettlement, decideUpload, SETTLEMENT_ERROR } from '../../src/domain/decide-settlement.ts'
import type { LoadedState } from '../../src/domain/decision.ts'
import { NO_TOTALS } from '../../src/domain/money.ts'
import type { SettlementRequest, UploadRequest } from '../../src/domain/requests.ts'
import type { Batch } from '../../src/domain/types.ts'
import {
  loadedState as anyLoadedState,
  batch,
  entryFor,
  generated,
  settlementRequest,
  terminal,
  totals,
  uploadEnd,
} from './fixtures.ts'
import { type Guard, guardSuite, reasonOf } from './guards.ts'

interface Case<R> {
  readonly request: R
  readonly loadedState: LoadedState
}

/** The message names the open batch. */
const loadedState: LoadedState = { ...anyLoadedState, namedBatch: batch }

const knownGuards = <R extends { messageKey: string; batchNumber: string }>(request: R): Guard<Case<R>>[] => [
  {
    fault: 'its key bears another content',
    reason: 'key_reused_with_different_content',
    break: (c) => ({
      ...c,
      loadedState: { ...c.loadedState, earlier: entryFor({ ...request, contentFingerprint: 'other' }) },
    }),
  },
  {
    fault: 'a batch that never was',
    reason: 'batch_mismatch',
    break: (c) => ({
      request: { ...c.request, batchNumber: '000002' },
      loadedState: { ...c.loadedState, namedBatch: null },
    }),
  },
]

const valid = { request: settlementRequest, loadedState }
const settle = ({ request, loadedState }: Case<SettlementRequest>) =>
  decideSettlement(request, loadedState, generated)
const upload = ({ request, loadedState }: Case<UploadRequest>) =>
  decideUpload(request, loadedState, generated)

guardSuite('a settlement', valid, settle, [
  ...knownGuards(settlementRequest),
  {
    fault: 'field 48 is not 62 digits',
    reason: 'format_error',
    break: (c) => ({ ...c, request: { ...c.request, totals: '0'.repeat(61) } }),
  },
])
guardSuite('the end of an upload', { request: uploadEnd, loadedState }, upload, knownGuards(uploadEnd))

const holding = (open: Batch): LoadedState => ({
  ...loadedState,
  terminal: { ...terminal, batch: open },
  namedBatch: open,
})
const unknownBatch: LoadedState = { ...loadedState, namedBatch: null }
const empty: Batch = { ...NO_TOTALS, batchNumber: '000001', state: 'open' }
const effects = {
  batch: { ...batch, state: 'closed' },
  nextBatch: { ...NO_TOTALS, batchNumber: '000002', state: 'open' },
}

/** Field 48 of an answer with the codes of its halves. */
const answered = (half: string, domestic: number, foreign: number): string =>
  `${half.slice(0, 30)}${domestic}${'0'.repeat(30)}${foreign}`
const OURS = totals(1234, 1, 0, 0)

describe('totals of a settlement', () => {
  it('equal: the batch is closed and the next one opened', () => {
    expect(settle(valid)).toMatchObject({
      kind: 'commit',
      draft: { kind: 'settlement', answer: { reason: null, totals: answered(OURS, 1, 1) }, effects },
    })
  })

  const foreign = `${OURS.slice(0, 31)}${'0'.repeat(11)}1${'0'.repeat(19)}`
  const rows: [string, string, string][] = [
    ['one fen more', totals(1235, 1, 0, 0), answered(OURS, 2, 1)],
    ['one sale more', totals(1234, 2, 0, 0), answered(OURS, 2, 1)],
    ['a credit that we do not have', totals(1234, 1, 1, 0), answered(OURS, 2, 1)],
    ['a void that we do not have', totals(1234, 1, 0, 1), answered(OURS, 2, 1)],
    ['a foreign sale', foreign, answered(OURS, 1, 2)],
    ['both halves', `${totals(1, 1, 0, 0).slice(0, 31)}${foreign.slice(31)}`, answered(OURS, 2, 2)],
  ]
  it.each(rows)('%s: our totals, and nothing is written', (_, sent, answer) => {
    expect(settle({ ...valid, request: { ...settlementRequest, totals: sent } })).toMatchObject({
      kind: 'answer',
      answer: { reason: null, responseCode: '00', totals: answer },
    })
  })

  it('the code that the terminal sends is not compared', () => {
    const request = { ...settlementRequest, totals: `${OURS.slice(0, 30)}9${OURS.slice(31, 61)}9` }
    expect(settle({ ...valid, request })).toMatchObject({ kind: 'commit' })
  })

  it('an empty batch agrees and stays open', () => {
    const request = { ...settlementRequest, totals: totals(0, 0, 0, 0) }
    expect(settle({ request, loadedState: holding(empty) })).toMatchObject({
      kind: 'answer',
      answer: { reason: null, totals: answered(totals(0, 0, 0, 0), 1, 1) },
    })
  })

  it('a sale and its reversal leave an empty batch', () => {
    const request = { ...settlementRequest, totals: OURS }
    expect(settle({ request, loadedState: holding(empty) })).toMatchObject({ kind: 'answer' })
  })

  it('a batch whose sale was voided is not empty', () => {
    const open = { ...batch, creditAmount: 1234, creditCount: 1 }
    const request = { ...settlementRequest, totals: totals(1234, 1, 1234, 1) }
    expect(settle({ request, loadedState: holding(open) }).kind).toBe('commit')
  })

  it('a refusal says code 3 in both halves and no totals', () => {
    expect(SETTLEMENT_ERROR).toBe(answered('0'.repeat(30), 3, 3))
    const request = { ...settlementRequest, batchNumber: '000002' }
    expect(settle({ request, loadedState: unknownBatch })).toMatchObject({
      kind: 'answer',
      answer: { reason: 'batch_mismatch', totals: SETTLEMENT_ERROR },
    })
  })

  it('sent again after the batch was closed gets the entry that stands', () => {
    const entry = entryFor(settlementRequest, { kind: 'settlement' })
    const next = { ...empty, batchNumber: '000002' }
    expect(settle({ ...valid, loadedState: { ...holding(next), earlier: entry } })).toEqual({
      kind: 'replay',
      entry,
      answer: entry.answer,
    })
  })
})

describe('a settlement asked again about a closed batch, under a new STAN', () => {
  const closed: Batch = { ...batch, state: 'closed' }
  const later: LoadedState = { ...holding({ ...empty, batchNumber: '000002' }), namedBatch: closed }

  it('gets the same comparison, and nothing is written', () => {
    expect(settle({ request: settlementRequest, loadedState: later })).toMatchObject({
      kind: 'answer',
      answer: { reason: null, totals: answered(OURS, 1, 1) },
    })
    const request = { ...settlementRequest, totals: totals(1, 1, 0, 0) }
    expect(settle({ request, loadedState: later })).toMatchObject({
      kind: 'answer',
      answer: { reason: null, totals: answered(OURS, 2, 1) },
    })
  })
})

describe('batch upload', () => {
  const closed: Batch = { ...batch, state: 'closed' }
  const next = holding({ ...empty, batchNumber: '000002' })
  const rows: [string, Partial<UploadRequest>, LoadedState, 'commit' | 'answer', string | null][] = [
    ['details', { kind: 'upload' }, loadedState, 'answer', null],
    [
      'details of another batch',
      { kind: 'upload', batchNumber: '000002' },
      unknownBatch,
      'answer',
      'batch_mismatch',
    ],
    ['its end after a mismatch', {}, loadedState, 'commit', null],
    ['its end, the batch empty', {}, holding(empty), 'answer', null],
    ['its end after a mismatch, the batch closed', {}, { ...next, namedBatch: closed }, 'answer', null],
    ['its end after a match', { after: 'match' }, { ...next, namedBatch: closed }, 'answer', null],
    [
      'its end after a match, the batch still open',
      { after: 'match' },
      { ...loadedState, namedBatch: batch },
      'answer',
      'batch_mismatch',
    ],
    ['its end after a match, no such batch', { after: 'match' }, unknownBatch, 'answer', 'batch_mismatch'],
  ]
  it.each(rows)('%s', (_, request, where, kind, reason) => {
    const decision = upload({ request: { ...uploadEnd, ...request }, loadedState: where })
    expect(decision.kind).toBe(kind)
    expect(reasonOf(decision)).toBe(reason)
  })

  it('closes the batch as a settlement does', () => {
    expect(upload({ request: uploadEnd, loadedState })).toMatchObject({
      draft: { kind: 'upload_end', effects },
    })
  })
})

describe('what is not decided at the acquirer', () => {
  const waiting = { ...loadedState, undecided: true }

  it('holds the close of its batch up, and is nothing to one that is closed', () => {
    expect(settle({ ...valid, loadedState: waiting })).toMatchObject({
      kind: 'answer',
      answer: { reason: 'outcome_pending', totals: SETTLEMENT_ERROR },
    })
    expect(upload({ request: uploadEnd, loadedState: waiting })).toMatchObject({
      kind: 'answer',
      answer: { reason: 'outcome_pending' },
    })
    const closed = { ...waiting, namedBatch: { ...batch, state: 'closed' } as const }
    expect(settle({ ...valid, loadedState: closed })).toMatchObject({ answer: { reason: null } })
  })

  it('a batch of voids alone is closed like any other', () => {
    const open = { ...empty, creditAmount: 1234, creditCount: 1 }
    const request = { ...settlementRequest, totals: totals(0, 0, 1234, 1) }
    expect(settle({ request, loadedState: holding(open) }).kind).toBe('commit')
  })
})
