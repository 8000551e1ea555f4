/** @module Whose a row is, as a condition of the query itself: a merchant sees its own, an administrator all, no one else any. */

import { type SQL, sql } from 'drizzle-orm'

/** `credential`: SHA-256 of a bearer key. `merchantId`: the row's own. */
export const mayBeSeen = (merchantId: SQL, credential: string): SQL =>
  sql`exists (select 1 from api_key where hash = ${credential} and revoked_at is null
    and (api_key.merchant_id is null or api_key.merchant_id = ${merchantId}))`
