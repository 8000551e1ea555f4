/** @module The book of the own terminal: its sales and voids, and their totals (protocol.md §3.8). */

import { digitsOf } from './bytes.ts'

export interface OwnCard {
  readonly pan: string
  /** How the cashier takes the card. `track` sends no field 2, and `encrypted` no number in clear. */
  readonly entry: 'manual' | 'track' | 'encrypted' | 'chip' | 'contactless'
}

export interface OwnItem {
  readonly kind: 'sale' | 'void'
  readonly batch: string
  readonly stan: string
  /** In minor units. */
  readonly amount: number
  readonly card: OwnCard
  /** For a void: its sale. Absent when it names one that is not in the book. */
  readonly original?: OwnItem
  /**
   * `open`: sent, and not answered. `dropped`: not answered, and a person deleted its reversal. `refused`: not an approval, and field 39 is
   * in `code`.
   */
  state: 'open' | 'approved' | 'refused' | 'reversed' | 'dropped'
  code: string
  rrn: string
  authorization: string
}

/** An item that is not sent yet. */
export const newItem = (
  item: Pick<OwnItem, 'kind' | 'batch' | 'stan' | 'amount' | 'card' | 'original'>,
): OwnItem => ({ ...item, state: 'open', code: '', rrn: '', authorization: '' })

export interface OwnTotals {
  debitAmount: number
  debitCount: number
  creditAmount: number
  creditCount: number
}

/** The items of a batch that count: approved, and not reversed. A voided sale counts on. */
export const countedIn = (book: readonly OwnItem[], batch: string): OwnItem[] =>
  book.filter((item) => item.batch === batch && item.state === 'approved')

export function ownTotals(items: readonly OwnItem[]): OwnTotals {
  const totals = { debitAmount: 0, debitCount: 0, creditAmount: 0, creditCount: 0 }
  for (const { kind, amount } of items) {
    const side = kind === 'sale' ? 'debit' : 'credit'
    totals[`${side}Amount`] += amount
    totals[`${side}Count`] += 1
  }
  return totals
}

const NO_FOREIGN_CARDS = '0'.repeat(31)

/** The last digits of a number. The first ones have no place. */
const lastDigits = (value: number, count: number): string => digitsOf(value, count).slice(-count)

/** Field 48 of a settlement, 62 digits, with the code of its first half. */
export const field48Of = (totals: OwnTotals, code = '0'): string =>
  lastDigits(totals.debitAmount, 12) +
  lastDigits(totals.debitCount, 3) +
  lastDigits(totals.creditAmount, 12) +
  lastDigits(totals.creditCount, 3) +
  code +
  NO_FOREIGN_CARDS
