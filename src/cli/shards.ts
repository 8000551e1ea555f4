/** @module `annul shards plan|verify`: the databases of a region, and the buckets in them. */

import { isOwnBucket } from '../store/bucket-mac.ts'
import type { BucketRow } from '../store/databases.ts'
import { BUCKETS_SQL } from './lib/audit-buckets.ts'
import { auditShards } from './lib/audit-shards.ts'
import { type Database, databaseOf, execute, homeOf, query } from './lib/database.ts'
import type { Run } from './lib/declare.ts'
import { localSize } from './lib/local-size.ts'
import { keyringFor } from './lib/open-keyring.ts'
import { planMoves, type ShardLoad } from './lib/plan-moves.ts'
import { readEntries } from './lib/read-entries.ts'
import { readOwners } from './lib/read-owners.ts'
import { readDatabaseNames, readDatabaseSettings } from './lib/worker-settings.ts'
import type { PLAN_SHARDS, VERIFY_SHARDS } from './table/shards.ts'

interface Shard extends ShardLoad {
  /** Null: wrangler does not say. */
  readonly bytes: number | null
}

/** Reads the databases of the environment one after the other: each call starts wrangler. */
async function eachDatabase<T>(given: Database, read: (database: NamedDatabase) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  for (const name of readDatabaseNames(given)) results.push(await read({ ...given, name }))
  return results
}

type NamedDatabase = Database & { readonly name: string }

async function readShard(database: NamedDatabase): Promise<Shard> {
  let bytes: number | null = null
  const entries = await readEntries(async (sql) => {
    const results = await execute(database, sql)
    bytes = results.at(-1)?.bytes ?? null
    return results.map(({ rows }) => rows)
  })
  const local = database.remote ? null : localSize(readDatabaseSettings(database).id, database.persistTo)
  return { name: database.name, bytes: bytes ?? local, entries }
}

export const planShards: Run<typeof PLAN_SHARDS> = async (parsed, io) => {
  const shards = await eachDatabase(databaseOf(parsed), readShard)
  for (const { name: database, bytes, entries: byBucket } of shards) {
    const entries = [...byBucket.values()].reduce((sum, count) => sum + count, 0)
    const size = bytes === null ? 'size unknown' : `${(bytes / 1e6).toFixed(1)} MB`
    io.stdout(
      parsed.json
        ? JSON.stringify({ database, bytes, buckets: byBucket.size, entries })
        : `${database}: ${size}, ${entries} entries in ${byBucket.size} buckets`,
    )
  }
  const moves = planMoves(shards)
  for (const move of moves) {
    const { bucket, from, to, entries } = move
    io.stdout(
      parsed.json ? JSON.stringify(move) : `bucket ${bucket}: from ${from} to ${to}, ${entries} entries`,
    )
  }
  if (shards.length === 1) io.stderr('shards plan: the environment has one database')
  else if (moves.length === 0) io.stderr('shards plan: no move would make the databases more even')
  return 0
}

export const verifyShards: Run<typeof VERIFY_SHARDS> = async (parsed, io) => {
  const given = databaseOf(parsed)
  const keyring = await keyringFor(given, io.env)
  const shards = await eachDatabase(given, (one) => readOwners((sql) => query(one, sql), one.name))
  const [rows = []] = await query(homeOf(given), BUCKETS_SQL)
  const audited = await auditShards(rows as unknown as BucketRow[], shards, (row) =>
    isOwnBucket(keyring.verifyJournalMac, row),
  )
  for (const { database, buckets, faults } of audited) {
    if (parsed.json) io.stdout(JSON.stringify({ database, buckets, faults, sound: faults.length === 0 }))
    else if (faults.length === 0) io.stdout(`${database}: ${buckets} buckets, sound`)
    else for (const { key, why } of faults) io.stdout(`${database}: bad: ${key}: ${why}`)
  }
  return audited.some(({ faults }) => faults.length > 0) ? 1 : 0
}
