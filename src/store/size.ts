/** @module The size of the database. */

import { sql } from 'drizzle-orm'
import type { Db } from './db.ts'

export interface DatabaseSize {
  /** Bytes of the whole database. */
  readonly bytes: number
  /** Entries of the journal. */
  readonly entries: number
}

/** Every chain begins at 1 and has no gap, so its head is the number of its entries. */
const ENTRIES = sql`select (select coalesce(sum(head_seq), 0) from terminal)
  + (select coalesce(sum(head_seq), 0) from merchant) as entries`

/** Asks D1. It returns its size with each result (platform.md, D1). Throws the errors of D1. */
export async function databaseSize(db: Db): Promise<DatabaseSize> {
  const { results, meta } = await db.run(ENTRIES)
  const [row] = results as { entries: number }[]
  return { bytes: meta.size_after, entries: row?.entries ?? 0 }
}
