/** @module What the JSON door accepts, field by field. Unknown members are refused: a misspelt one must not be ignored. */

import * as z from 'zod'
import { MAC_PROFILES } from '../../domain/types.ts'
import { isTimeZone } from '../../domain/window.ts'

const hexKey = z.string().regex(/^([0-9A-Fa-f]{16}|[0-9A-Fa-f]{32})$/, 'expected 8 or 16 bytes in hex')
const checkValue = z.string().regex(/^([0-9A-Fa-f]{2}){2,8}$/, 'expected 2 to 8 bytes in hex')
const amount = z.int().min(1).max(999_999_999_999)
const currency = z.string().regex(/^\d{3}$/, 'expected an ISO 4217 number, three digits')

export const merchantId = z.string().regex(/^[A-Za-z0-9]{15}$/, 'expected 15 letters or digits')
export const terminalId = z.string().regex(/^[A-Za-z0-9]{8}$/, 'expected 8 letters or digits')
/** Any form a caller likes, a quoted string (RFC 8941) too: only its fingerprint is written. */
export const idempotencyKey = z.string().regex(/^[\x21-\x7e]{1,255}$/)

export const VOID_REASONS = ['customer_changed_mind', 'operator_error', 'duplicate', 'system_error'] as const

/** `POST /v1/voids` */
export const voidBody = z.strictObject({
  saleId: z.string().regex(/^[0-9a-f]{32}$/, 'expected the id of a sale'),
  amount,
  currency: currency.optional(),
  reason: z.enum(VOID_REASONS).optional(),
})

const sixDigits = z.string().regex(/^\d{6}$/, 'expected six digits')
/** `POST /v1/reversals`: the void that was asked for under this key. */
export const reversalBody = z.strictObject({
  saleId: z.string().regex(/^[0-9a-f]{32}$/, 'expected the id of a sale'),
  amount,
  idempotencyKey,
})

const reference = z.string().regex(/^[A-Za-z0-9]{12}$/, 'expected 12 letters or digits')
const id = z.string().regex(/^[0-9a-f]{32}$/, 'expected an id')

/** `GET /v1/inquiries`: one reference and nothing beside it. */
export const inquiryQuery = z.union(
  [
    z.strictObject({
      merchantId,
      terminalId,
      batchNumber: sixDigits,
      stan: sixDigits,
      kind: z.enum(['sale', 'void']),
    }),
    z.strictObject({ rrn: reference }),
    z.strictObject({ saleId: id }),
    z.strictObject({ voidId: id }),
    z.strictObject({ idempotencyKey }),
  ],
  'expected merchantId, terminalId, batchNumber, stan and kind (sale or void), or one of rrn, saleId, voidId, idempotencyKey',
)

/** `GET /v1/cases`. The cursor is the `next` of the page before. */
export const casesQuery = z.strictObject({
  state: z.enum(['open', 'closed']).optional(),
  cursor: z
    .string()
    .regex(/^\d{1,16}-[A-Za-z0-9]{12}$/, 'expected the cursor of a page')
    .optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
})

/** Longer than any reference of ours: a card number, however it is grouped; a time of day has colons. */
const CARD_NUMBER = /\p{Nd}(?:[^\p{L}\p{Nd}:]{0,3}\p{Nd}){12}/u

/** `POST /v1/cases/{id}` */
export const caseDecisionBody = z.strictObject({
  resolution: z.enum(['stands', 'undone']),
  note: z
    .string()
    .regex(/^[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]{1,500}$/u, 'expected 1 to 500 printable characters')
    .refine((note) => !CARD_NUMBER.test(note), 'may not hold a number as long as that of a card'),
})

/** `POST /v1/reconciliations`. `asOf`: when the list was made at the latest. */
export const reconciliationQuery = z.strictObject({
  asOf: z.iso.datetime({ offset: true }),
  apply: z.enum(['true', 'false']).default('false'),
})

/** `GET /v1/acquirer-messages` */
export const pageQuery = z.strictObject({
  cursor: z
    .string()
    .regex(/^\d{1,15}$/, 'expected the cursor of a page')
    .default('0'),
  limit: z.coerce.number().int().min(1).max(1000).default(1000),
})

const nonZero = (length: number) => new RegExp(`^(?!0+$)[A-Za-z0-9]{${length}}$`)

/** A line of an acquirer's list: as `GET /ledger` of the simulated acquirer tells it. What else it says is not read. */
export const recordLine = z
  .object({
    of: z.enum(['sale', 'void']),
    merchantId,
    terminalId,
    batchNumber: sixDigits,
    stan: sixDigits,
    state: z.enum(['approved', 'declined', 'reversed', 'tombstone', 'absent']),
    amount: amount.optional(),
    currencyCode: currency.nullish(),
    rrn: z.string().regex(nonZero(12), 'expected 12 letters or digits').nullish(),
    authorizationCode: z.string().regex(nonZero(6), 'expected 6 letters or digits').nullish(),
    original: z.object({ batchNumber: sixDigits, stan: sixDigits }).nullish(),
  })
  .refine(({ state, amount }) => state === 'absent' || amount !== undefined, 'expected an amount')

/** `POST /v1/sales`: one sale, or one line of a feed. */
export const capturedSaleBody = z.strictObject({
  merchantId,
  terminalId,
  batchNumber: z.string().regex(/^\d{6}$/, 'expected six digits'),
  stan: z.string().regex(/^(?!000000)\d{6}$/, 'expected six digits, not 000000'),
  amount,
  currency: currency.optional(),
  pan: z
    .string()
    .regex(/^\d{13,19}$/, 'expected 13 to 19 digits')
    .optional(),
  rrn: z
    .string()
    .regex(/^(?!0+$)[A-Za-z0-9]{12}$/, 'expected 12 letters or digits')
    .optional(),
  authorizationCode: z
    .string()
    .regex(/^(?!0+$)[A-Za-z0-9]{6}$/, 'expected 6 letters or digits')
    .optional(),
  status: z.enum(['approved', 'declined']).default('approved'),
  fee: z.int().min(0).optional(),
  soldAt: z.iso.datetime({ offset: true }).optional(),
})

const component = z.strictObject({ value: hexKey, checkValue })

/** `PUT /v1/merchants/{mid}/terminals/{tid}` */
export const provisionBody = z.strictObject({
  status: z.enum(['active', 'blocked', 'stolen', 'retired']).optional(),
  macProfile: z.enum(MAC_PROFILES).optional(),
  textEncoding: z.enum(['gbk', 'ascii']).optional(),
  settlementMac: z.enum(['optional', 'required']).optional(),
  tmk: z
    .strictObject({ components: z.tuple([component, component]), checkValue: checkValue.optional() })
    .optional(),
  merchant: z
    .strictObject({
      name: z
        .string()
        .regex(/^[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]{1,64}$/u, 'expected 1 to 64 printable characters'),
      status: z.enum(['active', 'closed']),
      timeZone: z.string().refine(isTimeZone, 'expected an IANA time zone'),
      cutOff: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'expected HH:MM'),
      currency,
      window: z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('business_day') }),
        z.strictObject({ kind: z.literal('same_batch') }),
        z.strictObject({ kind: z.literal('minutes'), minutes: z.int().min(1).max(525_600) }),
      ]),
    })
    .partial()
    .optional(),
})

export type ReversalBody = z.infer<typeof reversalBody>
export type VoidBody = z.infer<typeof voidBody>
export type RecordLine = z.infer<typeof recordLine>
export type CaseDecisionBody = z.infer<typeof caseDecisionBody>
export type InquiryQuery = z.infer<typeof inquiryQuery>
export type CapturedSaleBody = z.infer<typeof capturedSaleBody>
export type ProvisionBody = z.infer<typeof provisionBody>
