/** @module Reads from a database which buckets have rows in it, table by table. */

import { bucketOf } from '../../domain/bucket.ts'
import { BUCKET_OWNERS } from '../../store/bucket-owners.ts'
import { BUCKET_GUARD, type BucketsInDatabase } from './audit-buckets.ts'
import type { RunSql } from './read-pages.ts'

export interface OwnersInDatabase extends BucketsInDatabase {
  /** The tables with rows of each bucket. */
  readonly tables: ReadonlyMap<number, readonly string[]>
  /** Rows of a terminal without a profile in this database: the terminal and the table. */
  readonly orphans: readonly { readonly terminalId: string; readonly table: string }[]
}

const TERMINALS = 'select terminal_id as terminalId, merchant_id as merchantId from terminal'

const GUARDS = `select key, version from guard where key >= '${BUCKET_GUARD}' and key < 'bucket;'`

const MERCHANT = 'merchant:'

/** Reads the owners of all rows of a database, in one call. `name`: `DB_0`, `DB_1` and so on. */
export async function readOwners(runSql: RunSql, name: string): Promise<OwnersInDatabase> {
  const tableNames = Object.keys(BUCKET_OWNERS)
  const [terminalRows = [], guardRows = [], ...found] = await runSql(
    [TERMINALS, GUARDS, ...Object.values(BUCKET_OWNERS)].join(';\n'),
  )
  const merchantOf = new Map(terminalRows.map((row) => [String(row.terminalId), String(row.merchantId)]))
  const tables = new Map<number, string[]>()
  const orphans: { terminalId: string; table: string }[] = []
  const ofOwner = (owner: string): number | undefined => {
    if (owner.startsWith(BUCKET_GUARD)) return Number(owner.slice(BUCKET_GUARD.length))
    const merchantId = owner.startsWith(MERCHANT) ? owner.slice(MERCHANT.length) : merchantOf.get(owner)
    return merchantId === undefined ? undefined : bucketOf(merchantId)
  }
  for (const [i, table] of tableNames.entries())
    for (const { owner } of found[i] ?? []) {
      const bucket = ofOwner(String(owner))
      if (bucket === undefined) orphans.push({ terminalId: String(owner), table })
      else {
        const known = tables.get(bucket) ?? []
        if (!known.includes(table)) tables.set(bucket, [...known, table])
      }
    }
  return {
    name,
    guards: new Map(guardRows.map(({ key, version }) => [String(key), Number(version)])),
    merchants: [],
    tables,
    orphans,
  }
}
