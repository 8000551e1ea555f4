/** @module The routes of cases: what a person must look at. */

import { caseAnswer, casesAnswer } from '../json/answer-schemas.ts'
import { caseDecision, casePath, casesQuery, merchantQuery } from '../json/schemas.ts'
import { EXAMPLE_CASE } from './examples.ts'
import type { Routes } from './route.ts'

export const CASE_ROUTES = {
  'GET /v1/cases': {
    operationId: 'listCases',
    tag: 'cases',
    summary: 'List cases',
    description:
      'Returns the cases of the merchant, or all cases to an administrator. The oldest case of each database is first.',
    caller: 'merchant',
    scope: 'read',
    query: casesQuery,
    answers: {
      200: {
        description: 'A page of cases.',
        body: casesAnswer,
        example: { items: [EXAMPLE_CASE], next: null, certainty: 'FINAL', doNext: 'nothing' },
      },
    },
    reasons: [],
    example: { query: { state: 'open', limit: 50 } },
  },
  'GET /v1/cases/{rrn}': {
    operationId: 'getCase',
    tag: 'cases',
    summary: 'Read a case',
    description:
      'Returns a case: its reason, its references here and at the acquirer, its history and the next step.',
    caller: 'merchant',
    scope: 'read',
    path: casePath,
    query: merchantQuery,
    answers: { 200: { description: 'The case.', body: caseAnswer, example: EXAMPLE_CASE } },
    reasons: ['not_found'],
    example: { path: { rrn: EXAMPLE_CASE.rrn } },
  },
  'POST /v1/cases/{rrn}': {
    operationId: 'decideCase',
    tag: 'cases',
    summary: 'Decide a case',
    description:
      'Records the result at the acquirer: the message stands there, or it is undone. This closes the case.',
    caller: 'administrator',
    scope: 'admin',
    path: casePath,
    query: merchantQuery,
    idempotencyKey: true,
    body: caseDecision,
    answers: {
      200: {
        description: 'The case, decided.',
        body: caseAnswer,
        headers: ['idempotent-replayed'],
        example: {
          ...EXAMPLE_CASE,
          state: 'closed',
          closedAt: '2026-06-01T08:00:00.000Z',
          ours: { state: 'declined' },
          toDo: null,
          certainty: 'FINAL',
          doNext: 'nothing',
        },
      },
    },
    reasons: ['not_found', 'case_closed', 'key_reused_with_different_content', 'in_progress'],
    example: {
      path: { rrn: EXAMPLE_CASE.rrn },
      body: { resolution: 'undone', note: 'Ms Li at the acquirer, by telephone: not in their books' },
    },
  },
} as const satisfies Routes
