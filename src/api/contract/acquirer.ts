/** @module The routes by which our records are compared with the acquirer's own list. */

import { acquirerMessagesAnswer } from '../json/answer-schemas.ts'
import { comparedLine } from '../json/line-schemas.ts'
import { acquirerMessagesQuery, reconciliationQuery, recordLine } from '../json/schemas.ts'
import { EXAMPLE_MERCHANT_ID, EXAMPLE_TERMINAL_ID } from './examples.ts'
import type { Routes } from './route.ts'

const RECORD = {
  kind: 'void',
  merchantId: EXAMPLE_MERCHANT_ID,
  terminalId: EXAMPLE_TERMINAL_ID,
  batchNumber: '000001',
  stan: '731502',
} as const

export const ACQUIRER_ROUTES = {
  'GET /v1/acquirer-messages': {
    operationId: 'listAcquirerMessages',
    tag: 'acquirer',
    summary: 'List forwarded messages',
    description: 'Returns the sales and voids that Annul forwarded to the acquirer, in pages.',
    caller: 'administrator',
    scope: 'admin',
    query: acquirerMessagesQuery,
    answers: {
      200: {
        description: 'A page of messages.',
        body: acquirerMessagesAnswer,
        example: {
          items: [
            {
              ...RECORD,
              amount: 1234,
              currency: '156',
              state: 'approved',
              rrn: '605261256658',
              claimedAt: '2026-06-01T02:19:00.000Z',
            },
          ],
          next: null,
          asOf: '2026-06-01T16:00:00.000Z',
          certainty: 'FINAL',
          doNext: 'nothing',
        },
      },
    },
    reasons: [],
    example: { query: { cursor: '0', limit: 1000 } },
  },
  'POST /v1/reconciliations': {
    operationId: 'reconcile',
    tag: 'acquirer',
    summary: "Compare the acquirer's list",
    description:
      "Compares up to 200 lines of the acquirer's own list with the records of Annul. The answer has a line for each difference. With `apply=true` Annul records the result: an outcome, or a case.",
    caller: 'administrator',
    scope: 'admin',
    query: reconciliationQuery,
    line: recordLine,
    answers: {
      200: {
        description: 'One answer for each line that differs.',
        body: comparedLine,
        type: 'application/x-ndjson',
        example: {
          line: 1,
          ...RECORD,
          result: 'differs',
          difference: 'only_acquirer',
          acquirer: { state: 'approved', amount: 1234 },
          ours: null,
          applied: true,
        },
      },
    },
    reasons: [],
    example: {
      query: { asOf: '2026-06-02T00:00:00+08:00', apply: 'true' },
      lines: [{ ...RECORD, state: 'approved', amount: 1234, currency: '156' }],
    },
  },
} as const satisfies Routes
