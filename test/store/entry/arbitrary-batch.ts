/** @module Random batches, with and without a part of the office, and the comparison at their end. */

import fc from 'fast-check'
import type { Batch } from '../../../src/domain/types.ts'

const totals = {
  debitAmount: fc.nat(1e6),
  debitCount: fc.nat(99),
  creditAmount: fc.nat(1e6),
  creditCount: fc.nat(99),
}

/** A part of the office may be negative. One of zeros is absent. */
const office = fc.record({
  debitAmount: fc.integer({ min: -1e6, max: 1e6 }),
  debitCount: fc.integer({ min: -99, max: 99 }),
  creditAmount: fc.nat(1e6),
  creditCount: fc.integer({ min: 1, max: 99 }),
})

/** A batch with this number. */
export const batchOf = (batchNumber: fc.Arbitrary<string>) =>
  fc.record(
    {
      batchNumber,
      state: fc.constantFrom<Batch['state'][]>('open', 'closed'),
      ...totals,
      office,
    },
    { requiredKeys: ['batchNumber', 'state', 'debitAmount', 'debitCount', 'creditAmount', 'creditCount'] },
  )

/** The open batch before the entry. */
export const batchBefore = batchOf(fc.constant('000001')) as fc.Arbitrary<Batch>

const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null })

export const closing = (at: fc.Arbitrary<number>) =>
  fc.record({
    at,
    own: fc.record(totals),
    office,
    declared: orNull(fc.record(totals)),
    declaredForeign: orNull(fc.record(totals)),
    difference: orNull(office),
  })
