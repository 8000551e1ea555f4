/**
 * @module The model's books of one terminal: its sales and voids, the reversed messages, its batches. They
 * know no message format.
 */

import type { AcquirerStatus } from '../../src/domain/acquirer-state.ts'

/** A sale or void that has an effect, had one, or may get one. */
export interface Transaction {
  readonly key: string
  readonly kind: 'sale' | 'void'
  readonly amount: number
  readonly batch: string
  isForwarded: boolean
  /** Whether the totals of its batch include it. */
  isCounted: boolean
  /** The original of a void. */
  readonly sale: Transaction | null
  readonly at: number
  /** The end of the window of a sale. */
  readonly until: number
  state: 'pending' | 'undoing' | 'approved' | 'declined' | 'reversing' | 'reversed'
  /** Whether a client got an outcome. Until then no message can name a sale. */
  isAnswered: boolean
  caseState: 'none' | 'open' | 'closed'
  /** Whether the case is about a differing record. */
  isDifference: boolean
  /** The acquirer's last status of it, and the amount in its record. */
  acquirerStatus: AcquirerStatus | null
  acquirerAmount: number | null
  movedAt: number
  decideBy: number
  /** The id and RRN in its answer, which name a sale. */
  id: string
  rrn: string
}

type RecordFields = Pick<Transaction, 'isDifference' | 'acquirerStatus' | 'acquirerAmount'>
const NO_RECORD: RecordFields = { isDifference: false, acquirerStatus: null, acquirerAmount: null }

type NewTransaction = Pick<Transaction, 'kind' | 'amount' | 'batch' | 'at'> & Partial<Transaction>

export interface Batch {
  isOpen: boolean
  readonly debit: [sum: number, count: number]
  readonly credit: [sum: number, count: number]
}

const DECIDE = 180_000

export const isUndecided = ({ state }: Transaction): boolean => state === 'pending' || state === 'undoing'
export const isLive = ({ state }: Transaction): boolean => state !== 'declined' && state !== 'reversed'

export const count = (tally: Map<string, number>, name: string): void =>
  void tally.set(name, (tally.get(name) ?? 0) + 1)

export class Books {
  readonly transactions = new Map<string, Transaction>()
  readonly reversed = new Map<string, 'reversed' | 'tombstone'>()
  readonly batches = new Map<string, Batch>()
  /** Number of the open batch. */
  open = '000000'
  readonly #tally: Map<string, number>

  /** `tally` counts the state changes of forwarded messages. */
  constructor(tally: Map<string, number>) {
    this.#tally = tally
    this.#openBatch()
  }

  batch(number: string): Batch {
    const batch = this.batches.get(number)
    if (batch === undefined) throw new Error(`batch ${number} was never open`)
    return batch
  }

  /** Closes the open batch. */
  close(): void {
    this.batch(this.open).isOpen = false
    this.#openBatch()
  }

  #openBatch(): void {
    this.open = String(Number(this.open) + 1).padStart(6, '0')
    this.batches.set(this.open, { isOpen: true, debit: [0, 0], credit: [0, 0] })
  }

  /** Sales that a message can name. */
  answeredSales(): Transaction[] {
    return [...this.transactions.values()].filter(({ kind, isAnswered }) => kind === 'sale' && isAnswered)
  }

  liveVoid(sale: Transaction): Transaction | undefined {
    return [...this.transactions.values()].find(
      (transaction) => transaction.sale === sale && isLive(transaction),
    )
  }

  /** Whether something is undecided without an open case. */
  hasUndecided(): boolean {
    return [...this.transactions.values()].some(
      (transaction) => isUndecided(transaction) && transaction.caseState === 'none',
    )
  }

  add(key: string, transaction: NewTransaction): void {
    const defaults = {
      isForwarded: false,
      isCounted: false,
      sale: null,
      until: Number.POSITIVE_INFINITY,
      caseState: 'none',
      decideBy: 0,
      id: '',
      rrn: '',
    } as const
    const added: Transaction = {
      ...defaults,
      ...NO_RECORD,
      state: 'approved',
      isAnswered: true,
      movedAt: transaction.at,
      ...transaction,
      key,
    }
    this.transactions.set(key, added)
    if (added.state === 'approved') this.count(added, 1)
  }

  /** Adds a message that only an acquirer can approve. */
  claim(key: string, transaction: NewTransaction): void {
    const claim = {
      state: 'pending',
      isForwarded: true,
      isAnswered: false,
      decideBy: transaction.at + DECIDE,
    } as const
    this.add(key, { ...claim, ...transaction })
  }

  /** Adds to the totals (1) or subtracts from them (−1). */
  count(transaction: Transaction, sign: 1 | -1): void {
    const { kind, batch, amount } = transaction
    transaction.isCounted = sign === 1
    const totals = this.batch(batch)
    const total = kind === 'sale' ? totals.debit : totals.credit
    total[0] += sign * amount
    total[1] += sign
  }

  /** An agreement with the acquirer ends a case, and the next move removes it. */
  move(transaction: Transaction, state: Transaction['state'], now: number): void {
    if (transaction.isForwarded) count(this.#tally, `${transaction.state} → ${state}`)
    transaction.state = state
    transaction.movedAt = now
    if (transaction.caseState === 'closed') {
      transaction.caseState = 'none'
      transaction.isDifference = false
    } else if (transaction.caseState === 'open' && ['approved', 'declined', 'reversed'].includes(state))
      transaction.caseState = 'closed'
  }

  /** `isUnsettled`: whether the acquirer must get the reversal. Settled totals do not change. */
  undo(transaction: Transaction, now: number, isUnsettled = transaction.isForwarded): void {
    if (transaction.isCounted && this.batch(transaction.batch).isOpen) this.count(transaction, -1)
    this.reversed.set(transaction.key, 'reversed')
    if (isUnsettled) transaction.decideBy = now + DECIDE
    this.move(transaction, isUnsettled ? 'reversing' : 'reversed', now)
    const live = this.liveVoid(transaction)
    if (live !== undefined && live.state !== 'reversing') this.undo(live, now)
  }
}
