/** @module The answers of the JSON API, member by member. An answer has no member that its schema does not name. */

import * as z from 'zod'
import { CASE_REASONS } from '../../domain/acquirer-move.ts'
import { ACQUIRER_STATES } from '../../domain/acquirer-state.ts'
import type { NotVoidable } from '../../domain/decide-void.ts'
import { MAC_PROFILES } from '../../domain/terminal-profile.ts'
import { messageFormSchemas } from './message-forms.ts'
import { VOID_REASONS } from './schemas.ts'
import { MERCHANT_STATES, merchantRules, TERMINAL_STATES, windowPolicy } from './settings.ts'
import * as v from './values.ts'

/** A case that is open. A case has no id of its own: it is named by the RRN of its message. */
const caseReference = z
  .strictObject({ rrn: v.rrn, reason: z.enum(CASE_REASONS), openedAt: v.time.nullable() })
  .describe('The open case of this message: `GET /v1/cases/{rrn}`.')

/** Members that say how certain an answer is. */
export const certain = {
  certainty: v.certainty,
  doNext: v.doNext,
  retryAfter: v.retryAfter.optional(),
  decideBy: v.time.optional().describe('The latest time at which it is final or a case.'),
  case: caseReference.optional(),
}

const finalOnly = { certainty: z.literal('FINAL'), doNext: v.doNext }

const cardShown = z
  .strictObject({ first6: z.string().regex(/^[0-9]{6}$/), last4: z.string().regex(/^[0-9]{4}$/) })
  .describe('The stored part of a card number.')

export const SALE_STATES = [
  'approved',
  'declined',
  'void_pending',
  'voided',
  'reversed',
  'settled',
  'pending',
] as const

/** The reasons for which a void of a sale is refused now, by the sale alone. */
const NOT_VOIDABLE = [
  'original_not_approved',
  'original_reversed',
  'original_already_voided',
  'outcome_pending',
  'original_settled',
  'window_expired',
] as const satisfies readonly NotVoidable[]

export const saleAnswer = z.strictObject({
  id: v.id,
  merchantId: v.merchantId,
  terminalId: v.terminalId,
  batchNumber: v.batchNumber,
  stan: v.stan,
  amount: v.amount,
  currency: v.currency,
  fee: z.int().min(0).nullable().describe('The fee of the sale in minor units. Null if it is not known.'),
  card: cardShown.nullable(),
  rrn: v.rrn,
  authorizationCode: v.authorizationCode.nullable(),
  soldAt: v.time,
  state: z.enum(SALE_STATES),
  voidable: z.boolean().describe('True if Annul would accept a void now.'),
  whyNotVoidable: z
    .enum(NOT_VOIDABLE)
    .nullable()
    .describe('The reason for which Annul would refuse a void now. Null if the sale is voidable.'),
  voidableUntil: v.time
    .nullable()
    .describe(
      'The first instant at which Annul refuses a void, decided when the sale is made. Null if only the close of the batch ends the window. The close ends each window, and `whyNotVoidable` is `original_settled` then.',
    ),
  voidId: v.id.nullable().describe('The live void of the sale.'),
  ...certain,
})

export const VOID_STATES = ['pending', 'approved', 'declined', 'reversing', 'reversed'] as const

export const voidAnswer = z.strictObject({
  id: v.id,
  saleId: v.id,
  state: z.enum(VOID_STATES),
  merchantId: v.merchantId,
  terminalId: v.terminalId,
  batchNumber: v.batchNumber,
  stan: v.stan.nullable().describe('Null if the void came by the JSON API.'),
  amount: v.amount,
  currency: v.currency,
  card: cardShown.nullable().describe('The card of the sale. Null if it is not known.'),
  rrn: v.rrn,
  originalRrn: v.rrn.describe('The RRN of the sale.'),
  acquirerRrn: v.text.nullable().describe('The RRN that the acquirer gave the void.'),
  authorizationCode: v.authorizationCode.nullable(),
  reason: z.enum(VOID_REASONS).nullable(),
  fee: z.literal(0).describe('A void costs nothing.'),
  feeReturned: z.int().min(0).nullable().describe('The fee of the sale, given back in full.'),
  destination: z.literal('original_card').describe('Money goes back to the original card only.'),
  voidedAt: v.time,
  reversedAt: v.time.nullable(),
  reversedLate: z
    .boolean()
    .describe('True if a terminal reversed it long after its answer: the event `void.reversed_late`.'),
  ...certain,
})

const REVERSAL_STATES = [
  'pending',
  'declined',
  'reversing',
  'reversed',
  'tombstoned',
  'stands',
  'nothing_to_undo',
] as const

export const reversalAnswer = z.strictObject({
  state: z
    .enum(REVERSAL_STATES)
    .describe(
      '`tombstoned`: Annul never saw the message, and refuses it if it still arrives. `stands`: the acquirer kept the message, and a person accepted that.',
    ),
  saleId: v.id.nullable().describe('Null if Annul never saw the sale.'),
  voidId: v.id.nullable(),
  amount: v.amount,
  rrn: v.rrn.nullable(),
  receivedAt: v.time,
  ...certain,
})

export const terminalAnswer = z.strictObject({
  merchantId: v.merchantId,
  terminalId: v.terminalId,
  state: z.enum(TERMINAL_STATES),
  macProfile: z.enum(MAC_PROFILES),
  textEncoding: z.enum(['gbk', 'ascii']),
  settlementMac: z.enum(['optional', 'required']),
  ...messageFormSchemas,
  batchNumber: v.batchNumber,
  ...finalOnly,
})

export const merchantAnswer = z.strictObject({
  merchantId: v.merchantId,
  name: v.text,
  state: z.enum(MERCHANT_STATES),
  timeZone: v.text,
  cutOff: v.text,
  currency: v.currency,
  window: windowPolicy,
  ...merchantRules,
  ...finalOnly,
})

/** A page: `next` is the cursor of the page after it, null on the last. */
const page = <T extends z.ZodType>(item: T) => ({
  items: z.array(item),
  next: v.text.nullable().describe('Cursor of the next page. Null on the last page.'),
  ...finalOnly,
})

const acquirerMessage = z.strictObject({
  kind: v.kind,
  merchantId: v.merchantId,
  terminalId: v.terminalId,
  batchNumber: v.batchNumber,
  stan: v.stan.describe('The trace number towards the acquirer.'),
  amount: v.amount,
  currency: v.currency,
  state: z.enum(ACQUIRER_STATES),
  rrn: v.rrn,
  claimedAt: v.time,
})

export const acquirerMessagesAnswer = z.strictObject({
  ...page(acquirerMessage),
  asOf: v.time.describe('The time of the service before it read the page.'),
})

/** The kinds of journal entries. */
export const ENTRY_KINDS = [
  'sale_claim',
  'void_claim',
  'give_up',
  'acquirer_undone',
  'case',
  'acquirer_only',
  'case_closed',
  'provision',
  'merchant',
  'api_key',
  'sale',
  'void',
  'sale_reversal',
  'void_reversal',
  'settlement',
  'upload_end',
  'case_note',
] as const

const actor = z
  .strictObject({
    channel: z.enum(['pos', 'api', 'cron', 'cli']),
    operator: v.text.nullable().describe('The operator of the terminal (field 63.1).'),
    keyId: v.id.nullable().describe('The id of the bearer key.'),
  })
  .describe('Who acted. `cron`: no one, but the clock or an answer of the acquirer.')

const event = z.strictObject({
  seq: z.int().min(1),
  kind: z.enum(ENTRY_KINDS),
  at: v.time,
  door: z.enum(['terminal', 'json']),
  responseCode: v.text.optional(),
  reason: v.text.nullable().optional(),
  why: z.enum(CASE_REASONS).optional(),
  resolution: z.enum(['stands', 'undone']).optional(),
  note: v.text.optional(),
  decidedBy: v.text.optional(),
  notedBy: v.text.optional().describe('The name of the key that added the note.'),
  actor: actor.optional(),
})

export const caseAnswer = z.strictObject({
  rrn: v.rrn.describe('The RRN of the message: the name of its case.'),
  state: z.enum(['open', 'closed']),
  reason: z.enum(CASE_REASONS).nullable(),
  why: v.words,
  openedAt: v.time.nullable(),
  closedAt: v.time.nullable(),
  kind: v.kind,
  merchantId: v.merchantId,
  terminalId: v.terminalId,
  batchNumber: v.batchNumber,
  stan: v.stan
    .nullable()
    .describe('The trace number of the terminal. Null if the void came by the JSON API.'),
  amount: v.amount,
  currency: v.currency,
  voidId: v.id.nullable(),
  receivedAt: v.time,
  sale: z
    .strictObject({
      id: v.id,
      batchNumber: v.batchNumber,
      stan: v.stan,
      rrn: v.rrn,
      amount: v.amount,
      authorizationCode: v.authorizationCode.nullable(),
      card: cardShown.nullable(),
      soldAt: v.time,
    })
    .nullable(),
  ours: z.strictObject({ state: z.enum(ACQUIRER_STATES) }).describe('The record of Annul.'),
  acquirer: z
    .strictObject({
      state: v.text.nullable(),
      amount: v.amount.nullable(),
      stan: v.stan.nullable().describe('Null if the acquirer never got the message.'),
      rrn: v.text.nullable(),
      original: z
        .strictObject({
          batchNumber: v.batchNumber.nullable(),
          stan: v.stan,
          rrn: v.text.nullable(),
          authorizationCode: v.text.nullable(),
        })
        .nullable(),
    })
    .describe('The references at the acquirer, and its last answer.'),
  tries: z.int().min(0),
  nextTryAt: v.time.nullable(),
  history: z.array(event),
  toDo: v.words.nullable(),
  certainty: v.certainty,
  doNext: v.doNext,
  retryAfter: v.retryAfter.optional(),
  decideBy: v.time.optional(),
})

export const casesAnswer = z.strictObject(page(caseAnswer))

export const lateReversalsAnswer = z.strictObject(page(voidAnswer))

export type SaleBody = z.infer<typeof saleAnswer>
export type VoidBody = z.infer<typeof voidAnswer>
export type Certain = Pick<VoidBody, keyof typeof certain>
export type ReversalBody = z.infer<typeof reversalAnswer>
export type TerminalBody = z.infer<typeof terminalAnswer>
export type MerchantBody = z.infer<typeof merchantAnswer>
export type CaseBody = z.infer<typeof caseAnswer>
export type CaseEvent = z.infer<typeof event>
export type AcquirerMessageBody = z.infer<typeof acquirerMessage>
