/** @module The tables of a whole region, in database 0: the data keys and the buckets. An isolate reads them when it starts. */

import { asc } from 'drizzle-orm'
import { bucketTable } from './bucket-table.ts'
import type { BucketRow } from './databases.ts'
import { type Db, errorText, persist } from './db.ts'
import { dataKey } from './schema.ts'

interface Region {
  /** Sorted by purpose and id. */
  readonly dataKeys: readonly (typeof dataKey.$inferSelect)[]
  readonly buckets: readonly BucketRow[]
}

/** Reads both tables in one trip. Throws RangeError when the database has no such table. */
export async function readRegion(db: Db): Promise<Region> {
  try {
    const [dataKeys, buckets] = await persist(() =>
      db.batch([
        db.select().from(dataKey).orderBy(asc(dataKey.purpose), asc(dataKey.id)),
        db.select().from(bucketTable),
      ]),
    )
    return { dataKeys, buckets }
  } catch (error) {
    const [, table] = /no such table: (\w+)/.exec(errorText(error)) ?? []
    if (table === undefined) throw error
    throw new RangeError(
      `DB: has no table ${table}: apply the migrations. A database of an earlier version must be made again`,
    )
  }
}

/** Reads the table of buckets. */
export const readBuckets = (db: Db): Promise<readonly BucketRow[]> =>
  persist(() => db.select().from(bucketTable))
