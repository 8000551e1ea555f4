/**
 * @module The databases of a region, and the places of the buckets (domain/bucket.ts). The table `bucket` of database 0 says in
 * which database a bucket is. A bucket without a row is in database 0.
 */

import { BUCKETS } from '../domain/bucket.ts'
import { bucketGuard, type Need } from '../domain/guard.ts'
import type { bucketTable } from './bucket-table.ts'
import { type Db, openDb } from './db.ts'

export interface RegionDatabase {
  /** `DB_0` for the binding `DB`, and the name of the binding for every other. */
  readonly name: string
  readonly db: Db
}

/** A row of the table `bucket`. */
export type BucketRow = typeof bucketTable.$inferSelect

/** The databases of a region. */
export interface Databases {
  /** Database 0 is the first. It has what belongs to no merchant. */
  readonly all: readonly [RegionDatabase, ...RegionDatabase[]]
  /** The database of a bucket, 0 to 1023. */
  of(bucket: number): RegionDatabase
  /** The guard that a decision in a bucket needs. So it loses after the bucket has moved. None if there is one database. */
  needsOf(bucket: number): readonly Need[]
  /** Reads the table of buckets again, if there are several databases. Throws the errors of D1, and RangeError as `withBuckets`. */
  readAgain(): Promise<void>
}

type Places = ReadonlyMap<number, { readonly database: RegionDatabase; readonly version: number }>

const HOME = 'DB_0'
const OTHER = /^DB_[1-9]\d{0,3}$/

const isD1 = (binding: unknown): binding is D1Database =>
  typeof binding === 'object' && binding !== null && 'prepare' in binding

/** The databases of the bindings: `DB`, then `DB_1`, `DB_2` and so on. Throws RangeError if such a binding is no D1 database. */
export function openDatabases(bindings: { readonly DB: D1Database }): Databases['all'] {
  const others = Object.entries(bindings)
    .filter(([name]) => OTHER.test(name))
    .map(([name, binding]: [string, unknown]): RegionDatabase => {
      if (!isD1(binding)) throw new RangeError(`${name}: expected a D1 binding`)
      return { name, db: openDb(binding) }
    })
  return [{ name: HOME, db: openDb(bindings.DB) }, ...others]
}

/** The places of the buckets that the rows name. */
function placesOf(all: Databases['all'], rows: readonly BucketRow[]): Places {
  const places = new Map<number, { readonly database: RegionDatabase; readonly version: number }>()
  for (const { bucket, database: name, version } of rows) {
    const database = all.find((one) => one.name === name)
    if (database === undefined)
      throw new RangeError(`bucket: the row ${bucket} names a database without a binding`)
    if (bucket < 0 || bucket >= BUCKETS) throw new RangeError(`bucket: there is no bucket ${bucket}`)
    places.set(bucket, { database, version })
  }
  return places
}

/** `read` reads the rows again. Throws RangeError when a row names a bucket or a database that is not there. */
export function withBuckets(
  all: Databases['all'],
  rows: readonly BucketRow[],
  read: () => Promise<readonly BucketRow[]>,
): Databases {
  const [home, ...others] = all
  let places = placesOf(all, rows)
  return {
    all,
    of: (bucket) => places.get(bucket)?.database ?? home,
    needsOf: (bucket) =>
      others.length === 0 ? [] : [[bucketGuard(bucket), places.get(bucket)?.version ?? 0]],
    async readAgain() {
      if (others.length > 0) places = placesOf(all, await read())
    },
  }
}
