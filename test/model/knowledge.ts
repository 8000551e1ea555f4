/** @module The knowledge of the senders of messages. */

/** A message as its sender knows it. Id and RRN are those of an answered sale. */
export interface KnownMessage {
  readonly key: string
  readonly kind: 'sale' | 'void'
  readonly amount: number
  readonly isAnswered: boolean
  readonly id: string
  readonly rrn: string
}

/** The senders' knowledge. */
export interface Knowledge {
  /** Number of the open batch. */
  readonly open: string
  readonly now: number
  readonly debit: readonly [sum: number, count: number]
  readonly credit: readonly [sum: number, count: number]
  /** The latest is 0. */
  find(of: 'sale' | 'void' | 'forwarded' | 'case', ago: number): KnownMessage | undefined
}
