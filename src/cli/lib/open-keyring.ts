/** @module The keyring of a region, for commands: the data keys of database 0, opened with the master key of the environment. */

import { type Keyring, openKeyringUnder } from '../../crypto/keyring.ts'
import { type Database, homeOf, query } from './database.ts'
import { Failure } from './failure.ts'
import type { CommandIo } from './io.ts'
import { masterKeysFor } from './master-keys.ts'
import { readDataKeyRows } from './rewrap-keys.ts'

/** Throws UsageError without a master key, and Failure when the data keys do not open. Writes nothing. */
export async function keyringFor(database: Database, env: CommandIo['env']): Promise<Keyring> {
  const masterKeys = await masterKeysFor(database, env)
  const rows = await readDataKeyRows((sql) => query(homeOf(database), sql))
  const store = { read: async () => rows, addFirst: async () => undefined }
  const random = (bytes: Uint8Array<ArrayBuffer>) => void crypto.getRandomValues(bytes)
  try {
    return await openKeyringUnder(masterKeys, store, random, 0)
  } catch (error) {
    throw error instanceof RangeError ? new Failure(error.message) : error
  }
}
