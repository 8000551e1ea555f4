/**
 * @module `annul api-key create|revoke`: bearer keys of the JSON door. A key is 256 random bits; the database gets its
 * SHA-256 only, and the key is printed once.
 */

import { createHash, randomBytes } from 'node:crypto'
import { DATABASE_TEXTS, databaseOf, query, sqlText } from './lib/database.ts'
import { withFailure } from './lib/failure.ts'
import type { CommandIo } from './lib/io.ts'
import { flagsOf, oneOf } from './lib/ndjson.ts'
import { merchantIdOf, requiredText } from './lib/options.ts'

/** Recognisable, so that a scanner finds one that was leaked. */
const PREFIX = 'annul_'

export const newApiKey = (): string => PREFIX + randomBytes(32).toString('base64url')

/** Lower-case hex. */
export const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex')

/** A statement that stores a key and does nothing where it is stored already. `merchantId` null: an administrator. */
export const insertApiKey = (key: string, merchantId: string | null, name: string): string =>
  `insert or ignore into api_key (hash, merchant_id, name, created_at) values (
    '${hashOf(key)}', ${merchantId === null ? 'null' : sqlText(merchantId)}, ${sqlText(name)}, ${Date.now()})`

export async function run(args: string[], io: CommandIo): Promise<number> {
  return withFailure('api-key', io, async () => {
    const texts = ['merchant', 'name', ...DATABASE_TEXTS]
    const { values, positionals } = flagsOf(args, texts, ['remote', 'ndjson'], 1)
    const operation = oneOf({ operation: positionals[0] }, 'operation', ['create', 'revoke'])
    const name = requiredText(
      values,
      'name',
      /^[\p{L}\p{N} ._@-]{1,64}$/u,
      'a name of 1 to 64 letters, digits, blanks and ._@-',
    )
    const merchantId = values.merchant === undefined ? null : merchantIdOf(values, 'merchant')
    const database = databaseOf(values)
    if (operation === 'create') {
      const key = newApiKey()
      await query(database, insertApiKey(key, merchantId, name))
      io.stdout(values.ndjson ? JSON.stringify({ key, merchantId, name }) : key)
      return 0
    }
    const [revoked = []] = await query(
      database,
      `update api_key set revoked_at = ${Date.now()} where name = ${sqlText(name)} and revoked_at is null
       ${merchantId === null ? '' : `and merchant_id = ${sqlText(merchantId)}`} returning hash`,
    )
    io.stdout(values.ndjson ? JSON.stringify({ name, revoked: revoked.length }) : `${revoked.length} revoked`)
    return revoked.length > 0 ? 0 : 1
  })
}
