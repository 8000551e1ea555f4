/** @module The requests of the JSON API, member by member. Unknown members are refused, so a misspelt one is not ignored. */

import * as z from 'zod'
import { MAC_PROFILES } from '../../domain/terminal-profile.ts'
import { isTimeZone } from '../../domain/window.ts'
import { messageFormSchemas } from './message-forms.ts'
import { MERCHANT_STATES, merchantRules, TERMINAL_STATES, windowPolicy } from './settings.ts'
import * as v from './values.ts'

/**
 * `Idempotency-Key`: a structured-field string (`"k"`), or its characters alone (`k`). Both are the same key. Only its
 * fingerprint is stored.
 */
export const idempotencyKey = z
  .string()
  .regex(
    /^(?:[!#-~][!-~]{0,254}|"(?:[ !#-[\]-~]|\\["\\]){1,255}")$/,
    'expected 1 to 255 visible ASCII characters, or a quoted string of them',
  )
  .describe('The key of one act, which the caller makes: `"k"` and `k` are the same key.')

export const VOID_REASONS = ['customer_changed_mind', 'operator_error', 'duplicate', 'system_error'] as const

/** `POST /v1/voids` */
export const voidRequestBody = z.strictObject({
  saleId: v.id.describe('The id of the sale to void.'),
  amount: v.amount.describe('The full amount of the sale.'),
  currency: v.currency.optional(),
  reason: z.enum(VOID_REASONS).optional(),
})

/** One line of `POST /v1/voids` as NDJSON: each void has a key of its own. */
export const voidLine = voidRequestBody.extend({ idempotencyKey })

/** The void that was sent under this key. */
export const voidReversalBody = z.strictObject({
  saleId: v.id,
  amount: v.amount,
  idempotencyKey: idempotencyKey.describe('The key of the void to reverse.'),
  reason: v
    .printable(200)
    .optional()
    .describe(
      'The reason in words. An administrator must give it for the void of a merchant, and for a void that was answered long ago.',
    ),
})

/** The captured sale under its own key, also before it arrives. */
export const saleReversalBody = z.strictObject({
  merchantId: v.merchantId,
  terminalId: v.terminalId,
  batchNumber: v.batchNumber,
  stan: z
    .string()
    .regex(/^(?!000000)[0-9]{6}$/, 'expected six digits, not 000000')
    .describe('The trace number of the captured sale, six digits, not 000000.'),
  amount: v.amount,
})

/** `POST /v1/reversals` */
export const reversalRequestBody = z.union([voidReversalBody, saleReversalBody])

/** A sale or void by its id, or by its RRN. */
export const reference = z
  .string()
  .regex(/^(?:[0-9a-f]{32}|[A-Za-z0-9]{12})$/, 'expected an id or an RRN')
  .describe('An id, 32 hex digits, or an RRN, 12 letters or digits.')

const ofMerchant = v.merchantId
  .optional()
  .describe(
    'The merchant concerned. An administrator must name it if the region has several databases, because an RRN or a key names none.',
  )

/** The query of what an RRN or an id in the path names. */
export const merchantQuery = z.strictObject({ merchantId: ofMerchant })

/** `GET /v1/inquiries`: one reference and nothing beside it. */
export const inquiryQuery = z.union(
  [
    z.strictObject({
      merchantId: v.merchantId,
      terminalId: v.terminalId,
      batchNumber: v.batchNumber,
      stan: v.stan,
      kind: v.kind,
    }),
    z.strictObject({ rrn: v.rrn, merchantId: ofMerchant }),
    z.strictObject({ saleId: v.id }),
    z.strictObject({ voidId: v.id }),
    z.strictObject({
      idempotencyKey,
      kind: z
        .enum(['void', 'void_reversal', 'sale_reversal'])
        .optional()
        .describe(
          'With `idempotencyKey` the default is `void`: the same key may name a void and a reversal.',
        ),
      merchantId: ofMerchant,
    }),
  ],
  'expected merchantId, terminalId, batchNumber, stan and kind (sale or void), or one of rrn, saleId, voidId, or idempotencyKey with or without kind (void, void_reversal or sale_reversal); rrn and idempotencyKey with or without merchantId',
)

/** `GET /v1/cases`. The cursor is the `next` of the page before. */
export const casesQuery = z.strictObject({
  state: z.enum(['open', 'closed']).optional(),
  merchantId: v.merchantId.optional().describe('The cases of this merchant only.'),
  cursor: z
    .string()
    .regex(/^(?:[1-9][0-9]{0,3}\.)?[0-9]{1,16}-[A-Za-z0-9]{12}$/, 'expected the cursor of a page')
    .optional()
    .describe('The `next` of the page before.'),
  limit: v.limit(100, 50),
})

/** `GET /v1/late-reversals`. The cursor is the `next` of the page before. */
export const lateReversalsQuery = z.strictObject({
  merchantId: v.merchantId.optional().describe('The voids of this merchant only.'),
  cursor: z
    .string()
    .regex(/^(?:[1-9][0-9]{0,3}\.)?[0-9]{1,16}-[0-9]{12}$/, 'expected the cursor of a page')
    .optional()
    .describe('The `next` of the page before.'),
  limit: v.limit(100, 50),
})

/** `POST /v1/cases/{rrn}` */
export const caseDecision = z.strictObject({
  resolution: z
    .enum(['stands', 'undone'])
    .describe('The result at the acquirer: the message stands there, or it is undone.'),
  note: v.printable(500).describe('The person at the acquirer, and the way of contact.'),
})

/** `POST /v1/cases/{rrn}/notes` */
export const caseNote = z.strictObject({
  note: v.printable(500).describe('The text of the note.'),
})

/** `POST /v1/reconciliations`. `asOf`: when the list was made at the latest. */
export const reconciliationQuery = z.strictObject({
  asOf: v.instant.describe('The latest time at which the list was made.'),
  apply: z.enum(['true', 'false']).default('false').describe('`true` records the result of each line.'),
})

/** `GET /v1/acquirer-messages` */
export const acquirerMessagesQuery = z.strictObject({
  cursor: z
    .string()
    .regex(/^(?:[1-9][0-9]{0,3}\.)?[0-9]{1,16}(?:-[A-Za-z0-9]{12})?$/, 'expected the cursor of a page')
    .default('0')
    .describe('The `next` of the page before.'),
  limit: v.limit(1000, 1000),
})

const notZero = (length: number) => new RegExp(`^(?!0+$)[A-Za-z0-9]{${length}}$`)
const given = {
  rrn: z.string().regex(notZero(12), 'expected 12 letters or digits, not all zero'),
  authorizationCode: z.string().regex(notZero(6), 'expected 6 letters or digits, not all zero'),
}

/** A line of the acquirer's list, as `GET /ledger` of the simulated acquirer gives it. Other members are not read. */
export const recordLine = z
  .object({
    kind: v.kind,
    merchantId: v.merchantId,
    terminalId: v.listedTerminalId,
    batchNumber: v.batchNumber,
    stan: v.stan,
    state: z.enum(['approved', 'declined', 'reversed', 'tombstone', 'absent']),
    amount: v.amount.optional().describe('Required unless `state` is `absent`.'),
    currency: v.currency.nullish(),
    rrn: given.rrn.nullish(),
    authorizationCode: given.authorizationCode.nullish(),
    original: z.object({ batchNumber: v.batchNumber, stan: v.stan }).nullish(),
  })
  .refine(({ state, amount }) => state === 'absent' || amount !== undefined, 'expected an amount')

/** `POST /v1/sales`: one sale, or one line of captured sales. */
export const capturedSaleBody = z.strictObject({
  merchantId: v.merchantId,
  terminalId: v.terminalId,
  batchNumber: v.batchNumber,
  stan: z
    .string()
    .regex(/^(?!000000)[0-9]{6}$/, 'expected six digits, not 000000')
    .describe('System trace audit number, six digits (field 11), not 000000.'),
  amount: v.amount,
  currency: v.currency.optional(),
  pan: z
    .string()
    .regex(/^[0-9]{13,19}$/, 'expected 13 to 19 digits')
    .optional()
    .describe('The card number. Only its first six, last four and a keyed fingerprint are stored.'),
  rrn: given.rrn.optional(),
  authorizationCode: given.authorizationCode.optional(),
  state: z.enum(['approved', 'declined']).default('approved'),
  fee: z
    .int()
    .min(0)
    .max(v.MAX_AMOUNT)
    .optional()
    .describe('The fee of the sale in minor units, at most its amount.'),
  soldAt: v.instant.optional().describe('The time of the sale, at most 180 days ago. The default is now.'),
})

const hexKey = z.string().regex(/^(?:[0-9A-Fa-f]{16}|[0-9A-Fa-f]{32})$/, 'expected 8 or 16 bytes in hex')
const checkValue = z.string().regex(/^(?:[0-9A-Fa-f]{2}){2,8}$/, 'expected 2 to 8 bytes in hex')
const component = z.strictObject({ value: hexKey, checkValue })

/** `PUT /v1/merchants/{merchantId}/terminals/{terminalId}` */
export const terminalSettings = z.strictObject({
  state: z.enum(TERMINAL_STATES).optional(),
  macProfile: z.enum(MAC_PROFILES).optional(),
  textEncoding: z.enum(['gbk', 'ascii']).optional(),
  settlementMac: z.enum(['optional', 'required']).optional(),
  ...z.strictObject(messageFormSchemas).partial().shape,
  tmk: z
    .strictObject({
      components: z.array(component).length(2, 'expected two components'),
      checkValue: checkValue.optional(),
      allowSingleLength: z
        .boolean()
        .optional()
        .describe('Whether a DES key may have 8 bytes, `false` by default.'),
      parity: z
        .enum(['any', 'odd'])
        .optional()
        .describe('`odd`: each byte of a DES key must have odd parity; `any` by default.'),
    })
    .optional()
    .describe('The terminal master key: two components that make it by XOR, each with its check value.'),
})

/** `PUT /v1/merchants/{merchantId}` */
export const merchantSettings = z
  .strictObject({
    name: v.printable(64),
    state: z.enum(MERCHANT_STATES),
    timeZone: z
      .string()
      .refine(isTimeZone, 'expected an IANA time zone')
      .describe('IANA time zone, `Asia/Shanghai` for a new merchant.'),
    cutOff: z
      .string()
      .regex(/^(?:[01][0-9]|2[0-3]):[0-5][0-9]$/, 'expected HH:MM')
      .describe('Local time at which the business day ends, `23:00` for a new merchant.'),
    currency: v.currency.describe(
      'The one currency of its sales, `156` for a new merchant; it never changes.',
    ),
    window: windowPolicy,
    ...merchantRules,
  })
  .partial()

export const merchantPath = z.strictObject({ merchantId: v.merchantId })
export const terminalPath = z.strictObject({ merchantId: v.merchantId, terminalId: v.terminalId })
export const referencePath = z.strictObject({ reference })
export const casePath = z.strictObject({ rrn: v.rrn })

export type VoidRequestBody = z.infer<typeof voidRequestBody>
export type VoidLine = z.infer<typeof voidLine>
export type VoidReversalBody = z.infer<typeof voidReversalBody>
export type SaleReversalBody = z.infer<typeof saleReversalBody>
export type RecordLine = z.infer<typeof recordLine>
export type CaseDecision = z.infer<typeof caseDecision>
export type InquiryQuery = z.infer<typeof inquiryQuery>
export type CapturedSaleBody = z.infer<typeof capturedSaleBody>
export type TerminalSettings = z.infer<typeof terminalSettings>
export type MerchantSettings = z.infer<typeof merchantSettings>
