/** @module Reads from a database how many entries of the journal each bucket has. It counts them by the heads. */

import { bucketOf } from '../../domain/bucket.ts'
import type { RunSql } from './read-pages.ts'

/** The entries of each merchant's stream and of its terminals' streams, without those in the archive. */
const ENTRIES = `select merchant_id as merchantId, sum(head_seq) as entries from (
  select merchant_id, head_seq - coalesce((select last_seq from archive_segment where terminal_id = terminal.terminal_id
    order by first_seq desc limit 1), 0) as head_seq from terminal
  union all select merchant_id, head_seq from merchant) group by merchant_id`

/** The entries of each bucket that are in the database. It reads one row for each terminal and each merchant. */
export async function readEntries(runSql: RunSql): Promise<ReadonlyMap<number, number>> {
  const [rows = []] = await runSql(ENTRIES)
  const entries = new Map<number, number>()
  for (const { merchantId, entries: count } of rows) {
    const bucket = bucketOf(String(merchantId))
    entries.set(bucket, (entries.get(bucket) ?? 0) + Number(count))
  }
  return entries
}
