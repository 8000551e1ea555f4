/** @module `annul keys rewrap|status`: the data keys of a database and the master key that wraps them. */

import { databaseOf, query } from './lib/database.ts'
import type { Run } from './lib/declare.ts'
import { Failure } from './lib/failure.ts'
import { masterKeysFor } from './lib/master-keys.ts'
import { readDataKeyRows, rewrapKeys } from './lib/rewrap-keys.ts'
import type { KEYS_STATUS, REWRAP_KEYS } from './table/keys.ts'

export const rewrap: Run<typeof REWRAP_KEYS> = async (parsed, io) => {
  const database = databaseOf(parsed)
  const keys = await masterKeysFor(database, io.env)
  if (keys.current.id !== parsed.to)
    throw new Failure(`nothing was written: MASTER_KEY has the id ${keys.current.id}, and --to another`)
  const random = (bytes: Uint8Array<ArrayBuffer>) => void crypto.getRandomValues(bytes)
  const { rewrapped, unchanged } = await rewrapKeys((sql) => query(database, sql), keys, random)
  const masterId = keys.current.id
  io.stdout(
    parsed.json
      ? JSON.stringify({ masterId, rewrapped, unchanged })
      : `${rewrapped} rewrapped under master key ${masterId}, ${unchanged} already under it`,
  )
  return 0
}

export const status: Run<typeof KEYS_STATUS> = async (parsed, io) => {
  const database = databaseOf(parsed)
  const rows = await readDataKeyRows((sql) => query(database, sql))
  for (const { purpose, id, masterId, createdAt } of rows) {
    const created = new Date(createdAt).toISOString()
    io.stdout(
      parsed.json
        ? JSON.stringify({ purpose, id, masterId, createdAt: created })
        : `${purpose} ${id}: under master key ${masterId}, created ${created}`,
    )
  }
  if (rows.length > 0) return 0
  io.stderr('keys status: the database has no data keys yet: start the service first')
  return 1
}
