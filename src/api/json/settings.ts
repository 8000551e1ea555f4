/** @module Settings of merchants and terminals, which requests and answers share. */

import * as z from 'zod'

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
