/** @module The policy of a window, and the members of a sale that an old entry lacks. */

/** The time in which a sale can be voided while its batch is open (semantics.md, Window). */
export type WindowPolicy =
  | { readonly kind: 'business_day' }
  | { readonly kind: 'same_batch' }
  | { readonly kind: 'minutes'; readonly minutes: number }

export interface SaleFacts {
  /**
   * The first instant at which a void is refused, decided with the sale, in milliseconds since the epoch. Null: only the close of
   * the batch ends the window. Absent: an old sale, and the settings of the merchant decide.
   */
  readonly voidableUntil?: number | null
  /** A captured sale came without an RRN, so Annul made one. Its sender does not know it. Absent: the RRN is known. */
  readonly isRrnMade?: true
}
