/**
 * @module The condition on rows that a credential may read. A merchant reads its own rows, an administrator all, and an
 * unknown credential none.
 */

import { type SQL, sql } from 'drizzle-orm'

/**
 * SQL condition. `credential` is the SHA-256 of a bearer key, lower-case hex. `merchantId` is the merchant of the row.
 */
export const mayRead = (merchantId: SQL, credential: string): SQL =>
  sql`exists (select 1 from api_key where hash = ${credential} and revoked_at is null
    and (api_key.merchant_id is null or api_key.merchant_id = ${merchantId}))`
