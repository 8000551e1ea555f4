/** @module Checks that each bucket has its rows in one database, which is the one that the table of buckets names. */

import { bucketGuard } from '../../domain/guard.ts'
import type { BucketRow } from '../../store/databases.ts'
import { auditBuckets } from './audit-buckets.ts'
import type { OwnersInDatabase } from './read-owners.ts'
import type { TableFault } from './table-fault.ts'

/** The faults of one database. `key`: a bucket or a terminal. */
export interface AuditedShard {
  readonly database: string
  /** The number of buckets with rows in it. */
  readonly buckets: number
  readonly faults: readonly TableFault[]
}

/** `rows`: the table of buckets of database 0. `isOwn`: whether a row has the MAC of the service. */
export async function auditShards(
  rows: readonly BucketRow[],
  databases: readonly OwnersInDatabase[],
  isOwn: (row: BucketRow) => Promise<boolean>,
): Promise<AuditedShard[]> {
  const places = new Map(rows.map(({ bucket, database }) => [bucket, database]))
  const names = databases.map(({ name }) => name)
  return Promise.all(
    databases.map(async (one, i): Promise<AuditedShard> => {
      const { fault } = await auditBuckets(rows, one, isOwn)
      const faults = fault === null ? [] : [fault]
      // Database 0 has the table, so it has the fault of a row that no database serves.
      if (i === 0)
        for (const { bucket, database } of rows)
          if (!names.includes(database))
            faults.push({ key: String(bucket), why: `the environment has no database ${database}` })
      for (const [bucket, tables] of one.tables) {
        const place = places.get(bucket) ?? names[0]
        if (place === one.name) continue
        const left = one.guards.has(bucketGuard(bucket)) ? ', from before its move' : ''
        faults.push({
          key: String(bucket),
          why: `its database is ${place}: rows in ${tables.join(', ')}${left}`,
        })
      }
      for (const { terminalId, table } of one.orphans)
        faults.push({ key: terminalId.trimEnd(), why: `${table} has rows of a terminal without a profile` })
      return { database: one.name, buckets: one.tables.size, faults }
    }),
  )
}
