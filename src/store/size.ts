/** @module The size of the database. */

import { sql } from 'drizzle-orm'
import type { Db } from './db.ts'

export interface DatabaseSize {
  /** Bytes of the whole database. */
  readonly bytes: number
  /** Entries of the journal. */
  readonly entries: number
}

/** The most bytes of a database of D1 on the paid plan. */
const DATABASE_LIMIT = '10000000000'

/** Reads the setting `DATABASE_LIMIT_BYTES`. Throws RangeError with its name, never its value. */
export function readDatabaseLimit(limit: string = DATABASE_LIMIT): number {
  if (!/^[1-9]\d{5,12}$/.test(limit))
    throw new RangeError('DATABASE_LIMIT_BYTES: expected a whole number of bytes, 6 to 13 digits')
  return Number(limit)
}

/**
 * SQL: the number of entries in the database. Every chain begins at 1 and has no gap, so its head is the number of its entries,
 * with those in the archive.
 */
export const COUNT_ENTRIES = `(select coalesce(sum(head_seq - coalesce((select last_seq from archive_segment
    where terminal_id = terminal.terminal_id order by first_seq desc limit 1), 0)), 0) from terminal)
  + (select coalesce(sum(head_seq), 0) from merchant) + (select coalesce(sum(head_seq), 0) from region)`

const ENTRIES = sql.raw(`select ${COUNT_ENTRIES} as entries`)

/** Asks D1. It returns its size with each result (platform.md, D1). Throws the errors of D1. */
export async function databaseSize(db: Db): Promise<DatabaseSize> {
  const { results, meta } = await db.run(ENTRIES)
  const [row] = results as { entries: number }[]
  return { bytes: meta.size_after, entries: row?.entries ?? 0 }
}
