/** @module Totals of a batch, and their comparison at its end. Amounts are integers in minor units. */

/** Totals of a batch in minor units and counts. Debit: sales. Credit: voids. Reversed items are in neither. */
export interface Totals {
  readonly debitAmount: number
  readonly debitCount: number
  readonly creditAmount: number
  readonly creditCount: number
}

/** The totals that a terminal declares in its 0500, compared with its own. Declared totals are cut to their digits in field 48. */
export interface BatchClosing {
  /** The time of the closing, in milliseconds since the epoch. */
  readonly at: number
  /** The terminal's own: whatever it sent and was answered. They are not cut. */
  readonly own: Totals
  readonly office: Totals
  /** The domestic and the foreign half of field 48. Null: no 0500 of the batch is known. */
  readonly declared: Totals | null
  readonly declaredForeign: Totals | null
  /** `declared` without `own`. Annul has no foreign totals, so `declaredForeign` is a difference as a whole. */
  readonly difference: Totals | null
}
