/** @module Data keys in memory: a keyring without a database. */

import type { DataKeyRow, DataKeyStore } from '../../src/crypto/data-keys.ts'
import { type Keyring, openKeyring } from '../../src/crypto/keyring.ts'
import type { FillRandom } from '../../src/crypto/wrap-under.ts'

/** A table `data_key` in memory. */
export function memoryDataKeys(): DataKeyStore & { rows: DataKeyRow[] } {
  const table = {
    rows: [] as DataKeyRow[],
    read: async () => [...table.rows],
    addFirst: async (rows: readonly DataKeyRow[]) => {
      if (table.rows.length === 0) table.rows = [...rows]
    },
  }
  return table
}

/** The keyring of a new database. */
export const newKeyring = (masterKey: string | undefined, random: FillRandom): Promise<Keyring> =>
  openKeyring({ MASTER_KEY: masterKey }, memoryDataKeys(), random, 0)
