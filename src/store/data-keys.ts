/** @module The table of the data keys (crypto/data-keys.ts). An isolate reads it once, when it starts. */

import { asc, sql } from 'drizzle-orm'
import { type Db, errorText, persist } from './db.ts'
import { dataKey } from './schema.ts'

type Row = typeof dataKey.$inferSelect

/** Throws RangeError when the database has no such table. */
export async function readDataKeys(db: Db): Promise<Row[]> {
  try {
    return await persist(async () => db.select().from(dataKey).orderBy(asc(dataKey.purpose), asc(dataKey.id)))
  } catch (error) {
    if (!errorText(error).includes('no such table')) throw error
    throw new RangeError(
      'DB: has no table data_key: apply the migrations. A database of an earlier version must be made again',
    )
  }
}

/** Adds the first rows while the journal is empty. A row that is there stays. */
export async function addFirstDataKeys(db: Db, rows: readonly Row[]): Promise<void> {
  await persist(async () =>
    db.run(sql`insert or ignore into data_key (purpose, id, master_id, wrapped, created_at)
      select value ->> 'purpose', value ->> 'id', value ->> 'masterId', value ->> 'wrapped', value ->> 'createdAt'
      from json_each(${JSON.stringify(rows)}) where not exists (select 1 from journal)`),
  )
}
