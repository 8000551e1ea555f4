/** @module The simulated acquirer's answers to an institution: the totals of a day in its ledger, and their comparison. */

import { describe, expect, it } from 'vitest'
import { NO_TOTALS, settlementTotals } from '../../src/domain/money.ts'
import type { Totals } from '../../src/domain/totals.ts'
import { type Message, messageOf } from '../../src/iso8583/message.ts'
import { readPlan } from '../../src/simulator/faults.ts'
import { Institution, institutionKindOf } from '../../src/simulator/institution.ts'
import { Ledger, type Posting } from '../../src/simulator/ledger.ts'

const DAY = 86_400_000
/** 2026-06-01T02:18:00Z: 10:18 in China. */
const NOW = Date.UTC(2026, 5, 1, 2, 18)
const FIRST = Date.UTC(2026, 5, 1) / DAY

const posting = (stan: string, amount: number, change: Partial<Posting> = {}): Posting => ({
  of: 'sale',
  merchantId: '123456789012345',
  terminalId: '12345678',
  batchNumber: '000001',
  stan,
  amount,
  currencyCode: '156',
  original: null,
  ...change,
})
const undo = (stan: string, amount: number, original: string): Posting =>
  posting(stan, amount, { of: 'void', original: { batchNumber: '000001', stan: original } })

/** A day with a voided sale, a declined one, a reversed one, and one of another currency. */
function books(): Ledger {
  const ledger = new Ledger(23 * 60)
  ledger.post(posting('000001', 1000), NOW, null)
  ledger.post(undo('000002', 1000, '000001'), NOW, null)
  ledger.post(posting('000003', 300), NOW, null)
  ledger.post(posting('000004', 51), NOW, '51')
  ledger.post(posting('000005', 700), NOW, null)
  ledger.reverse(posting('000005', 700), NOW)
  ledger.reverse(posting('000006', 900), NOW)
  ledger.post(posting('000007', 40, { currencyCode: '344' }), NOW, null)
  ledger.post(posting('000008', 5), NOW + DAY, null)
  return ledger
}
const TOTALS: Totals = { debitAmount: 1300, debitCount: 2, creditAmount: 1000, creditCount: 1 }

const settlement = (totals: Totals, change: Readonly<Record<number, string>> = {}, mti = '0500'): Message =>
  messageOf(
    mti,
    Object.entries({
      11: '500001',
      15: '0601',
      32: '00001234',
      48: settlementTotals(totals, { domestic: '0', foreign: '0' }),
      49: '156',
      60: '00000000201',
      ...change,
    }).map(([number, value]) => [Number(number), value]),
  )

/** Fields 39 and 48 of an answer. */
const contentOf = ({ fields }: Message) => [fields.get(39), fields.get(48)]
const equal = settlementTotals(TOTALS, { domestic: '1', foreign: '1' })

describe('the totals of a day', () => {
  it('have voided sales in the debits, their voids in the credits, and reversed items in neither', () => {
    const ledger = books()
    expect(ledger.totalsOf(FIRST, '156')).toEqual(TOTALS)
    expect(ledger.totalsOf(FIRST, '344')).toEqual({ ...NO_TOTALS, debitAmount: 40, debitCount: 1 })
    expect(ledger.totalsOf(FIRST + 1, '156')).toEqual({ ...NO_TOTALS, debitAmount: 5, debitCount: 1 })
    expect(ledger.totalsOf(FIRST + 2, '156')).toEqual(NO_TOTALS)
  })
})

describe('the answer to a settlement', () => {
  it('compares the totals, and has those of the ledger', () => {
    const institution = new Institution(books())
    const answer = institution.answer('settlement', settlement(TOTALS), NOW + DAY)
    expect([answer.mti, ...contentOf(answer)]).toEqual(['0510', undefined, equal])
    const other = settlement({ ...TOTALS, debitCount: 3 }, { 11: '500002' })
    expect(contentOf(institution.answer('settlement', other, NOW + DAY))).toEqual([
      undefined,
      settlementTotals(TOTALS, { domestic: '2', foreign: '1' }),
    ])
  })

  it('is the first one for each repeat, also of one with other totals', () => {
    const institution = new Institution(books())
    const first = institution.answer('settlement', settlement(TOTALS), NOW + DAY, true)
    const repeat = institution.answer('settlement', settlement(TOTALS, {}, '0501'), NOW + DAY)
    expect(repeat).toEqual(first)
    expect(contentOf(first)[1]).not.toBe(equal)
  })

  it('is 90 for a day that goes on or is not known, and 30 without totals', () => {
    const institution = new Institution(books())
    for (const [change, now] of [
      [{ 15: '0602' }, NOW + DAY],
      [{ 15: '1301' }, NOW + DAY],
    ] as const)
      expect(contentOf(institution.answer('settlement', settlement(TOTALS, change), now))[0]).toBe('90')
    const without = settlement(TOTALS, { 48: '1' })
    expect(contentOf(institution.answer('settlement', without, NOW + DAY))[0]).toBe('30')
  })
})

it('knows the messages of an institution by their fields', () => {
  const kindOf = (mti: string, change: Readonly<Record<number, string>>) =>
    institutionKindOf(settlement(TOTALS, change, mti))
  expect(kindOf('0500', {})).toBe('settlement')
  expect(kindOf('0501', {})).toBe('settlement')
  expect(kindOf('0820', { 60: '00000000301' })).toBe('echo')
  expect(kindOf('0820', { 60: '00000000002' })).toBeUndefined()
  expect(kindOf('0500', { 60: '00000000202' })).toBeUndefined()
  // A terminal's own.
  expect(kindOf('0500', { 41: '12345678' })).toBeUndefined()
})

it.each([
  [{ on: 'settlement', totals: 'other' }, true],
  [{ totals: 'other' }, true],
  [{ on: 'echo', fault: 'drop_request' }, true],
  [{ on: 'settlement', totals: 'mine' }, false],
  [{ on: 'settlement', totals: 'other', code: '96' }, false],
  [{ on: 'settlement', totals: 'other', fault: 'twice' }, false],
])('a script may have the step %j: %s', (step, isAllowed) => {
  expect(readPlan({ script: [step] }) !== undefined).toBe(isAllowed)
})
