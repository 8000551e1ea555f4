/** @module The queries and answers of `/v1/acquirer-days`. */

import * as z from 'zod'
import { totals } from './batch-schemas.ts'
import * as v from './values.ts'

const day = z
  .string()
  .regex(/^2[0-9]{3}-[01][0-9]-[0-3][0-9]$/, 'expected a date, YYYY-MM-DD')
  .describe('The date on which the day of the acquirer ends.')

/** The cursor is the `next` of the page before. */
export const daysQuery = z.strictObject({
  state: z.enum(['open', 'closed']).optional().describe('Only days with such a case.'),
  cursor: z
    .string()
    .regex(/^2[0-9]{3}-[01][0-9]-[0-3][0-9]-[0-9]{3}$/, 'expected the cursor of a page')
    .optional()
    .describe('The `next` of the page before.'),
  limit: v.limit(100, 50),
})

export const dayPath = z.strictObject({ day })

export const dayClosing = z.strictObject({
  currency: v.currency.optional().describe('The currency of the day, `156` by default.'),
  note: v.printable(500).describe('The cause of the difference, and the person who settled it.'),
})

export const dayAnswer = z.strictObject({
  day,
  currency: v.currency,
  own: totals.describe('What both sides approved, by the records of Annul.'),
  undecided: z.int().describe('The messages without an outcome when the totals were counted.'),
  countedAt: v.time,
  attempts: z.int().describe('How often the totals were sent.'),
  answeredAt: v.time.nullable().describe('Null: the acquirer has not answered.'),
  result: z
    .enum(['equal', 'different', 'refused'])
    .nullable()
    .describe('`refused`: the acquirer does not compare the day. Null: it has not answered.'),
  acquirer: totals
    .nullable()
    .describe('The totals of the acquirer, cut to their digits. Null if it gave none.'),
  acquirerForeign: totals.nullable().describe('Its totals of foreign cards. There should be none.'),
  case: z
    .strictObject({
      state: z.enum(['open', 'closed']),
      openedAt: v.time,
      closedAt: v.time.nullable(),
      closedBy: v.text.nullable().describe('The name of the key that closed it.'),
      note: v.text.nullable(),
    })
    .nullable()
    .describe('The case of a difference, of a refusal, or of a week without an answer. Null without one.'),
  certainty: z.literal('FINAL'),
  doNext: v.doNext,
})

export const daysAnswer = z.strictObject({
  items: z.array(dayAnswer),
  next: v.text.nullable().describe('Cursor of the next page. Null on the last page.'),
  certainty: z.literal('FINAL'),
  doNext: v.doNext,
})
