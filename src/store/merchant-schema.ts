/** @module The table of merchants: their settings, and the heads of their streams. */

import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { LATE_REVERSALS } from '../domain/merchant-rules.ts'
import { headColumns } from './terminal-columns.ts'

/** Projection of `merchant` entries: a merchant's settings and the head of its stream. */
export const merchant = sqliteTable('merchant', {
  merchantId: text('merchant_id').primaryKey(),
  name: text('name').notNull(),
  status: text('status', { enum: ['active', 'closed'] }).notNull(),
  timeZone: text('time_zone').notNull(),
  cutOff: text('cut_off').notNull(),
  windowKind: text('window_kind', { enum: ['business_day', 'same_batch', 'minutes'] }).notNull(),
  windowMinutes: integer('window_minutes'),
  currencyCode: text('currency_code').notNull(),
  ...headColumns(),
  lateReversals: text('late_reversals', { enum: LATE_REVERSALS }).notNull(),
  /** 0 or 1. */
  reasonRequired: integer('reason_required').notNull(),
  /** In seconds. Null: the window of the sale. */
  decideWithin: integer('decide_within'),
})
