/** @module Pending key sets: rows beside the journal, which a stranger may cause but never move the journal by. */

import { sql } from 'drizzle-orm'
import { type Db, persist } from './db.ts'
import type { WrappedKeySet } from './load.ts'
import { keySet } from './schema.ts'

/** What a sign-on was decided on; a set is only added while it still holds. */
export interface SignOnGround {
  readonly terminalId: string
  /** Version of the master key that the set will be answered under. */
  readonly masterKeyVersion: number
  /** Version of the key set in use, if any. */
  readonly inUse: number | null
}

/**
 * Adds a pending key set, at most one per layout. Returns false when another sign-on was first or the master key was
 * changed meanwhile: load again.
 */
export async function addPendingKeySet(db: Db, ground: SignOnGround, set: WrappedKeySet): Promise<boolean> {
  const { terminalId, masterKeyVersion, inUse } = ground
  const added = await persist(() =>
    db
      .insert(keySet)
      .select(
        sql`select ${terminalId}, ${set.version}, ${set.layout}, ${set.mak}, ${set.tpk}, ${set.tdk}, ${set.createdAt}
          where exists (select 1 from master_key where terminal_id = ${terminalId} and version = ${masterKeyVersion})
            and not exists (select 1 from key_set where terminal_id = ${terminalId}
              and (version = ${set.version} or (layout = ${set.layout} and version > ${inUse ?? -1})))`,
      )
      .returning({ version: keySet.version }),
  )
  return added.length === 1
}
