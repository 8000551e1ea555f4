/**
 * @module Settlement and batch upload: they compare totals and close the batch once, and write nothing else.
 */

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

/** The message names the open batch, which has a sale. */
const loadedState: LoadedState = { ...anyLoadedState, namedBatch: batch }

const batchGuards = <R extends { messageKey: string; batchNumber: string }>(request: R): Guard<Case<R>>[] => [
  {
    fault: 'the key has different content',
    reason: 'key_reused_with_different_content',
    break: (c) => ({
      ...c,
      loadedState: { ...c.loadedState, earlier: entryFor({ ...request, contentFingerprint: 'other' }) },
    }),
  },
  {
    fault: 'an unknown batch',
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
  ...batchGuards(settlementRequest),
  {
    fault: 'field 48 is not 62 digits',
    reason: 'format_error',
    break: (c) => ({ ...c, request: { ...c.request, totals: '0'.repeat(61) } }),
  },
])
guardSuite('the end of an upload', { request: uploadEnd, loadedState }, upload, batchGuards(uploadEnd))

const withOpenBatch = (open: Batch): LoadedState => ({
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

const effectsOfEmpty = { batch: { ...empty, state: 'closed' }, nextBatch: effects.nextBatch }

/** Field 48 of a response, with the code of each half. */
const responseTotals = (half: string, domestic: number, foreign: number): string =>
  `${half.slice(0, 30)}${domestic}${'0'.repeat(30)}${foreign}`
const OUR_TOTALS = totals(1234, 1, 0, 0)

describe('totals of a settlement', () => {
  it('closes the batch and opens the next one when they are equal', () => {
    expect(settle(valid)).toMatchObject({
      kind: 'commit',
      draft: {
        kind: 'settlement',
        answer: { reason: null, totals: responseTotals(OUR_TOTALS, 1, 1) },
        effects,
      },
    })
  })

  const foreign = `${OUR_TOTALS.slice(0, 31)}${'0'.repeat(11)}1${'0'.repeat(19)}`
  const rows: [string, string, string][] = [
    ['one fen more', totals(1235, 1, 0, 0), responseTotals(OUR_TOTALS, 2, 1)],
    ['one sale more', totals(1234, 2, 0, 0), responseTotals(OUR_TOTALS, 2, 1)],
    ['a credit that we do not have', totals(1234, 1, 1, 0), responseTotals(OUR_TOTALS, 2, 1)],
    ['a void that we do not have', totals(1234, 1, 0, 1), responseTotals(OUR_TOTALS, 2, 1)],
    ['a foreign sale', foreign, responseTotals(OUR_TOTALS, 1, 2)],
    [
      'both halves',
      `${totals(1, 1, 0, 0).slice(0, 31)}${foreign.slice(31)}`,
      responseTotals(OUR_TOTALS, 2, 2),
    ],
  ]
  it.each(rows)('%s: returns our totals and writes nothing', (_, sent, answer) => {
    expect(settle({ ...valid, request: { ...settlementRequest, totals: sent } })).toMatchObject({
      kind: 'answer',
      answer: { reason: null, responseCode: '00', totals: answer },
    })
  })

  it('ignores the code that the terminal sends', () => {
    const request = {
      ...settlementRequest,
      totals: `${OUR_TOTALS.slice(0, 30)}9${OUR_TOTALS.slice(31, 61)}9`,
    }
    expect(settle({ ...valid, request })).toMatchObject({ kind: 'commit' })
  })

  const zeros = { ...settlementRequest, totals: totals(0, 0, 0, 0) }
  it.each([
    ['with a MAC', true, false, 'commit'],
    ['without a MAC, when the journal has a message of it', false, true, 'commit'],
    ['without a MAC, when no message was in it', false, false, 'answer'],
  ] as const)('of an empty batch %s', (_, isSigned, isBatchUsed, kind) => {
    const loadedState = { ...withOpenBatch(empty), isBatchUsed }
    const decision = settle({ request: { ...zeros, isSigned }, loadedState })
    const answer = { reason: null, totals: responseTotals(totals(0, 0, 0, 0), 1, 1) }
    expect(decision).toMatchObject(kind === 'answer' ? { kind, answer } : { kind, draft: { answer } })
    if (decision.kind === 'commit') expect(decision.draft.effects).toMatchObject(effectsOfEmpty)
  })

  it('treats a batch with only a reversed sale as empty', () => {
    const request = { ...settlementRequest, totals: OUR_TOTALS }
    expect(settle({ request, loadedState: withOpenBatch(empty) })).toMatchObject({ kind: 'answer' })
  })

  it('does not treat a batch with a voided sale as empty', () => {
    const open = { ...batch, creditAmount: 1234, creditCount: 1 }
    const request = { ...settlementRequest, totals: totals(1234, 1, 1234, 1) }
    expect(settle({ request, loadedState: withOpenBatch(open) }).kind).toBe('commit')
  })

  it('returns code 3 in both halves and no totals with a refusal', () => {
    expect(SETTLEMENT_ERROR).toBe(responseTotals('0'.repeat(30), 3, 3))
    const request = { ...settlementRequest, batchNumber: '000002' }
    expect(settle({ request, loadedState: unknownBatch })).toMatchObject({
      kind: 'answer',
      answer: { reason: 'batch_mismatch', totals: SETTLEMENT_ERROR },
    })
  })

  it('returns the stored entry for a copy after the batch closed', () => {
    const entry = entryFor(settlementRequest, { kind: 'settlement' })
    const next = { ...empty, batchNumber: '000002' }
    expect(settle({ ...valid, loadedState: { ...withOpenBatch(next), earlier: entry } })).toEqual({
      kind: 'replay',
      entry,
      answer: entry.answer,
    })
  })
})

describe('a settlement of a closed batch under a new STAN', () => {
  const closed: Batch = { ...batch, state: 'closed' }
  const afterClose: LoadedState = {
    ...withOpenBatch({ ...empty, batchNumber: '000002' }),
    namedBatch: closed,
  }

  it('returns the same comparison and writes nothing', () => {
    expect(settle({ request: settlementRequest, loadedState: afterClose })).toMatchObject({
      kind: 'answer',
      answer: { reason: null, totals: responseTotals(OUR_TOTALS, 1, 1) },
    })
    const request = { ...settlementRequest, totals: totals(1, 1, 0, 0) }
    expect(settle({ request, loadedState: afterClose })).toMatchObject({
      kind: 'answer',
      answer: { reason: null, totals: responseTotals(OUR_TOTALS, 2, 1) },
    })
  })
})

describe('batch upload', () => {
  const closed: Batch = { ...batch, state: 'closed' }
  const next = withOpenBatch({ ...empty, batchNumber: '000002' })
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
    [
      'its end, for an empty batch with a MAC',
      {},
      { ...withOpenBatch(empty), isBatchUsed: false },
      'commit',
      null,
    ],
    ['its end, for an empty batch that was used', { isSigned: false }, withOpenBatch(empty), 'commit', null],
    [
      'its end, for an unused batch without a MAC',
      { isSigned: false },
      { ...withOpenBatch(empty), isBatchUsed: false },
      'answer',
      null,
    ],
    ['its end after a match, for an empty batch', { after: 'match' }, withOpenBatch(empty), 'answer', null],
    ['its end after a mismatch, for a closed batch', {}, { ...next, namedBatch: closed }, 'answer', null],
    ['its end after a match', { after: 'match' }, { ...next, namedBatch: closed }, 'answer', null],
    [
      'its end after a match, for an open batch',
      { after: 'match' },
      { ...loadedState, namedBatch: batch },
      'answer',
      'batch_mismatch',
    ],
    [
      'its end after a match, for an unknown batch',
      { after: 'match' },
      unknownBatch,
      'answer',
      'batch_mismatch',
    ],
  ]
  it.each(rows)('%s', (_, request, where, kind, reason) => {
    const decision = upload({ request: { ...uploadEnd, ...request }, loadedState: where })
    expect(decision.kind).toBe(kind)
    expect(reasonOf(decision)).toBe(reason)
  })

  it('closes the batch like a settlement', () => {
    expect(upload({ request: uploadEnd, loadedState })).toMatchObject({
      draft: { kind: 'upload_end', effects },
    })
  })
})

describe('an undecided message at the acquirer', () => {
  const withUndecided = { ...loadedState, undecided: true }

  it('keeps its batch open, but does not affect a closed batch', () => {
    expect(settle({ ...valid, loadedState: withUndecided })).toMatchObject({
      kind: 'answer',
      answer: { reason: 'outcome_pending', totals: SETTLEMENT_ERROR },
    })
    expect(upload({ request: uploadEnd, loadedState: withUndecided })).toMatchObject({
      kind: 'answer',
      answer: { reason: 'outcome_pending' },
    })
    const closed = { ...withUndecided, namedBatch: { ...batch, state: 'closed' } as const }
    expect(settle({ ...valid, loadedState: closed })).toMatchObject({ answer: { reason: null } })
  })

  it('does not exist in a batch of voids alone, which closes', () => {
    const open = { ...empty, creditAmount: 1234, creditCount: 1 }
    const request = { ...settlementRequest, totals: totals(0, 0, 1234, 1) }
    expect(settle({ request, loadedState: withOpenBatch(open) }).kind).toBe('commit')
  })
})
