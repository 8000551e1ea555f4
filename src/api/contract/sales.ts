/** @module The routes of sales, and the inquiry. */

import { saleAnswer } from '../json/answer-schemas.ts'
import { inquiryAnswer } from '../json/inquiry-schemas.ts'
import { capturedLine } from '../json/line-schemas.ts'
import { capturedSaleBody, inquiryQuery, merchantQuery, referencePath } from '../json/schemas.ts'
import {
  EXAMPLE_MERCHANT_ID,
  EXAMPLE_SALE,
  EXAMPLE_SALE_ID,
  EXAMPLE_TERMINAL_ID,
  EXAMPLE_VOID,
  EXAMPLE_VOID_ID,
} from './examples.ts'
import type { Routes } from './route.ts'

const CAPTURED = {
  merchantId: EXAMPLE_MERCHANT_ID,
  terminalId: EXAMPLE_TERMINAL_ID,
  batchNumber: '000001',
  stan: '000002',
  amount: 1234,
  pan: '6225000000000014',
  rrn: '131482795537',
  authorizationCode: '331324',
  soldAt: '2026-06-01T10:18:00+08:00',
}

export const SALE_ROUTES = {
  'POST /v1/sales': {
    operationId: 'captureSales',
    tag: 'sales',
    summary: 'Capture sales',
    description:
      'Brings sales that another system authorized, so that Annul can void them: one as JSON, or up to 200 as NDJSON. Merchant, terminal, batch and STAN name a sale. The same sale again gets the first answer again.',
    caller: 'merchant',
    scope: 'sales:write',
    body: capturedSaleBody,
    line: capturedSaleBody,
    answers: {
      200: {
        description:
          'The answers to NDJSON, one for each line, in order. A refused line does not stop the others.',
        body: capturedLine,
        type: 'application/x-ndjson',
        example: { line: 1, ...EXAMPLE_SALE, status: 201 },
      },
      201: {
        description: 'The sale is captured.',
        body: saleAnswer,
        headers: ['location', 'idempotent-replayed'],
        example: EXAMPLE_SALE,
      },
    },
    reasons: [
      'terminal_unknown',
      'merchant_unknown',
      'terminal_not_allowed',
      'key_reused_with_different_content',
      'message_reversed',
      'message_archived',
      'batch_mismatch',
      'currency_differs',
      'not_recorded',
      'in_progress',
    ],
    example: { body: CAPTURED, lines: [CAPTURED] },
  },
  'GET /v1/sales/{reference}': {
    operationId: 'getSale',
    tag: 'sales',
    summary: 'Read a sale',
    description: 'Returns a sale by its id or by its RRN: its state, and the end of its window.',
    caller: 'merchant',
    scope: 'read',
    path: referencePath,
    query: merchantQuery,
    answers: { 200: { description: 'The sale.', body: saleAnswer, example: EXAMPLE_SALE } },
    reasons: ['not_found', 'message_archived'],
    example: { path: { reference: EXAMPLE_SALE_ID } },
  },
  'GET /v1/inquiries': {
    operationId: 'inquire',
    tag: 'inquiries',
    summary: 'Inquire about a message',
    description:
      'Returns the first answer of a message and its current state, for at least 180 days. Name the message by `merchantId`, `terminalId`, `batchNumber`, `stan` and `kind`, or by one of `rrn`, `saleId`, `voidId` and `idempotencyKey`. A reversal is named by its `idempotencyKey` and `kind=void_reversal` or `kind=sale_reversal`.',
    caller: 'merchant',
    scope: 'read',
    query: inquiryQuery,
    answers: {
      200: {
        description: 'The message.',
        body: inquiryAnswer,
        example: {
          found: true,
          kind: 'void',
          merchantId: EXAMPLE_MERCHANT_ID,
          terminalId: EXAMPLE_TERMINAL_ID,
          batchNumber: '000001',
          stan: null,
          saleId: EXAMPLE_SALE_ID,
          voidId: EXAMPLE_VOID_ID,
          rrn: EXAMPLE_VOID.rrn,
          receivedAt: EXAMPLE_VOID.voidedAt,
          answer: { httpStatus: 201, body: EXAMPLE_VOID },
          state: 'approved',
          certainty: 'FINAL',
          doNext: 'print_receipt',
        },
      },
    },
    reasons: ['not_found', 'message_archived'],
    example: { query: { idempotencyKey: 'order-4711-void' } },
  },
} as const satisfies Routes
