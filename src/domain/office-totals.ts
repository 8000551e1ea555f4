/**
 * @module The two parts of the totals of a batch (semantics.md, Settlement). The terminal's own part has whatever it sent and was
 * answered. All the rest is the office's: the voids and reversals of the JSON API, of a case or of the acquirer's list.
 *
 * The totals of a batch count whatever stands. The office's part is the difference to the terminal's own, so it is negative
 * where someone else took back what the terminal still has.
 */

import { NO_TOTALS } from './money.ts'
import type { Totals } from './totals.ts'
import type { Amount, Batch, SaleState } from './types.ts'

/** The totals `a` without the totals `b`. */
export const subtractTotals = (a: Totals, b: Totals): Totals => combine(a, b, -1)

const combine = (a: Totals, b: Totals, sign: 1 | -1): Totals => ({
  debitAmount: a.debitAmount + sign * b.debitAmount,
  debitCount: a.debitCount + sign * b.debitCount,
  creditAmount: a.creditAmount + sign * b.creditAmount,
  creditCount: a.creditCount + sign * b.creditCount,
})

/** Whether all totals are zero. */
export const isZero = (totals: Totals): boolean => Object.values(totals).every((total) => total === 0)

/** The batch with this part of the office. A part of zeros is left out. */
export function withOffice({ office: _, ...batch }: Batch, office: Totals): Batch {
  return isZero(office) ? batch : { ...batch, office }
}

/** The part of the office. */
export const officeTotals = ({ office }: Pick<Batch, 'office'>): Totals => office ?? NO_TOTALS

/** The terminal's own part, with which its 0500 is compared. */
export const ownTotals = (batch: Batch): Totals => combine(batch, officeTotals(batch), -1)

/** Adds to the part of the office: so many sales and voids of `amount`, in minor units. A number may be negative. */
export const addOffice = (
  batch: Batch,
  amount: Amount,
  { sales = 0, voids = 0 }: { readonly sales?: number; readonly voids?: number },
): Batch =>
  withOffice(
    batch,
    combine(
      officeTotals(batch),
      {
        debitAmount: sales * amount,
        debitCount: sales,
        creditAmount: voids * amount,
        creditCount: voids,
      },
      1,
    ),
  )

/** The batch after the change of an entry. The totals of `change` are differences. */
export const addTotals = (batch: Batch, change: Batch): Batch =>
  withOffice(
    { batchNumber: batch.batchNumber, state: change.state, ...combine(batch, change, 1) },
    combine(officeTotals(batch), officeTotals(change), 1),
  )

/** The difference of two states of a batch. */
export const changeOf = (before: Batch, after: Batch): Batch =>
  withOffice(
    { batchNumber: after.batchNumber, state: after.state, ...combine(after, before, -1) },
    combine(officeTotals(after), officeTotals(before), -1),
  )

/** Whether nothing stands in the batch, and the terminal has nothing of its own in it. */
export const isEmpty = (batch: Batch): boolean =>
  batch.debitCount === 0 && batch.creditCount === 0 && batch.office === undefined

/** The void with this key is in the terminal's own part. */
export const isOwnVoid = (original: SaleState | null, messageKey: string): boolean =>
  original?.ownVoids.includes(messageKey) === true
