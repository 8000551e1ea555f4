/** @module Who calls, and whose a row is: a merchant sees its own rows, an administrator all, and no one else any. */

import { type SQL, sql } from 'drizzle-orm'
import type { Db } from './db.ts'
import { apiKey } from './schema.ts'

/** The condition that a key of `api_key` exists and is not revoked. `credential`: SHA-256 of a bearer key. */
export const isLive = (credential: SQL | string): SQL =>
  sql`api_key.hash = ${credential} and api_key.revoked_at is null`

export const liveCredential = (db: Db, credential: string) =>
  db.select().from(apiKey).where(isLive(credential))

/** `merchantId`: the row's own. */
export const mayBeSeen = (merchantId: SQL, credential: string): SQL =>
  sql`exists (select 1 from api_key where ${isLive(credential)}
    and (api_key.merchant_id is null or api_key.merchant_id = ${merchantId}))`
