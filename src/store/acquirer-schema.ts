/** @module The tables of the acquirer's line and of its days (schema.ts). Times are milliseconds since the epoch. */

import { sql } from 'drizzle-orm'
import { check, index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

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

/**
 * Projection: forwarded messages whose day at the acquirer does not follow from their times, as field 15 says. Most messages have no
 * row.
 */
export const acquirerDate = sqliteTable('acquirer_date', {
  messageKey: text('message_key').primaryKey(),
  terminalId: text('terminal_id').notNull(),
  /** MMDD. */
  settlementDate: text('settlement_date').notNull(),
})

/**
 * The days that are settled with the acquirer, each currency by itself. Only database 0 has rows. Not a projection. Totals are JSON
 * lists in the order of `Totals`.
 */
export const acquirerSettlement = sqliteTable(
  'acquirer_settlement',
  {
    /** YYYY-MM-DD, the date on which the day ends. */
    day: text('day').notNull(),
    currencyCode: text('currency_code').notNull(),
    /** Field 11 of the 0500 and of its repeats. */
    acquirerStan: text('acquirer_stan').notNull(),
    own: text('own').notNull(),
    /** Messages without an outcome when the totals were counted. */
    undecided: integer('undecided').notNull(),
    countedAt: integer('counted_at').notNull(),
    attempts: integer('attempts').notNull(),
    /** Null: the acquirer has answered. */
    nextAt: integer('next_at'),
    answeredAt: integer('answered_at'),
    result: text('result', { enum: ['equal', 'different', 'refused'] }),
    /** The acquirer's totals of domestic cards, then those of foreign cards. Null: it gave none. */
    theirs: text('theirs'),
    caseOpenedAt: integer('case_opened_at'),
    caseClosedAt: integer('case_closed_at'),
    /** The key that closed the case, by its name, and its note. */
    closedBy: text('closed_by'),
    note: text('note'),
  },
  (t) => [
    primaryKey({ columns: [t.day, t.currencyCode] }),
    index('acquirer_settlement_due').on(t.nextAt).where(sql`next_at is not null`),
  ],
)
