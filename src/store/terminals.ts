/** @module Pending key sets: rows beside the journal, which a stranger may cause but never move the journal by. */

import { and, eq, sql } from 'drizzle-orm'
import { type Db, persist } from './db.ts'
import type { WrappedKeySet } from './load.ts'
import { keySet } from './schema.ts'

/** Pending sets that are kept per terminal; the oldest goes first. */
const PENDING_KEPT = 8

/**
 * Adds a pending key set and drops the oldest beyond the bound. Returns false when the version was taken meanwhile.
 * The set in use (`inUse`) is never dropped.
 */
export async function addPendingKeySet(
  db: Db,
  terminalId: string,
  set: WrappedKeySet,
  inUse: number | null,
): Promise<boolean> {
  const [added] = await persist(() =>
    db.batch([
      db
        .insert(keySet)
        .values({ terminalId, ...set })
        .onConflictDoNothing()
        .returning({ version: keySet.version }),
      db.delete(keySet).where(
        and(
          eq(keySet.terminalId, terminalId),
          sql`${keySet.version} is not ${inUse}`,
          sql`${keySet.version} not in (select version from key_set where terminal_id = ${terminalId}
            order by version desc limit ${PENDING_KEPT})`,
        ),
      ),
    ]),
  )
  return added.length === 1
}
