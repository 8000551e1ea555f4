/** @module The change that an entry makes to the totals of a batch. */

/** Amounts and counts to add, which may be negative, and the state of the batch afterwards. */
export interface BatchChange {
  /** Six digits. */
  readonly batchNumber: string
  readonly state: 'open' | 'closed'
  /** In minor units. Debit: sales. Credit: voids. */
  readonly debitAmount: number
  readonly debitCount: number
  readonly creditAmount: number
  readonly creditCount: number
}
