/** @module The routes of voids and their reversals. */

import { lateReversalsAnswer, reversalAnswer, voidAnswer } from '../json/answer-schemas.ts'
import { voidedLine } from '../json/line-schemas.ts'
import {
  lateReversalsQuery,
  merchantQuery,
  referencePath,
  reversalRequestBody,
  voidLine,
  voidRequestBody,
} from '../json/schemas.ts'
import { EXAMPLE_PENDING_VOID, EXAMPLE_SALE_ID, EXAMPLE_VOID, EXAMPLE_VOID_ID } from './examples.ts'
import type { Routes } from './route.ts'

export const VOID_ROUTES = {
  'POST /v1/voids': {
    operationId: 'createVoid',
    tag: 'voids',
    summary: 'Void a sale',
    description:
      'Voids an approved, unsettled sale, in full and once. The money goes back to the original card. The same key with the same content gets the first answer again. Up to 200 voids as NDJSON share sets, so they cost a few trips to the database. Each line has its own `idempotencyKey` then, and the request has no header.',
    caller: 'merchant',
    scope: 'voids:write',
    idempotencyKey: true,
    body: voidRequestBody,
    line: voidLine,
    answers: {
      200: {
        description:
          'The answers to NDJSON, one for each line, in order. A refused line does not stop the others.',
        body: voidedLine,
        type: 'application/x-ndjson',
        example: { line: 1, ...EXAMPLE_VOID, status: 201 },
      },
      201: {
        description: 'The void is done.',
        body: voidAnswer,
        headers: ['location', 'idempotent-replayed'],
        example: EXAMPLE_VOID,
      },
      202: {
        description: 'The void is accepted, and the acquirer has not answered yet. Query the void.',
        body: voidAnswer,
        headers: ['location'],
        example: EXAMPLE_PENDING_VOID,
      },
    },
    reasons: [
      'merchant_unknown',
      'key_reused_with_different_content',
      'message_reversed',
      'message_archived',
      'original_not_found',
      'original_not_approved',
      'original_reversed',
      'original_already_voided',
      'outcome_pending',
      'original_settled',
      'window_expired',
      'amount_differs',
      'currency_differs',
      'reason_required',
      'issuer_declined',
      'insufficient_funds',
      'card_expired',
      'pin_incorrect',
      'limit_exceeded',
      'issuer_unavailable',
      'acquirer_silent',
      'not_recorded',
      'in_progress',
    ],
    example: {
      body: { saleId: EXAMPLE_SALE_ID, amount: 1234, reason: 'customer_changed_mind' },
      lines: [{ saleId: EXAMPLE_SALE_ID, amount: 1234, idempotencyKey: 'order-4711-void' }],
    },
  },
  'GET /v1/voids/{reference}': {
    operationId: 'getVoid',
    tag: 'voids',
    summary: 'Read a void',
    description: 'Returns the current state of a void, by its id or by its RRN.',
    caller: 'merchant',
    scope: 'read',
    path: referencePath,
    query: merchantQuery,
    answers: { 200: { description: 'The void.', body: voidAnswer, example: EXAMPLE_VOID } },
    reasons: ['not_found', 'message_archived'],
    example: { path: { reference: EXAMPLE_VOID_ID } },
  },
  'POST /v1/reversals': {
    operationId: 'createReversal',
    tag: 'voids',
    summary: 'Reverse a void or a captured sale',
    description:
      'Reverses a message of the caller: a void by its `Idempotency-Key`, or a captured sale by merchant, terminal, batch and STAN. Neither must have arrived: Annul refuses a message that arrives after its reversal. The reversal has a key of its own. A terminal’s own sale is not reversed here. A void that was approved can be reversed within 120 seconds of its answer. Later an administrator reverses it with a reason, by the key of the merchant.',
    caller: 'merchant',
    scope: 'voids:write',
    idempotencyKey: true,
    body: reversalRequestBody,
    answers: {
      200: {
        description: 'The result of the reversal.',
        body: reversalAnswer,
        headers: ['location', 'idempotent-replayed'],
        example: {
          state: 'reversed',
          saleId: EXAMPLE_SALE_ID,
          voidId: EXAMPLE_VOID_ID,
          amount: 1234,
          rrn: '605261256659',
          receivedAt: '2026-06-01T02:20:00.000Z',
          certainty: 'FINAL',
          doNext: 'nothing',
        },
      },
    },
    reasons: [
      'terminal_unknown',
      'merchant_unknown',
      'key_reused_with_different_content',
      'message_reversed',
      'message_archived',
      'original_not_found',
      'reference_differs',
      'amount_differs',
      'reversal_too_late',
      'approval_required',
      'reason_required',
      'not_recorded',
      'in_progress',
    ],
    example: { body: { saleId: EXAMPLE_SALE_ID, amount: 1234, idempotencyKey: 'order-4711-void' } },
  },
  'GET /v1/late-reversals': {
    operationId: 'listLateReversals',
    tag: 'voids',
    summary: 'List late reversals',
    description:
      'Returns the voids that terminals reversed long after their answer, the oldest reversal of each database first. A person compares them with the receipts.',
    caller: 'merchant',
    scope: 'read',
    query: lateReversalsQuery,
    answers: {
      200: {
        description: 'A page of voids.',
        body: lateReversalsAnswer,
        example: {
          items: [
            {
              ...EXAMPLE_VOID,
              state: 'reversed',
              reversedAt: '2026-06-01T03:00:00.000Z',
              reversedLate: true,
              doNext: 'nothing',
            },
          ],
          next: null,
          certainty: 'FINAL',
          doNext: 'nothing',
        },
      },
    },
    reasons: [],
    example: { query: { limit: 50 } },
  },
} as const satisfies Routes
