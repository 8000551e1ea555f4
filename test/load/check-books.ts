/** @module Compares the ledger of the load with the tables of the service, after every message has its answer. */

import type { Totals } from '../../src/domain/totals.ts'
import type { Row } from '../rig/control.ts'
import { type LoadLedger, type LoadMessage, nameOf } from './ledger.ts'

type Rows = (sql: string) => Promise<Row[]>

/** Rows of one page. */
const PAGE = 20_000

/** `prefix`: the beginning of the terminal numbers of this load. */
export async function checkBooks(ledger: LoadLedger, rows: Rows, prefix: string): Promise<void> {
  const mine = `like '${prefix}%'`
  const sales = await byKey(
    rows,
    `select rowid as n, message_key, status as state, rrn from sale where terminal_id ${mine}`,
  )
  const voids = await byKey(
    rows,
    `select rowid as n, message_key, state, rrn, sale_id from void where message_key ${mine}`,
  )
  const reversed = await byKey(
    rows,
    `select rowid as n, target_key as message_key, kind as state from reversal where target_key ${mine}`,
  )
  for (const message of ledger.messages)
    checkMessage(ledger, message, { sales, voids, reversed }, ledger.stands(message))
  checkLive(ledger, voids)
  await checkTotals(ledger, rows, mine)
  const known = new Set(ledger.messages.map(keyOf))
  for (const key of [...sales.keys(), ...voids.keys()])
    ledger.check('rows of sales and voids', known.has(key), () => `${key} was never sent`)
}

/** Field 41, field 60.2, field 11 and the kind, as the service names a message. */
const keyOf = ({ terminalId, kind, entry }: LoadMessage): string =>
  `${terminalId.padEnd(8)}${entry.batchNumber}${entry.stan}${kind === 'sale' ? 's' : 'v'}`

async function byKey(rows: Rows, sql: string): Promise<Map<string, Row>> {
  const found = new Map<string, Row>()
  for (let after = 0; ; ) {
    const page = await rows(`${sql} and rowid > ${after} order by rowid limit ${PAGE}`)
    for (const row of page) found.set(String(row.message_key), row)
    if (page.length < PAGE) return found
    after = Number(page.at(-1)?.n)
  }
}

interface Tables {
  readonly sales: ReadonlyMap<string, Row>
  readonly voids: ReadonlyMap<string, Row>
  readonly reversed: ReadonlyMap<string, Row>
}

function checkMessage(
  ledger: LoadLedger,
  message: LoadMessage,
  { sales, voids, reversed }: Tables,
  stands: boolean | null,
): void {
  // A message without an answer may have any row.
  if (stands === null) return
  const key = keyOf(message)
  const row = (message.kind === 'sale' ? sales : voids).get(key)
  // The row of a reversed sale stays, and the table of reversals has its key.
  const isLive = row?.state === 'approved' && !reversed.has(key)
  const isRight = isLive === stands && (!stands || row?.rrn === message.first?.rrn)
  ledger.check(
    'rows of sales and voids',
    isRight,
    () =>
      `${nameOf(message)} ${stands ? 'was approved' : 'has no effect'}, and the database has ${JSON.stringify(row ?? null)}`,
  )
}

function checkLive(ledger: LoadLedger, voids: ReadonlyMap<string, Row>): void {
  const live = new Map<string, string>()
  for (const [key, { state, sale_id }] of voids) {
    if (state === 'declined' || state === 'reversed') continue
    const other = live.get(String(sale_id))
    ledger.check('one live void per sale', other === undefined, () => `${key} and ${other} void one sale`)
    live.set(String(sale_id), key)
  }
}

async function checkTotals(ledger: LoadLedger, rows: Rows, mine: string): Promise<void> {
  const found = await rows(
    `select terminal_id, batch_number, debit_amount, debit_count, credit_amount, credit_count from batch where terminal_id ${mine}`,
  )
  const batches = new Map(
    found.map((row) => [`${String(row.terminal_id).trimEnd()} ${row.batch_number}`, row]),
  )
  for (const [batch, totals] of ledger.totals())
    if (totals !== null) sameTotals(ledger, batch, totals, batches.get(batch))
}

/** Compares the totals of the answers with a row of `batch`. A terminal without a message has a row of zeros. */
export function sameTotals(ledger: LoadLedger, batch: string, totals: Totals, row: Row | undefined): void {
  const ours = [totals.debitAmount, totals.debitCount, totals.creditAmount, totals.creditCount]
  const theirs = [row?.debit_amount, row?.debit_count, row?.credit_amount, row?.credit_count]
  ledger.check(
    'totals of the batch',
    ours.join() === theirs.map((value) => value ?? 0).join(),
    () => `${batch}: the answers give ${ours.join(' ')}, the database has ${theirs.join(' ')}`,
  )
}
