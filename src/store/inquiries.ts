/** @module Which message a reference means, among those that its asker may see. */

import { type SQL, sql } from 'drizzle-orm'
import { isLive, mayBeSeen } from './caller.ts'
import type { Db } from './db.ts'
import { apiKey, journal, sale, voidTable } from './schema.ts'

export type Reference =
  /** An RRN that we told. */
  | { readonly rrn: string }
  | { readonly saleId: string }
  | { readonly voidId: string }
  /** Fingerprint of the asker's own `Idempotency-Key` of a void. */
  | { readonly idempotencyKey: string }

export interface Meant {
  readonly messageKey: string
  /** The sale that a message of the JSON door named, where it was written down. */
  readonly saleId: string | null
}

/** `credential`: SHA-256 of the asker's bearer key. Null where nothing is meant. */
export async function findMessage(db: Db, credential: string, reference: Reference): Promise<Meant | null> {
  const [found] = await db
    .select({
      messageKey: sql<string | null>`meant.key`,
      saleId: sql<string | null>`(
      select body ->> '$.request.saleId' from ${journal} where message_key = meant.key)`,
    })
    .from(sql`(select ${keyOf(credential, reference)} as key) as meant`)
  return found == null || found.messageKey === null ? null : { ...found, messageKey: found.messageKey }
}

/** RRNs of fed sales are their feeder's: another merchant's of the same digits must not hide the asker's own. */
function keyOf(credential: string, reference: Reference): SQL {
  const caller = sql`(select merchant_id from ${apiKey} where ${isLive(credential)})`
  if ('saleId' in reference) return sql`(select message_key from ${sale} where id = ${reference.saleId})`
  if ('voidId' in reference) return sql`(select message_key from ${voidTable} where id = ${reference.voidId})`
  if ('rrn' in reference)
    return sql`coalesce(
      (select message_key from ${journal} where rrn = ${reference.rrn} and ${mayBeSeen(sql`body ->> '$.merchantId'`, credential)}),
      (select message_key from ${sale} where rrn = ${reference.rrn} and ${mayBeSeen(sql`sale.merchant_id`, credential)}
        order by sold_at desc limit 1))`
  return sql`'api|' || coalesce(${caller}, 'admin') || '|void|' || ${reference.idempotencyKey}`
}
