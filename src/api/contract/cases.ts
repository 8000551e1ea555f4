/** @module The routes of cases: what a person must look at. */

import { caseAnswer, casesAnswer } from '../json/answer-schemas.ts'
import { caseDecision, caseNote, casePath, casesQuery, merchantQuery } from '../json/schemas.ts'
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
  'POST /v1/cases/{rrn}/notes': {
    operationId: 'addCaseNote',
    tag: 'cases',
    summary: 'Add a note to a case',
    description:
      'Adds a note to an open case, without a decision. A merchant may do so for its own cases. A case has at most 100 notes.',
    caller: 'merchant',
    scope: 'voids:write',
    path: casePath,
    query: merchantQuery,
    idempotencyKey: true,
    body: caseNote,
    answers: {
      201: {
        description: 'The case, with the note in its history.',
        body: caseAnswer,
        headers: ['idempotent-replayed'],
        example: {
          ...EXAMPLE_CASE,
          history: [
            ...EXAMPLE_CASE.history,
            {
              seq: 5,
              kind: 'case_note',
              at: '2026-06-01T08:00:00.000Z',
              door: 'json',
              note: 'The customer has the receipt of the void',
              notedBy: 'back office',
            },
          ],
        },
      },
    },
    reasons: [
      'not_found',
      'case_closed',
      'too_many_notes',
      'key_reused_with_different_content',
      'not_recorded',
      'in_progress',
    ],
    example: {
      path: { rrn: EXAMPLE_CASE.rrn },
      body: { note: 'The customer has the receipt of the void' },
    },
  },
  'POST /v1/cases/{rrn}/retry': {
    operationId: 'retryCase',
    tag: 'cases',
    summary: 'Try a case now',
    description:
      'Sends an inquiry to the acquirer now about the message of an open case, and returns the case afterwards. Without a next try nothing is sent.',
    caller: 'administrator',
    scope: 'admin',
    path: casePath,
    query: merchantQuery,
    answers: { 200: { description: 'The case, after the try.', body: caseAnswer, example: EXAMPLE_CASE } },
    reasons: ['not_found', 'case_closed'],
    example: { path: { rrn: EXAMPLE_CASE.rrn } },
  },
} as const satisfies Routes
