/** @module The routes of the days that are settled with the acquirer. */

import { dayAnswer, dayClosing, dayPath, daysAnswer, daysQuery } from '../json/day-schemas.ts'
import type { Routes } from './route.ts'

const NONE = { debitAmount: 0, debitCount: 0, creditAmount: 0, creditCount: 0 }

const EXAMPLE_DAY = {
  day: '2026-06-01',
  currency: '156',
  own: { ...NONE, debitAmount: 2468, debitCount: 2 },
  undecided: 0,
  countedAt: '2026-06-01T15:05:00.000Z',
  attempts: 1,
  answeredAt: '2026-06-01T15:05:01.000Z',
  result: 'different',
  acquirer: { ...NONE, debitAmount: 1234, debitCount: 1 },
  acquirerForeign: NONE,
  case: {
    state: 'open',
    openedAt: '2026-06-01T15:05:01.000Z',
    closedAt: null,
    closedBy: null,
    note: null,
  },
  certainty: 'FINAL',
  doNext: 'nothing',
} as const

const NOTE = 'Ms Li at the acquirer, by telephone: the second sale is in the next day'

export const DAY_ROUTES = {
  'GET /v1/acquirer-days': {
    operationId: 'listAcquirerDays',
    tag: 'acquirer',
    summary: 'List the days that are settled with the acquirer',
    description:
      'Returns the days whose totals were sent to the acquirer, with both totals and the case of a difference. The oldest day is first.',
    caller: 'administrator',
    scope: 'admin',
    query: daysQuery,
    answers: {
      200: {
        description: 'A page of days.',
        body: daysAnswer,
        example: { items: [EXAMPLE_DAY], next: null, certainty: 'FINAL', doNext: 'nothing' },
      },
    },
    reasons: [],
    example: { query: { state: 'open', limit: 50 } },
  },
  'POST /v1/acquirer-days/{day}/close': {
    operationId: 'closeAcquirerDay',
    tag: 'acquirer',
    summary: 'Close the case of a day',
    description:
      'Closes the case of a day with a note. It changes no message and no totals. The same note may be sent again.',
    caller: 'administrator',
    scope: 'admin',
    path: dayPath,
    body: dayClosing,
    answers: {
      200: {
        description: 'The day, with its closed case.',
        body: dayAnswer,
        example: {
          ...EXAMPLE_DAY,
          case: {
            ...EXAMPLE_DAY.case,
            state: 'closed',
            closedAt: '2026-06-02T01:00:00.000Z',
            closedBy: 'night shift',
            note: NOTE,
          },
        },
      },
    },
    reasons: ['not_found', 'case_closed'],
    example: { path: { day: EXAMPLE_DAY.day }, body: { note: NOTE } },
  },
} as const satisfies Routes
