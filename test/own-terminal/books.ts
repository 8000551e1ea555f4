/** @module The book of the terminal against the tables of the service and the ledger of its acquirer. */

import { expect } from 'vitest'
import { countedIn, type OwnItem, type OwnTotals, ownTotals } from '../support/own-terminal/book.ts'
import type { Day } from './day.ts'

interface BatchRow extends OwnTotals {
  readonly batch: string
  readonly state: string
  readonly officeCredit: number
}

const BATCHES = `select batch_number as batch, state, debit_amount - office_debit_amount as debitAmount,
  debit_count - office_debit_count as debitCount, credit_amount - office_credit_amount as creditAmount,
  credit_count - office_credit_count as creditCount, office_credit_amount - office_debit_amount as officeCredit
  from batch where terminal_id = ? order by batch_number`

const sum = (items: Iterable<OwnItem>): number => [...items].reduce((total, { amount }) => total + amount, 0)

/** Expects that both books are equal to the cent. */
export async function compareBooks(day: Day): Promise<void> {
  const { site, terminal, officeVoids } = day
  const { terminalId } = terminal.settings
  const rows = site.service.storage.rows<BatchRow>(BATCHES, terminalId.padEnd(8))
  const { book, batch: open } = terminal
  expect(rows.map(({ batch, state }) => [batch, state === 'open'])).toEqual(
    rows.map(({ batch }) => [batch, batch === open]),
  )
  for (const { batch, state: _, officeCredit, ...theirs } of rows) {
    // The service knows a message whose reversal a person deleted.
    const dropped = book.filter((item) => item.batch === batch && item.state === 'dropped')
    const ours = [...countedIn(book, batch), ...dropped]
    expect([batch, theirs]).toEqual([batch, ownTotals(ours)])
    const byOffice = [...officeVoids].filter((sale) => sale.batch === batch)
    expect([batch, officeCredit]).toEqual([batch, sum(byOffice)])
  }
  await compareSales(day)
}

interface SaleRow {
  readonly batch: string
  readonly stan: string
  readonly amount: number
  readonly isVoided: number
}

/** Sales that stand, and whether a void of it stands. */
const SALES = `select batch_number as batch, stan, amount,
  exists (select 1 from void where sale_id_raw = id_raw_of and state = 'approved') as isVoided
  from (select *, id_raw as id_raw_of from sale where status = 'approved'
    and not exists (select 1 from reversal where target_key = sale.message_key))
  where terminal_id = ? order by batch_number, stan`

async function compareSales({ site, terminal, officeVoids }: Day): Promise<void> {
  const { book, settings } = terminal
  const rows = site.service.storage.rows<SaleRow>(SALES, settings.terminalId.padEnd(8))
  const stands = book.filter(
    ({ kind, state }) => kind === 'sale' && (state === 'approved' || state === 'dropped'),
  )
  const isVoided = (sale: OwnItem): boolean =>
    officeVoids.has(sale) ||
    book.some(({ kind, original, state }) => kind === 'void' && original === sale && state === 'approved')
  const ours = stands
    .map((sale) => ({ ...pick(sale), isVoided: Number(isVoided(sale)) }))
    .sort((a, b) => (a.batch + a.stan < b.batch + b.stan ? -1 : 1))
  expect(rows.map((row) => ({ ...row }))).toEqual(ours)
  const ledger = await site.ledgerOf(settings.terminalId)
  if (ledger === null) return
  const byAmount = (money: readonly [number, boolean][]) => money.toSorted(([a], [b]) => a - b)
  const theirs = ledger.filter(({ kind, state }) => kind === 'sale' && state === 'approved')
  expect(byAmount(theirs.map(({ amount, voidedBy }) => [amount, voidedBy !== null]))).toEqual(
    byAmount(stands.map((sale) => [sale.amount, isVoided(sale)])),
  )
}

const pick = ({ batch, stan, amount }: OwnItem) => ({ batch, stan, amount })
