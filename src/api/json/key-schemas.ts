/** @module Bearer keys in requests and answers of the JSON API. No answer but the first of a new key has the key itself. */

import * as z from 'zod'
import { MERCHANT_SCOPES, SCOPES } from '../../domain/scope.ts'
import * as v from './values.ts'

const scopes = z
  .array(z.enum(SCOPES))
  .min(1)
  .max(SCOPES.length)
  .describe(
    'The kinds of requests that the key may send. A merchant’s key has `read`, `sales:write` or `voids:write`.',
  )

const owner = v.merchantId.describe('The merchant of the key. Without it the key is an administrator’s.')

/** The scopes of a merchant’s key are no scopes of an administrator. */
const isScopeOfMerchant = (scope: string): boolean => (MERCHANT_SCOPES as readonly string[]).includes(scope)

/** `POST /v1/keys` */
export const newKeyBody = z
  .strictObject({
    merchantId: owner.optional(),
    name: v.printable(64).describe('A name for people. The journal has it beside what the key does.'),
    scopes: scopes
      .optional()
      .describe(
        'The default of a merchant is `read`, `sales:write` and `voids:write`; of an administrator all.',
      ),
    expiresAt: v.instant.optional().describe('The first instant at which the key is not valid.'),
  })
  .refine(({ merchantId, scopes = [] }) => merchantId === undefined || scopes.every(isScopeOfMerchant), {
    path: ['scopes'],
    error: `expected ${MERCHANT_SCOPES.join(', ')} for the key of a merchant`,
  })

/** `GET /v1/keys`. The cursor is the `next` of the page before. */
export const keysQuery = z.strictObject({
  merchantId: owner.optional(),
  cursor: z
    .string()
    .regex(/^[0-9]{1,16}-[0-9a-f]{32}$/, 'expected the cursor of a page')
    .optional()
    .describe('The `next` of the page before.'),
  limit: v.limit(100, 50),
})

export const keyPath = z.strictObject({ id: v.id.describe('The id of a bearer key, 32 hex digits.') })

const shown = {
  id: v.id,
  merchantId: v.merchantId.nullable().describe('Null: the key of an administrator.'),
  name: v.text,
  scopes,
  state: z.enum(['active', 'expired', 'revoked']),
  createdAt: v.time,
  expiresAt: v.time.nullable().describe('Null: it does not expire.'),
  revokedAt: v.time.nullable(),
}
const final = { certainty: z.literal('FINAL'), doNext: v.doNext }

export const keyAnswer = z.strictObject({ ...shown, ...final })

export const newKeyAnswer = z.strictObject({
  ...shown,
  key: z
    .string()
    .regex(/^annul_(?:[0-3][0-9a-f]{2}_)?[A-Za-z0-9_-]{43}$/)
    .describe(
      'The key itself. This answer is the only one that has it. A merchant’s key has its bucket after `annul_`.',
    ),
  ...final,
})

export const keysAnswer = z.strictObject({
  items: z.array(keyAnswer),
  next: v.text.nullable().describe('Cursor of the next page. Null on the last page.'),
  ...final,
})

export type NewKeyBody = z.infer<typeof newKeyBody>
export type KeyBody = z.infer<typeof keyAnswer>
