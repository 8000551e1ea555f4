/** @module The tables of batches: their totals, and those that closed with a difference. */

import { sql } from 'drizzle-orm'
import { check, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/** Projection: the current totals. They are set, never added to, so that a repeated commit changes nothing. */
export const batch = sqliteTable(
  'batch',
  {
    terminalId: text('terminal_id').notNull(),
    batchNumber: text('batch_number').notNull(),
    state: text('state', { enum: ['open', 'closed'] }).notNull(),
    debitAmount: integer('debit_amount').notNull(),
    debitCount: integer('debit_count').notNull(),
    creditAmount: integer('credit_amount').notNull(),
    creditCount: integer('credit_count').notNull(),
    /** The part of these totals that is not the terminal's own (domain/office-totals.ts). */
    officeDebitAmount: integer('office_debit_amount').notNull(),
    officeDebitCount: integer('office_debit_count').notNull(),
    officeCreditAmount: integer('office_credit_amount').notNull(),
    officeCreditCount: integer('office_credit_count').notNull(),
    /** No projection: field 48 of the last 0500 that did not close the batch, and 1 if it had a MAC. */
    lastDeclared: text('last_declared'),
    isDeclaredSigned: integer('is_declared_signed').notNull().default(0),
  },
  (t) => [
    primaryKey({ columns: [t.terminalId, t.batchNumber] }),
    uniqueIndex('batch_open').on(t.terminalId).where(sql`state = 'open'`),
    check('batch_amounts', sql`${t.debitAmount} >= 0 and ${t.creditAmount} between 0 and ${t.debitAmount}`),
    check('batch_counts', sql`${t.creditCount} between 0 and ${t.debitCount}`),
    check('batch_own_debits', sql`${t.officeDebitAmount} <= ${t.debitAmount}`),
    check('batch_own_credits', sql`${t.officeCreditAmount} <= ${t.creditAmount}`),
  ],
)

/** Projection: batches whose terminal declared other totals than its own. Totals are a JSON list, in the order of `Totals`. */
export const batchDifference = sqliteTable(
  'batch_difference',
  {
    terminalId: text('terminal_id').notNull(),
    /** The entry that closed the batch. */
    seq: integer('seq').notNull(),
    merchantId: text('merchant_id').notNull(),
    batchNumber: text('batch_number').notNull(),
    closedAt: integer('closed_at').notNull(),
    own: text('own').notNull(),
    office: text('office').notNull(),
    /** Null: no 0500 of the batch is known. */
    declared: text('declared'),
    declaredForeign: text('declared_foreign'),
    difference: text('difference'),
  },
  (t) => [
    primaryKey({ columns: [t.terminalId, t.seq] }),
    index('batch_difference_list').on(t.closedAt, t.terminalId, t.seq),
    index('batch_difference_merchant').on(t.merchantId, t.closedAt, t.terminalId, t.seq),
  ],
)
