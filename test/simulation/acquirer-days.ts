/** @module The days of the acquirer at the end of a world: each day has the same totals in its ledger and in our records. */

import type { Ledger } from '../../src/simulator/ledger.ts'
import { must } from './checks.ts'
import type { Row, Storage } from './platform/d1.ts'

/** SQL: MMDD of the day of a time in milliseconds, when the day ends at 23:00 in China, an hour before midnight. */
const CLOCK_DATE = `strftime('%m%d', moved_at / 1000.0 + 9 * 3600, 'unixepoch')`

const monthAndDay = (day: number): string =>
  new Date(day * 86_400_000).toISOString().slice(5, 10).replace('-', '')

interface Ours {
  readonly kind: string
  readonly merchant_id: string
  readonly terminal_id: string
  readonly batch_number: string
  readonly acquirer_stan: string
  readonly amount: number
  readonly date: string
}

/** The sums of debits and credits of each day, as text. */
function totalsOf(
  items: Iterable<{ readonly date: string; readonly kind: string; readonly amount: number }>,
): string {
  const sums = new Map<string, { count: number; amount: number }>()
  for (const { date, kind, amount } of items) {
    const before = sums.get(`${date} ${kind}`) ?? { count: 0, amount: 0 }
    sums.set(`${date} ${kind}`, { count: before.count + 1, amount: before.amount + amount })
  }
  return JSON.stringify([...sums].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** A message that waits, or whose case a person had to decide, is in no sum. */
export function checkDays(ledger: Ledger, storage: Storage): void {
  const ours = storage.rows<Ours & Row>(
    `select kind, merchant_id, terminal_id, batch_number, acquirer_stan, amount, coalesce(
       (select settlement_date from acquirer_date where acquirer_date.message_key = acquirer_record.message_key), ${CLOCK_DATE}) as date
     from acquirer_record where state = 'approved' and next_at is null and case_opened_at is null and acquirer_stan <> '000000'`,
  )
  const theirs = ours.flatMap((row) => {
    const item = ledger.find({
      of: row.kind === 'sale' ? 'sale' : 'void',
      merchantId: row.merchant_id,
      terminalId: row.terminal_id,
      batchNumber: row.batch_number,
      stan: row.acquirer_stan,
    })
    return item?.state === 'approved'
      ? [{ date: monthAndDay(item.day), kind: item.of, amount: item.amount }]
      : []
  })
  must(
    totalsOf(ours) === totalsOf(theirs),
    `days of the acquirer: ${totalsOf(ours)}, in its ledger ${totalsOf(theirs)}`,
  )
}
