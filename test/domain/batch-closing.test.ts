/** @module The totals that a terminal declares, and their comparison in the entry that closes the batch. */

import { describe, expect, it } from 'vitest'
import { differs } from '../../src/domain/batch-closing.ts'
import { decideSettlement, decideUpload } from '../../src/domain/decide-settlement.ts'
import type { Decision, LoadedState } from '../../src/domain/decision.ts'
import type { Totals } from '../../src/domain/totals.ts'
import type { Batch } from '../../src/domain/types.ts'
import * as f from './fixtures.ts'

const NONE: Totals = { debitAmount: 0, debitCount: 0, creditAmount: 0, creditCount: 0 }
const ONE_SALE: Totals = { ...NONE, debitAmount: 1234, debitCount: 1 }
const ONE_VOID: Totals = { ...NONE, creditAmount: 1234, creditCount: 1 }
/** A sale of the terminal, and a void of it by the office. */
const byOffice: Batch = { ...f.batch, creditAmount: 1234, creditCount: 1, office: ONE_VOID }

const withBatch = (batch: Batch, more: Partial<LoadedState>): LoadedState => ({
  ...f.loadedState,
  terminal: { ...f.terminal, batch },
  namedBatch: batch,
  ...more,
})

describe('the declared totals of a terminal', () => {
  const more = f.totals(1235, 1, 0, 0)
  const settle = (more: object, state: Partial<LoadedState> = {}, batch = f.batch) =>
    decideSettlement({ ...f.settlementRequest, ...more }, withBatch(batch, state), f.generated)
  const end = (state: Partial<LoadedState>, batch = f.batch) =>
    decideUpload(f.uploadEnd, withBatch(batch, state), f.generated)
  const signed = { totals: more, isSigned: true }
  const unsigned = { totals: more, isSigned: false }
  const other = f.totals(1, 1, 0, 0)

  it('are kept when they differ, and not again', () => {
    expect(settle(signed)).toMatchObject({ kind: 'answer', declared: signed })
    expect(settle(signed, { declared: signed })).not.toHaveProperty('declared')
    expect(settle(signed, { declared: unsigned })).toMatchObject({ declared: signed })
    expect(settle(unsigned, { declared: { ...unsigned, totals: other } })).toMatchObject({
      declared: unsigned,
    })
  })

  it('without a MAC replace none with a MAC', () => {
    expect(settle(unsigned, { declared: { ...signed, totals: other } })).not.toHaveProperty('declared')
  })

  const closingOf = (decision: Decision) => {
    const closing = decision.kind === 'commit' ? decision.draft.effects.closing : undefined
    if (closing === undefined) throw new Error('expected an entry that closes the batch')
    return closing
  }
  const own = ONE_SALE

  it('are in the entry that closes the batch, with both parts of the totals', () => {
    const closing = closingOf(settle({}, {}, byOffice))
    expect(closing).toEqual({
      at: f.NOW,
      own,
      office: ONE_VOID,
      declared: own,
      declaredForeign: NONE,
      difference: NONE,
    })
    expect(differs(closing)).toBe(false)
  })

  const foreign = `${more.slice(0, 31)}${'0'.repeat(11)}7001${'0'.repeat(15)}0`
  const rows: [string, string | null, object][] = [
    [
      'a difference',
      more,
      {
        declared: { ...own, debitAmount: 1235 },
        declaredForeign: NONE,
        difference: { ...NONE, debitAmount: 1 },
      },
    ],
    [
      'foreign totals',
      foreign,
      {
        declaredForeign: { ...NONE, debitAmount: 7, debitCount: 1 },
        difference: { ...NONE, debitAmount: 1 },
      },
    ],
    [
      'less than the terminal sent',
      f.totals(0, 0, 0, 0),
      { difference: { ...NONE, debitAmount: -1234, debitCount: -1 } },
    ],
    ['none', null, { declared: null, declaredForeign: null, difference: null }],
  ]
  it.each(rows)('at the end of an upload: %s', (_, totals, expected) => {
    const declared = totals === null ? null : { totals, isSigned: false }
    const closing = closingOf(end({ declared }, byOffice))
    expect(closing).toMatchObject({ own, office: ONE_VOID, ...expected })
    expect(differs(closing)).toBe(true)
  })

  it('that are right by the end of the upload are no difference', () => {
    const closing = closingOf(end({ declared: { totals: f.totals(1234, 1, 0, 0), isSigned: true } }))
    expect([closing.difference, differs(closing)]).toEqual([NONE, false])
  })

  it('are compared without the digits that field 48 has no place for', () => {
    const large: Batch = { ...f.batch, debitAmount: 10 ** 12 + 5, debitCount: 1001 }
    const closing = closingOf(settle({ totals: f.totals(5, 1, 0, 0) }, {}, large))
    expect([closing.own.debitCount, closing.difference, differs(closing)]).toEqual([1001, NONE, false])
  })
})
