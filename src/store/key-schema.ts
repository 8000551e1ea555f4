/** @module The tables of bearer keys and of the acquirer's keys (schema.ts). Hashes are lower-case hex, times are milliseconds since the epoch. */

import { sql } from 'drizzle-orm'
import { check, index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/** Projection of `api_key` entries. `hash` is SHA-256 of the key, `merchantId` null means an administrator. */
export const apiKey = sqliteTable(
  'api_key',
  {
    id: text('id').primaryKey(),
    hash: text('hash').notNull(),
    merchantId: text('merchant_id'),
    name: text('name').notNull(),
    /** With blanks between them (`scopeText`). */
    scopes: text('scopes').notNull(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at'),
    revokedAt: integer('revoked_at'),
  },
  (t) => [uniqueIndex('api_key_hash').on(t.hash), index('api_key_list').on(t.merchantId, t.createdAt, t.id)],
)

/** Projection: the head of the stream `region`, with the keys of administrators. One row at most. */
export const region = sqliteTable(
  'region',
  {
    id: integer('id').primaryKey(),
    headSeq: integer('head_seq').notNull(),
    headHash: text('head_hash').notNull(),
    headMac: text('head_mac').notNull(),
    headMacKey: integer('head_mac_key').notNull(),
  },
  (t) => [check('region_one', sql`${t.id} = 1`)],
)

/** MAC keys from sign-ons at the acquirer, wrapped (crypto/keyring.ts). Only database 0 has rows. Not a projection. */
export const acquirerKeyTable = sqliteTable('acquirer_key', {
  version: integer('version').primaryKey(),
  wrapped: text('wrapped').notNull(),
  createdAt: integer('created_at').notNull(),
})

/** The last sign-on that an isolate began: its number, which is the version of its key, and its time. One row at most. */
export const acquirerSignOnTable = sqliteTable(
  'acquirer_sign_on',
  {
    id: integer('id').primaryKey(),
    version: integer('version').notNull(),
    askedAt: integer('asked_at').notNull(),
  },
  (t) => [check('acquirer_sign_on_one', sql`${t.id} = 1`)],
)
