/** @module Reads from a database which buckets have rows in it, table by table, and how many entries each has. */

import { bucketOf } from '../../domain/bucket.ts'
import { BUCKET_OWNERS } from '../../store/bucket-owners.ts'
import { BUCKET_GUARD, type BucketsInDatabase } from './audit-buckets.ts'
import type { Row } from './database.ts'
import type { RunSql } from './read-pages.ts'

export interface OwnersInDatabase extends BucketsInDatabase {
  /** The tables with rows of each bucket. */
  readonly tables: ReadonlyMap<number, readonly string[]>
  /** Rows of a terminal without a profile in this database: the terminal and the table. */
  readonly orphans: readonly { readonly terminalId: string; readonly table: string }[]
  /** The entries of each bucket that are in the database. */
  readonly entries: ReadonlyMap<number, number>
}

/** The entries of each merchant's stream and of its terminals' streams, without those in the archive. */
const ENTRIES = `select merchant_id as merchantId, sum(head_seq) as entries from (
  select merchant_id, head_seq - coalesce((select last_seq from archive_segment where terminal_id = terminal.terminal_id
    order by first_seq desc limit 1), 0) as head_seq from terminal
  union all select merchant_id, head_seq from merchant) group by merchant_id`

const TERMINALS = 'select terminal_id as terminalId, merchant_id as merchantId from terminal'

const GUARDS = `select key, version from guard where key >= '${BUCKET_GUARD}' and key < 'bucket;'`

const MERCHANT = 'merchant:'

/** Reads the owners of all rows of a database, in one call. `name`: `DB_0`, `DB_1` and so on. */
export async function readOwners(runSql: RunSql, name: string): Promise<OwnersInDatabase> {
  const tableNames = Object.keys(BUCKET_OWNERS)
  const [entryRows = [], terminalRows = [], guardRows = [], ...found] = await runSql(
    [ENTRIES, TERMINALS, GUARDS, ...Object.values(BUCKET_OWNERS)].join(';\n'),
  )
  const merchantOf = new Map(terminalRows.map((row) => [String(row.terminalId), String(row.merchantId)]))
  const tables = new Map<number, string[]>()
  const orphans: { terminalId: string; table: string }[] = []
  const ofOwner = (owner: string): number | undefined => {
    if (owner.startsWith(BUCKET_GUARD)) return Number(owner.slice(BUCKET_GUARD.length))
    const merchantId = owner.startsWith(MERCHANT) ? owner.slice(MERCHANT.length) : merchantOf.get(owner)
    return merchantId === undefined ? undefined : bucketOf(merchantId)
  }
  for (const [i, table] of tableNames.entries())
    for (const { owner } of found[i] ?? []) {
      const bucket = ofOwner(String(owner))
      if (bucket === undefined) orphans.push({ terminalId: String(owner), table })
      else {
        const known = tables.get(bucket) ?? []
        if (!known.includes(table)) tables.set(bucket, [...known, table])
      }
    }
  return {
    name,
    guards: new Map(guardRows.map(({ key, version }) => [String(key), Number(version)])),
    merchants: [],
    tables,
    orphans,
    entries: entriesOf(entryRows),
  }
}

function entriesOf(rows: readonly Row[]): Map<number, number> {
  const entries = new Map<number, number>()
  for (const { merchantId, entries: count } of rows) {
    const bucket = bucketOf(String(merchantId))
    entries.set(bucket, (entries.get(bucket) ?? 0) + Number(count))
  }
  return entries
}
