/**
 * @module `annul api-key create|revoke`: bearer keys of the JSON API. A key is 256 random bits. The database stores its SHA-256
 * only, and the command prints the key once.
 */

import { createHash, randomBytes } from 'node:crypto'
import { databaseOf, query, sqlText } from './lib/database.ts'
import type { Run } from './lib/declare.ts'
import type { CREATE_KEY, REVOKE_KEY } from './table/operation.ts'

/** Secret scanners recognise a leaked key by it. */
const PREFIX = 'annul_'

export const newApiKey = (): string => PREFIX + randomBytes(32).toString('base64url')

/** Lower-case hex. */
const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex')

/** A statement that stores a key, or does nothing if the key is stored. An administrator's key has no `merchantId`. */
export const insertApiKey = (key: string, merchantId: string | null, name: string): string =>
  `insert or ignore into api_key (hash, merchant_id, name, created_at) values (
    '${hashOf(key)}', ${merchantId === null ? 'null' : sqlText(merchantId)}, ${sqlText(name)}, ${Date.now()})`

export const create: Run<typeof CREATE_KEY> = async (parsed, io) => {
  const { name, mid: merchantId = null, json } = parsed
  const database = databaseOf(parsed)
  const key = newApiKey()
  await query(database, insertApiKey(key, merchantId, name))
  io.stdout(json ? JSON.stringify({ key, merchantId, name }) : key)
  return 0
}

export const revoke: Run<typeof REVOKE_KEY> = async (parsed, io) => {
  const { name, mid, json } = parsed
  const which = `name = ${sqlText(name)} and revoked_at is null
    ${mid === undefined ? '' : `and merchant_id = ${sqlText(mid)}`}`
  // The guards move first: whatever a key of these has loaded must be decided again.
  const [, revoked = []] = await query(
    databaseOf(parsed),
    `insert into guard (key, version) select distinct coalesce('merchant:' || merchant_id, 'region'), 1 from api_key
       where ${which} on conflict (key) do update set version = version + 1;
     update api_key set revoked_at = ${Date.now()} where ${which} returning hash`,
  )
  io.stdout(json ? JSON.stringify({ name, revoked: revoked.length }) : `${revoked.length} revoked`)
  return revoked.length > 0 ? 0 : 1
}
