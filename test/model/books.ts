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
  /** Whether the terminal sent it, or it was captured for the terminal. */
  readonly isTerminals: boolean
  /** Whether the terminal's own totals include it. */
  isOwn: boolean
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
  /** The terminal's own part. */
  readonly ownDebit: [sum: number, count: number]
  readonly ownCredit: [sum: number, count: number]
}

const DECIDE = 180_000

export const isUndecided = ({ state }: Transaction): boolean => state === 'pending' || state === 'undoing'
export const isLive = ({ state }: Transaction): boolean => state !== 'declined' && state !== 'reversed'

export const count = (tally: Map<string, number>, name: string): void =>
  void tally.set(name, (tally.get(name) ?? 0) + 1)

const digits = (value: number, length: number): string => String(value).padStart(length, '0')

/** One half of field 48 with the terminal's own part. */
export const halfOf = ({ ownDebit: [debit, debits], ownCredit: [credit, credits] }: Batch): string =>
  digits(debit, 12) + digits(debits, 3) + digits(credit, 12) + digits(credits, 3)

/** Whether nothing stands in the batch, and the terminal has nothing in it. */
export const isEmpty = ({ debit, credit, ownDebit, ownCredit }: Batch): boolean =>
  [debit, credit, ownDebit, ownCredit].every(([, count]) => count === 0)

export class Books {
  readonly transactions = new Map<string, Transaction>()
  readonly reversed = new Map<string, 'reversed' | 'tombstone'>()
  readonly batches = new Map<string, Batch>()
  /** Batches whose terminal declared other totals than its own. */
  readonly differences: { batch: string; declared: string | null }[] = []
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

  /** Closes the open batch. `totals`: the domestic and the foreign half of field 48, 30 digits each; null when none is known. */
  close(totals: readonly [domestic: string, foreign: string] | null): void {
    const batch = this.batch(this.open)
    if (totals === null || totals[0] !== halfOf(batch) || Number(totals[1]) !== 0)
      this.differences.push({ batch: this.open, declared: totals?.[0] ?? null })
    batch.isOpen = false
    this.#openBatch()
  }

  #openBatch(): void {
    this.open = String(Number(this.open) + 1).padStart(6, '0')
    this.batches.set(this.open, {
      isOpen: true,
      debit: [0, 0],
      credit: [0, 0],
      ownDebit: [0, 0],
      ownCredit: [0, 0],
    })
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
      isTerminals: true,
      isOwn: false,
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
    if (added.state === 'approved') this.book(added)
  }

  /** Counts an approved message, and for the terminal if it is the terminal's. */
  book(transaction: Transaction): void {
    this.count(transaction, 1)
    if (transaction.isTerminals) this.#own(transaction, 1)
  }

  /** The terminal itself takes the message out, and with a sale its voids. Settled totals do not change. */
  takeOut(transaction: Transaction): void {
    if (!this.batch(transaction.batch).isOpen) return
    for (const one of this.transactions.values())
      if ((one === transaction || one.sale === transaction) && one.isOwn) this.#own(one, -1)
  }

  #own(transaction: Transaction, sign: 1 | -1): void {
    const { kind, batch, amount } = transaction
    transaction.isOwn = sign === 1
    const { ownDebit, ownCredit } = this.batch(batch)
    const total = kind === 'sale' ? ownDebit : ownCredit
    total[0] += sign * amount
    total[1] += sign
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
