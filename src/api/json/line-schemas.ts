/** @module Answers in NDJSON: one object for a line of the request, with the number of that line. */

import * as z from 'zod'
import { ACQUIRER_STATES } from '../../domain/acquirer-state.ts'
import { saleAnswer, voidAnswer } from './answer-schemas.ts'
import { problem } from './problem.ts'
import { recordLine } from './schemas.ts'
import * as v from './values.ts'

const line = z.int().min(1).describe('Number of the line in the request, from 1. Blank lines count.')
const STATUS = 'The HTTP status of the line as a request of its own.'
const status = z.literal(201).describe(STATUS)

const refusedLine = z.strictObject({ line, ...problem.shape })

export const capturedLine = z.union([z.strictObject({ line, ...saleAnswer.shape, status }), refusedLine])

export const voidedLine = z.union([
  z.strictObject({ line, ...voidAnswer.shape, status: z.literal([201, 202]).describe(STATUS) }),
  refusedLine,
])

const { kind, merchantId, batchNumber, stan, state } = recordLine.shape

const comparison = z.strictObject({
  kind,
  merchantId,
  terminalId: v.terminalId,
  batchNumber,
  stan,
  result: z
    .enum([
      'agrees',
      'changed_since',
      'in_progress',
      'known_case',
      'resolves',
      'differs',
      'unknown_terminal',
      'archived',
    ])
    .describe(
      '`resolves`: the list has the outcome that Annul waits for. `differs`: a person must look. `archived`: the records of the batch are in the archive.',
    ),
  event: z.enum(['acquirer_approved', 'acquirer_declined', 'acquirer_undone']).optional(),
  difference: z.enum(['only_acquirer', 'only_ours', 'state', 'amount', 'identity']).optional(),
  acquirer: z.strictObject({ state, amount: v.amount.nullable() }),
  ours: z
    .strictObject({ state: z.enum(ACQUIRER_STATES), amount: v.amount, rrn: v.rrn })
    .nullable()
    .describe('The record of Annul. Null if there is none.'),
  applied: z
    .boolean()
    .nullable()
    .describe('True if Annul recorded the result. Null if there is nothing to record, or without `apply`.'),
})

export const comparedLine = z.union([z.strictObject({ line, ...comparison.shape }), refusedLine])

export type ComparisonBody = z.infer<typeof comparison>
export type CapturedLine = z.infer<typeof capturedLine>
export type VoidedLine = z.infer<typeof voidedLine>
export type ComparedLine = z.infer<typeof comparedLine>
