/** @module The routes of batches: those that closed with a difference. */

import { batchDifferencesAnswer, batchDifferencesQuery } from '../json/batch-schemas.ts'
import { EXAMPLE_MERCHANT_ID, EXAMPLE_TERMINAL_ID } from './examples.ts'
import type { Routes } from './route.ts'

const NONE = { debitAmount: 0, debitCount: 0, creditAmount: 0, creditCount: 0 }

export const BATCH_ROUTES = {
  'GET /v1/batch-differences': {
    operationId: 'listBatchDifferences',
    tag: 'batches',
    summary: 'List batches that closed with a difference',
    description:
      'Returns the batches whose terminal declared other totals than it sent. The batches of the merchant, or all batches for an administrator. The oldest closing of each database is first.',
    caller: 'merchant',
    scope: 'read',
    query: batchDifferencesQuery,
    answers: {
      200: {
        description: 'A page of batches.',
        body: batchDifferencesAnswer,
        example: {
          items: [
            {
              merchantId: EXAMPLE_MERCHANT_ID,
              terminalId: EXAMPLE_TERMINAL_ID,
              batchNumber: '000001',
              closedAt: '2026-06-01T14:30:00.000Z',
              own: { ...NONE, debitAmount: 2468, debitCount: 2 },
              office: { ...NONE, creditAmount: 1234, creditCount: 1 },
              declared: { ...NONE, debitAmount: 3702, debitCount: 3 },
              declaredForeign: NONE,
              difference: { ...NONE, debitAmount: 1234, debitCount: 1 },
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
