/** @module The tables of the acquirer's line and of its settlement (schema.ts). Times are milliseconds since the epoch. */

import { sql } from 'drizzle-orm'
import { check, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** The last echo at the acquirer. One row at most, in database 0. Not a projection. */
export const acquirerLineTable = sqliteTable(
  'acquirer_line',
  {
    id: integer('id').primaryKey(),
    askedAt: integer('asked_at').notNull(),
    /** Echoes in a row without a good answer. */
    failures: integer('failures').notNull(),
    /** The fault of the last of them, without content. Null: the acquirer answered. */
    why: text('why'),
  },
  (t) => [check('acquirer_line_one', sql`${t.id} = 1`)],
)
