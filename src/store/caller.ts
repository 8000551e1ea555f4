/** @module The caller's credential, and the rows that it may read. A merchant reads its own rows, an administrator all. */

import { type SQL, sql } from 'drizzle-orm'
import type { Db } from './db.ts'
import { apiKey } from './key-schema.ts'
import { value, withValues } from './statements.ts'

/**
 * SQL condition: the key exists in `api_key`, is not revoked, and has not expired at `now`. `credential` is the SHA-256
 * of a bearer key, lower-case hex. `now` is in milliseconds since the epoch.
 */
export const isLive = (credential: SQL | string, now: SQL | number): SQL =>
  sql`api_key.hash = ${credential} and api_key.revoked_at is null
    and (api_key.expires_at is null or api_key.expires_at > ${now})`

/** The row of a live credential, or none. */
export const liveCredential = (db: Db, credential: string, now: number) => findLive(db, { credential, now })

const findLive = withValues((db) =>
  db
    .select()
    .from(apiKey)
    .where(isLive(value('credential'), value('now'))),
)

/** SQL condition: the credential may read a row of this merchant. An unknown credential may read none. */
export const mayRead = (merchantId: SQL, credential: string, now: number): SQL =>
  sql`exists (select 1 from api_key where ${isLive(credential, now)}
    and (api_key.merchant_id is null or api_key.merchant_id = ${merchantId}))`
