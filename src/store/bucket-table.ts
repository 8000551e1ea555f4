/** @module The table of buckets. It has no row while a region has one database. */

import { sql } from 'drizzle-orm'
import { check, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/**
 * Buckets that are not in database 0, or were moved back to it (databases.ts). Only database 0 has rows. `version` is that of the
 * guard `bucket:B`, and each move raises it.
 */
export const bucketTable = sqliteTable(
  'bucket',
  {
    bucket: integer('bucket').primaryKey(),
    database: text('database').notNull(),
    version: integer('version').notNull(),
    /** HMAC-SHA-256 of the row (bucket-mac.ts), 64 lower-case hex digits, and the id of its data key `journal`. */
    mac: text('mac').notNull(),
    macKey: integer('mac_key').notNull(),
  },
  (t) => [check('bucket_number', sql`${t.bucket} between 0 and 1023`)],
)
