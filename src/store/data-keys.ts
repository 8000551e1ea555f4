/** @module The first rows of the table of the data keys (crypto/data-keys.ts). */

import { sql } from 'drizzle-orm'
import { type Db, persist } from './db.ts'
import type { dataKey } from './schema.ts'

type Row = typeof dataKey.$inferSelect

/** Adds the first rows while the journal is empty. A row that is there stays. */
export async function addFirstDataKeys(db: Db, rows: readonly Row[]): Promise<void> {
  await persist(async () =>
    db.run(sql`insert or ignore into data_key (purpose, id, master_id, wrapped, created_at)
      select value ->> 'purpose', value ->> 'id', value ->> 'masterId', value ->> 'wrapped', value ->> 'createdAt'
      from json_each(${JSON.stringify(rows)}) where not exists (select 1 from journal)`),
  )
}
