/** @module Pending key sets. They lie beside the journal: an attacker can cause one, and the journal does not move. */

import { sql } from 'drizzle-orm'
import type { Need } from '../domain/guard.ts'
import { PENDING_KEYS_MS } from '../domain/key-lifetime.ts'
import { type Db, persist } from './db.ts'
import type { WrappedKeySet } from './load.ts'
import { keySet } from './schema.ts'

/** The state under a sign-on. A key set is added only while this state holds. */
export interface SignOnState {
  readonly terminalId: string
  /** Version of the key set in use; null when there is none. */
  readonly inUse: number | null
  /** The guard of the bucket. Absent or empty: the region has one database. */
  readonly needs?: readonly Need[]
}

/**
 * Adds a pending key set, at most one live set per layout, and deletes the expired ones of the terminal. Returns false when
 * another sign-on was first, or when the master key, the set in use or a guard has changed: load again.
 */
export async function addPendingKeySet(db: Db, state: SignOnState, set: WrappedKeySet): Promise<boolean> {
  const { terminalId, inUse, needs = [] } = state
  const isMoved = sql`exists (select 1 from json_each(${JSON.stringify(needs)}) as need
    left join guard on guard.key = need.value ->> 0 where coalesce(guard.version, 0) <> need.value ->> 1)`
  const isExpired = sql`version > coalesce((select key_version from terminal where terminal_id = ${terminalId}), -1)
    and created_at <= ${set.createdAt - PENDING_KEYS_MS}`
  const remove = db.delete(keySet).where(sql`terminal_id = ${terminalId} and ${isExpired}`)
  const [, added] = await persist(() =>
    db.batch([
      remove,
      db
        .insert(keySet)
        .select(
          sql`select ${terminalId}, ${set.version}, ${set.tmkVersion}, ${set.layout}, ${set.mak}, ${set.tpk}, ${set.tdk}, ${set.createdAt}
          where exists (select 1 from terminal where terminal_id = ${terminalId} and tmk_version = ${set.tmkVersion}
              and coalesce(key_version, -1) < ${set.version})
            and not exists (select 1 from key_set where terminal_id = ${terminalId} and (version = ${set.version}
              or (layout = ${set.layout} and tmk_version = ${set.tmkVersion} and version > ${inUse ?? -1})))
            ${needs.length === 0 ? sql`` : sql`and not ${isMoved}`}`,
        )
        .returning({ version: keySet.version }),
    ]),
  )
  return added.length === 1
}
