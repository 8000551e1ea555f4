/** @module The caller's credential, and the rows that it may read. A merchant reads its own rows, an administrator all. */

import { type SQL, sql } from 'drizzle-orm'
import type { Db } from './db.ts'
import { apiKey } from './schema.ts'

/**
 * SQL condition: the key exists in `api_key` and is not revoked. `credential` is the SHA-256 of a bearer key, lower-case
 * hex.
 */
export const isLive = (credential: SQL | string): SQL =>
  sql`api_key.hash = ${credential} and api_key.revoked_at is null`

/** The row of a live credential, or none. */
export const liveCredential = (db: Db, credential: string) =>
  db.select().from(apiKey).where(isLive(credential))

/** SQL condition: the credential may read a row of this merchant. An unknown credential may read none. */
export const mayRead = (merchantId: SQL, credential: string): SQL =>
  sql`exists (select 1 from api_key where ${isLive(credential)}
    and (api_key.merchant_id is null or api_key.merchant_id = ${merchantId}))`
