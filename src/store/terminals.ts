/** @module Pending key sets. They lie beside the journal: an attacker can cause one, and the journal does not move. */

import { sql } from 'drizzle-orm'
import { PENDING_KEYS_MS } from '../domain/key-lifetime.ts'
import { type Db, persist } from './db.ts'
import type { WrappedKeySet } from './load.ts'
import { keySet } from './schema.ts'

/** The state under a sign-on. A key set is added only while this state holds. */
export interface SignOnState {
  readonly terminalId: string
  /** Version of the master key that wraps the answer. */
  readonly masterKeyVersion: number
  /** Version of the key set in use; null when there is none. */
  readonly inUse: number | null
}

/**
 * Adds a pending key set, at most one live set per layout, and deletes the expired ones of the terminal. Returns false when
 * another sign-on was first, or when the master key has changed: load again.
 */
export async function addPendingKeySet(db: Db, state: SignOnState, set: WrappedKeySet): Promise<boolean> {
  const { terminalId, masterKeyVersion, inUse } = state
  const isExpired = sql`version > coalesce((select key_version from terminal where terminal_id = ${terminalId}), -1)
    and created_at <= ${set.createdAt - PENDING_KEYS_MS}`
  const remove = db.delete(keySet).where(sql`terminal_id = ${terminalId} and ${isExpired}`)
  const [, added] = await persist(() =>
    db.batch([
      remove,
      db
        .insert(keySet)
        .select(
          sql`select ${terminalId}, ${set.version}, ${set.layout}, ${set.mak}, ${set.tpk}, ${set.tdk}, ${set.createdAt}
          where exists (select 1 from master_key where terminal_id = ${terminalId} and version = ${masterKeyVersion})
            and not exists (select 1 from key_set where terminal_id = ${terminalId}
              and (version = ${set.version} or (layout = ${set.layout} and version > ${inUse ?? -1})))`,
        )
        .returning({ version: keySet.version }),
    ]),
  )
  return added.length === 1
}
