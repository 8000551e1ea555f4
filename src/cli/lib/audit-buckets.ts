/**
 * @module Checks the table of buckets, which is in database 0, and a database against it: its guards of buckets and its
 * merchants.
 */

import { bucketOf } from '../../domain/bucket.ts'
import { bucketGuard } from '../../domain/guard.ts'
import type { BucketRow } from '../../store/databases.ts'
import { type AuditedTable, firstOf, type TableFault } from './table-fault.ts'

export const BUCKETS_SQL =
  'select bucket, database, version, mac, mac_key as macKey from bucket order by bucket'

/** The part of one database: the guards of its buckets, and its merchants. */
export interface BucketsInDatabase {
  /** `DB_0`, `DB_1` and so on. */
  readonly name: string
  /** The versions of the guards of buckets, by their keys. */
  readonly guards: ReadonlyMap<string, number>
  readonly merchants: readonly string[]
}

/** Begins the key of the guard of a bucket. */
export const BUCKET_GUARD = bucketGuard(0).slice(0, -1)

/**
 * Each row has the MAC of the service. A deleted row shows at the guard that the move has raised, and at the merchants of a database
 * that has no right to them.
 */
export async function auditBuckets(
  rows: readonly BucketRow[],
  { name, guards, merchants }: BucketsInDatabase,
  isOwn: (row: BucketRow) => Promise<boolean>,
): Promise<AuditedTable> {
  const faults: TableFault[] = []
  const byGuard = new Map(rows.map((row) => [bucketGuard(row.bucket), row]))
  for (const row of rows) {
    const guard = guards.get(bucketGuard(row.bucket))
    const fault = (why: string) => faults.push({ key: String(row.bucket), why })
    if (!(await isOwn(row))) fault('the MAC of the row is not the service’s')
    else if (row.database === name && guard !== row.version) fault('the guard has another version')
    else if (row.database !== name && (guard ?? 0) > row.version) fault('the guard has a later version')
  }
  for (const key of guards.keys())
    if (!byGuard.has(key)) faults.push({ key: key.slice(BUCKET_GUARD.length), why: 'this row is missing' })
  for (const merchantId of merchants) {
    const bucket = bucketOf(merchantId)
    const row = byGuard.get(bucketGuard(bucket))
    // A bucket that has moved away leaves its guard, and perhaps its rows.
    const isHere = (row?.database ?? 'DB_0') === name || guards.has(bucketGuard(bucket))
    if (!isHere) faults.push({ key: String(bucket), why: `merchant ${merchantId} is not in this database` })
  }
  return { table: 'bucket', rows: rows.length, fault: firstOf(faults) }
}
