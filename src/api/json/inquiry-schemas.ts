/** @module The schema of the answer to an inquiry. */

import * as z from 'zod'
import { certain, ENTRY_KINDS, SALE_STATES, saleAnswer, VOID_STATES, voidAnswer } from './answer-schemas.ts'
import { problem } from './problem.ts'
import * as v from './values.ts'

const terminalAnswer = z
  .strictObject({
    responseCode: v.text.describe('Field 39.'),
    reason: v.text.nullable(),
    rrn: v.rrn,
    authorizationCode: v.authorizationCode.nullable(),
    at: v.time,
    messages: v.words,
    advice: v.words.optional(),
  })
  .describe('The answer to a terminal.')

const apiAnswer = z
  .strictObject({ httpStatus: z.int(), body: z.union([saleAnswer, voidAnswer, problem]) })
  .describe('The answer to a caller of this API.')

export const inquiryAnswer = z.strictObject({
  found: z.literal(true),
  kind: z.enum(ENTRY_KINDS),
  merchantId: v.merchantId.nullable(),
  terminalId: v.terminalId.nullable(),
  batchNumber: v.batchNumber.nullable(),
  stan: v.stan.nullable(),
  saleId: v.id.nullable(),
  voidId: v.id.nullable(),
  rrn: v.rrn.nullable(),
  receivedAt: v.time.nullable(),
  answer: z
    .union([terminalAnswer, apiAnswer])
    .nullable()
    .describe('The first answer. Null if there is none yet.'),
  state: z
    .enum([...new Set([...SALE_STATES, ...VOID_STATES, 'tombstoned'])] as InquiryState[])
    .describe('`tombstoned`: Annul got its reversal first, and refuses it if it still arrives.'),
  ...certain,
})

type InquiryState = (typeof SALE_STATES)[number] | (typeof VOID_STATES)[number] | 'tombstoned'

export type TerminalAnswer = z.infer<typeof terminalAnswer>
export type FirstAnswer = z.infer<typeof inquiryAnswer>['answer']
export type InquiryBody = z.infer<typeof inquiryAnswer>
