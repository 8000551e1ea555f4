/** @module Whether guards have the versions that a decision needs, before it is made. */

import { sql } from 'drizzle-orm'
import type { Need } from '../domain/guard.ts'
import type { Db } from './db.ts'
import { guard } from './schema.ts'
import { value, withValues } from './statements.ts'

const versions = withValues((db) =>
  db
    .select({ key: guard.key, version: guard.version })
    .from(guard)
    .where(sql`${guard.key} in (select value from json_each(${value('keys')}))`),
)

/**
 * The keys of the guards that have another version in this database. A guard without a row has the version 0. Throws the errors
 * of D1.
 */
export async function movedGuards(db: Db, needs: readonly Need[]): Promise<ReadonlySet<string>> {
  if (needs.length === 0) return new Set()
  const [rows] = await db.batch([versions(db, { keys: JSON.stringify(needs.map(([key]) => key)) })])
  const found = new Map(rows.map(({ key, version }) => [key, version]))
  return new Set(needs.filter(([key, version]) => (found.get(key) ?? 0) !== version).map(([key]) => key))
}
