/** @module Totals of a batch, integers in minor units, and field 48 of a settlement (protocol.md §3.8). */

import type { Totals } from './totals.ts'
import type { Amount, Batch } from './types.ts'

/** The currency of China, and of what names none. */
export const CNY = '156'

/** The totals of an empty batch. */
export const NO_TOTALS: Totals = { debitAmount: 0, debitCount: 0, creditAmount: 0, creditCount: 0 }

/** Adds a sale to the debit side (`sign` 1), or takes a reversed sale out (`sign` −1). `amount` is in minor units. */
export const addDebit = (batch: Batch, amount: Amount, sign: 1 | -1): Batch => ({
  ...batch,
  debitAmount: batch.debitAmount + sign * amount,
  debitCount: batch.debitCount + sign,
})

/** Adds a void to the credit side (`sign` 1), or takes a reversed void out (`sign` −1). `amount` is in minor units. */
export const addCredit = (batch: Batch, amount: Amount, sign: 1 | -1): Batch => ({
  ...batch,
  creditAmount: batch.creditAmount + sign * amount,
  creditCount: batch.creditCount + sign,
})

/** The totals without the digits that field 48 has no place for: amounts n12, counts n3. */
export const cutTotals = ({ debitAmount, debitCount, creditAmount, creditCount }: Totals): Totals => ({
  debitAmount: debitAmount % 10 ** 12,
  debitCount: debitCount % 1000,
  creditAmount: creditAmount % 10 ** 12,
  creditCount: creditCount % 1000,
})

/** The totals of both halves of field 48, 62 digits. */
export const readTotals = (field48: string): [domestic: Totals, foreign: Totals] => [
  readHalf(field48.slice(0, 30)),
  readHalf(field48.slice(31, 61)),
]

const readHalf = (half: string): Totals => ({
  debitAmount: Number(half.slice(0, 12)),
  debitCount: Number(half.slice(12, 15)),
  creditAmount: Number(half.slice(15, 27)),
  creditCount: Number(half.slice(27, 30)),
})

const digits = (value: number, length: number): string => String(value).padStart(length, '0')

/**
 * One half of field 48 without its code: debit amount n12, count n3, credit amount n12, count n3. Larger values wrap
 * around.
 */
function half(totals: Totals): string {
  const { debitAmount, debitCount, creditAmount, creditCount } = cutTotals(totals)
  return digits(debitAmount, 12) + digits(debitCount, 3) + digits(creditAmount, 12) + digits(creditCount, 3)
}

/** Settlement code: 0 in a request, 1 equal, 2 different (the answer has our totals), 3 error. */
export type SettlementCode = '0' | '1' | '2' | '3'

/**
 * Field 48, 62 digits: domestic half and code, foreign half and code. The foreign half is always zero: Annul takes
 * domestic cards only.
 */
export const settlementTotals = (
  domestic: Totals,
  codes: { domestic: SettlementCode; foreign: SettlementCode },
): string => half(domestic) + codes.domestic + half(NO_TOTALS) + codes.foreign

/** Compares field 48 of a request with our totals, half by half. Undefined when it is not 62 digits. */
export function compareTotals(field48: string, ours: Totals): { answer: string; equal: boolean } | undefined {
  if (!/^\d{62}$/.test(field48)) return undefined
  const domestic: SettlementCode = field48.slice(0, 30) === half(ours) ? '1' : '2'
  const foreign: SettlementCode = field48.slice(31, 61) === half(NO_TOTALS) ? '1' : '2'
  return {
    answer: settlementTotals(ours, { domestic, foreign }),
    equal: domestic === '1' && foreign === '1',
  }
}

/** The next batch number, six digits: 000001 to 999999, then 000001 again. */
export const nextBatchNumber = (batchNumber: string): string => digits((Number(batchNumber) % 999_999) + 1, 6)
