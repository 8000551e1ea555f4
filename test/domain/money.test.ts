/** @module Totals of a batch and field 48: its content, its comparison, and counters that wrap. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addCredit,
  addDebit,
  compareTotals,
  NO_TOTALS,
  nextBatchNumber,
  settlementTotals,
} from '../../src/domain/money.ts'
import type { Totals } from '../../src/domain/totals.ts'
import type { Batch } from '../../src/domain/types.ts'
import { totals } from './fixtures.ts'

const ours: Totals = { debitAmount: 123456, debitCount: 12, creditAmount: 789, creditCount: 3 }
const request = totals(123456, 12, 789, 3)

/** Positions of field 48 (protocol.md §3.8): each half is n12 n3 n12 n3 and its code n1. */
describe('settlementTotals', () => {
  it('writes the two halves one after the other', () => {
    expect(settlementTotals(ours, { domestic: '1', foreign: '2' })).toBe(
      `000000123456${'012'}000000000789${'003'}${'1'}${'0'.repeat(30)}${'2'}`,
    )
  })

  it.each([
    [999, '999'],
    [1000, '000'],
    [1001, '001'],
    [65_535, '535'],
  ])('writes a count of %d as %s: three digits wrap', (count, digits) => {
    const text = settlementTotals(
      { ...ours, debitCount: count, creditCount: count },
      { domestic: '1', foreign: '1' },
    )
    expect([text.slice(12, 15), text.slice(27, 30), text.length]).toEqual([digits, digits, 62])
  })

  it.each([
    [999_999_999_999, '999999999999'],
    [1_000_000_000_000, '000000000000'],
    [1_999_999_999_998, '999999999998'],
  ])('writes an amount of %d as %s: twelve digits wrap', (amount, digits) => {
    const large = { ...ours, debitAmount: amount, creditAmount: amount }
    const text = settlementTotals(large, { domestic: '1', foreign: '1' })
    expect([text.slice(0, 12), text.slice(15, 27), text.length]).toEqual([digits, digits, 62])
  })
})

describe('compareTotals', () => {
  it('matches its own totals', () => {
    expect(compareTotals(request, ours)).toEqual({
      equal: true,
      answer: settlementTotals(ours, { domestic: '1', foreign: '1' }),
    })
  })

  it.each([
    '',
    '0'.repeat(61),
    '0'.repeat(63),
    `${'0'.repeat(61)}A`,
    ` ${'0'.repeat(61)}`,
    `${'0'.repeat(62)}\n`,
  ])('returns undefined for %j', (field48) => {
    expect(compareTotals(field48, ours)).toBeUndefined()
  })

  it('compares every digit except the two codes', () => {
    for (let i = 0; i < 62; i++) {
      const digit = (Number(request[i]) + 1) % 10
      const changed = `${request.slice(0, i)}${digit}${request.slice(i + 1)}`
      expect([i, compareTotals(changed, ours)?.equal]).toEqual([i, i === 30 || i === 61])
    }
  })

  it('returns our totals and the half that differs', () => {
    expect(compareTotals(`1${request.slice(1)}`, ours)?.answer).toBe(
      settlementTotals(ours, { domestic: '2', foreign: '1' }),
    )
    expect(compareTotals(`${request.slice(0, 60)}1${request[61]}`, ours)?.answer).toBe(
      settlementTotals(ours, { domestic: '1', foreign: '2' }),
    )
  })
})

describe('the sum of totals', () => {
  const open: Batch = { ...NO_TOTALS, batchNumber: '000001', state: 'open' }

  it('is exact, and its inverse restores it', () => {
    const step = fc.record({ amount: fc.integer({ min: 1, max: 999_999_999_999 }), sale: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        const add = (from: Batch, sign: 1 | -1) =>
          steps.reduce((b, s) => (s.sale ? addDebit : addCredit)(b, s.amount, sign), from)
        const full = add(open, 1)
        const sum = (sale: boolean) => steps.filter((s) => s.sale === sale).reduce((n, s) => n + s.amount, 0)
        expect(full).toEqual({
          ...open,
          debitAmount: sum(true),
          debitCount: steps.filter((s) => s.sale).length,
          creditAmount: sum(false),
          creditCount: steps.filter((s) => !s.sale).length,
        })
        expect(add(full, -1)).toEqual(open)
      }),
    )
  })
})

describe('nextBatchNumber', () => {
  it.each([
    ['000001', '000002'],
    ['000009', '000010'],
    ['099999', '100000'],
    ['999998', '999999'],
    ['999999', '000001'],
  ])('%s → %s', (number, next) => {
    expect(nextBatchNumber(number)).toBe(next)
  })

  it('never gives 000000', () => {
    expect(nextBatchNumber('000000')).toBe('000001')
  })
})
