/** @module The content of the database, as a test compares it. */

import { env } from 'cloudflare:workers'
import type { ChainFault, JournalRow } from '../../src/store/journal.ts'
import { verifyChain } from '../../src/store/journal.ts'

export type Row = Readonly<Record<string, string | number | null>>

export async function rows(sql: string, ...values: unknown[]): Promise<Row[]> {
  const { results } = await env.DB.prepare(sql)
    .bind(...values)
    .all<Row>()
  return results
}

/** A terminal's journal in order. */
export async function journalOf(tid: string): Promise<JournalRow[]> {
  const found = await rows(
    `select terminal_id as terminalId, seq, hash, message_key as messageKey, rrn, body
     from journal where terminal_id = ? order by seq`,
    tid,
  )
  return found as unknown as JournalRow[]
}

/** The first fault of a stream against the head in the row of its terminal or merchant. */
export async function faultOf(stream: string): Promise<ChainFault | null> {
  const [head] = await rows(
    `select head_seq as seq, head_hash as hash from terminal where terminal_id = ?1
     union all select head_seq, head_hash from merchant where 'merchant:' || merchant_id = ?1
     union all select head_seq, head_hash from region where ?1 = 'region'`,
    stream,
  )
  if (head === undefined) throw new Error(`${stream} is not there`)
  return verifyChain(await journalOf(stream), { seq: Number(head.seq), hash: String(head.hash) })
}

export const TABLES = [
  'merchant',
  'terminal',
  'master_key',
  'key_set',
  'journal',
  'sale',
  'void',
  'reversal',
  'batch',
  'batch_difference',
  'acquirer_date',
  'acquirer_message',
  'api_key',
  'region',
  'data_key',
  'refusal_count',
] as const

/** Tables that the journal rebuilds. */
export const PROJECTIONS = [
  'merchant',
  'terminal',
  'sale',
  'void',
  'reversal',
  'batch',
  'batch_difference',
  'acquirer_date',
  'acquirer_message',
  'api_key',
  'region',
] as const

/** Every row of every table, in a fixed order. */
export async function dump(tables: readonly string[] = TABLES): Promise<Record<string, Row[]>> {
  const all: Record<string, Row[]> = {}
  for (const table of tables) {
    const found = await rows(`select * from ${table}`)
    // The outbox alone owns the number of tries and the time of the next.
    for (const row of found) for (const own of ['attempts', 'next_at']) Reflect.deleteProperty(row, own)
    // The totals that a terminal declares are beside the journal.
    const isRebuilt = tables === PROJECTIONS
    for (const row of found)
      for (const own of isRebuilt ? ['last_declared', 'is_declared_signed'] : [])
        Reflect.deleteProperty(row, own)
    all[table] = found.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  }
  return all
}

/** The result of a terminal's messages: sales and voids with their state, and the totals of the batches. */
export async function effectOf(tid: string) {
  const sales = await rows(
    `select sale.stan, sale.amount, sale.status,
       exists (select 1 from reversal where target_key = sale.message_key) as reversed,
       (select count(*) from void where sale_id = sale.id and state not in ('declined', 'reversed')) as live_voids
     from sale where terminal_id = ? order by batch_number, stan`,
    tid,
  )
  const batches = await rows(
    `select batch_number, state, debit_amount, debit_count, credit_amount, credit_count
     from batch where terminal_id = ? order by batch_number`,
    tid,
  )
  return { sales, batches }
}
