/** @module The query and the answer of `GET /v1/batch-differences`. */

import * as z from 'zod'
import * as v from './values.ts'

/** The cursor is the `next` of the page before. */
export const batchDifferencesQuery = z.strictObject({
  merchantId: v.merchantId.optional().describe('The batches of this merchant only.'),
  cursor: z
    .string()
    .regex(
      /^(?:[1-9][0-9]{0,3}\.)?[0-9]{1,16}-[A-Za-z0-9]{1,8}-[0-9]{1,16}$/,
      'expected the cursor of a page',
    )
    .optional()
    .describe('The `next` of the page before.'),
  limit: v.limit(100, 50),
})

const number = z.int()
export const totals = z.strictObject({
  debitAmount: number.describe('The amount of the sales in minor units.'),
  debitCount: number.describe('The number of the sales.'),
  creditAmount: number.describe('The amount of the voids in minor units.'),
  creditCount: number.describe('The number of the voids.'),
})

const difference = z.strictObject({
  merchantId: v.merchantId,
  terminalId: v.terminalId,
  batchNumber: v.batchNumber,
  closedAt: v.time,
  own: totals.describe('What the terminal itself sent and was answered.'),
  office: totals.describe(
    'Voids and reversals that others made: the JSON API, a case, the list of the acquirer. A number is negative where they took back what the terminal has.',
  ),
  declared: totals
    .nullable()
    .describe('The domestic totals in the settlement of the terminal. Null if no settlement came before.'),
  declaredForeign: totals.nullable().describe('The foreign totals in it. There should be none.'),
  difference: totals.nullable().describe('`declared` minus `own`.'),
})

export const batchDifferencesAnswer = z.strictObject({
  items: z.array(difference),
  next: v.text.nullable().describe('Cursor of the next page. Null on the last page.'),
  certainty: z.literal('FINAL'),
  doNext: v.doNext,
})
