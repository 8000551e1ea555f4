/** @module A sale or void in the model of a journal. */

/** A sale or void. */
export interface Transaction {
  readonly key: string
  readonly kind: 'sale' | 'void'
  readonly id: string
  readonly amount: number
  readonly batch: string
  readonly at: number
  readonly isForwarded: boolean
  /** The sale of a void. */
  readonly sale: Transaction | null
  state: 'pending' | 'undoing' | 'approved' | 'declined' | 'reversing' | 'reversed'
  /** Whether its outcome was available to a client. A sale has its row from then on. */
  isAnswered: boolean
  /** Whether a case was opened, and whether it is closed. */
  caseState: 'none' | 'open' | 'closed'
  /** The start of the time to decide it. */
  since: number
  /** The time of its answer, and the number of its own entry. */
  answeredAt: number
  readonly seq: number
  /** For a sale: its latest void, unless that was declined or reversed. */
  liveVoid: Transaction | null
  /** Whether it is in the terminal's own totals. */
  isOwn: boolean
  /** The end of its window, by the settings in force when the sale was made. */
  until: number
}
