/** @module Shared parts of the streams without a terminal: of a merchant, and of the region. The row of a stream has its head. */

import { type SQL, sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import type { Need } from '../domain/guard.ts'
import { append, confirm } from './commit.ts'
import { type Db, persist } from './db.ts'
import type { SealedRow } from './journal.ts'
import { guard } from './schema.ts'

/** Reads the rows of guards. A guard that nothing raised yet has no row. */
export const selectGuards = (db: Db, keys: readonly (string | SQL)[]) =>
  db.select().from(guard).where(sql`${guard.key} in ${keys}`)

/** Each guard with its version from the rows that were read. A guard without a row has version 0. */
export const needsFrom = (
  keys: readonly string[],
  rows: readonly (typeof guard.$inferSelect)[],
): readonly Need[] => keys.map((key) => [key, rows.find((row) => row.key === key)?.version ?? 0])

/** SQL: the entry of the item is in the journal. */
export const IS_WRITTEN = sql`exists (select 1 from journal where terminal_id = item.value ->> 'stream'
  and seq = item.value ->> 'headSeq' and hash_raw = unhex(item.value ->> 'headHash'))`

/**
 * Appends an entry with its projections, and raises the guard `moves`. True if the entry is in the journal. Otherwise another
 * writer was first, and nothing was written. Throws the errors of D1.
 */
export async function commitToStream(
  db: Db,
  row: SealedRow,
  projections: readonly BatchItem<'sqlite'>[],
  needs: readonly Need[],
  moves: string,
): Promise<boolean> {
  const entry = { ...row, needs, moves: [moves] }
  const results = await persist(() => db.batch([append(db, [entry]), ...projections, confirm(db, [row])]))
  return (results.at(-1) as unknown[]).length > 0
}
