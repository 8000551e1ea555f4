/** @module Settings of merchants and terminals, which requests and answers share. */

import * as z from 'zod'
import { LATE_REVERSALS, LEAST_DECIDE_SECONDS, MOST_DECIDE_SECONDS } from '../../domain/merchant-rules.ts'

export const TERMINAL_STATES = ['active', 'blocked', 'stolen', 'retired'] as const
export const MERCHANT_STATES = ['active', 'closed'] as const

/** How long a sale can be voided while its batch is open (semantics.md, Window). */
export const windowPolicy = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('business_day') }),
    z.strictObject({ kind: z.literal('same_batch') }),
    z.strictObject({ kind: z.literal('minutes'), minutes: z.int().min(1).max(525_600) }),
  ])
  .describe(
    'The window for a void while the batch is open: `business_day` until the cut-off, `same_batch` until the batch closes, `minutes` for N minutes.',
  )

/** The rules of a merchant (domain/merchant-rules.ts). */
export const merchantRules = {
  lateReversals: z
    .enum(LATE_REVERSALS)
    .describe(
      'Whether a terminal may reverse a void long after its answer: `allow` (the default) with an alert, or `refuse` with code 22.',
    ),
  reasonRequired: z.boolean().describe('Whether a void by JSON must have a `reason`, `false` by default.'),
  decideWithin: z
    .union(
      [z.int().min(LEAST_DECIDE_SECONDS).max(MOST_DECIDE_SECONDS), z.literal('window')],
      `expected a number from ${LEAST_DECIDE_SECONDS} to ${MOST_DECIDE_SECONDS}, or window`,
    )
    .describe(
      'Seconds for which a void is kept while the acquirer does not answer, 180 by default. `window`: until the sale can no longer be voided, which is the most in any case.',
    ),
}
