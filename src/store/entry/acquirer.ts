/** @module Forwarded messages, their moves and reversals as lists. */

import type { AcquirerMove } from '../../domain/acquirer-move.ts'
import type { Reversal } from '../../domain/reversal.ts'
import type { AcquirerMessage, AcquirerReference } from '../../domain/types.ts'
import {
  CODED_CASES,
  CODED_MESSAGES,
  CODED_REVERSALS,
  CODED_STATES,
  CODED_STATUSES,
  USUAL_DEADLINE_MS,
  USUAL_NEXT_TRY_MS,
} from './codes.ts'
import type { EntryScope } from './columns.ts'
import { given, objectForm, optionally, orNull, tableOf, usually } from './schema.ts'
import { digitsForm, keyForm, plainNumber, plainText, timeForm, truth } from './values.ts'

const field61Of = ({ request }: EntryScope): string => request['61'] ?? ''

/** RRN of the sale that a void names. */
const originalRrnOf = ({ effects, request }: EntryScope): string | null =>
  effects.voidRecord?.originalRrn ?? request['37'] ?? null

export const REFERENCE_TABLE = tableOf<AcquirerReference>('reference', {
  batchNumber: usually(
    digitsForm(6),
    'batch of the void',
    ({ record, parts }) => record?.batchNumber ?? parts?.batchNumber,
  ),
  stan: usually(digitsForm(6), 'STAN of field 61', (scope) => field61Of(scope).slice(6)),
  rrn: usually(digitsForm(12), 'RRN of the sale, or null', originalRrnOf),
  authorizationCode: usually(digitsForm(6), 'field 38, or null', ({ request }) => request['38'] ?? null),
})

const isClaim = ({ kind }: EntryScope): boolean => kind === 'sale_claim' || kind === 'void_claim'

export const CLAIM_TABLE = tableOf<AcquirerMessage>('message', {
  messageKey: usually(keyForm, 'key of the target', ({ target }) => target),
  kind: usually(CODED_MESSAGES, '`void` with a void, else `sale`', ({ effects }) =>
    effects.voidRecord === undefined ? 'sale' : 'void',
  ),
  merchantId: usually(plainText, 'merchant of the entry', ({ entry }) => entry.merchantId),
  terminalId: usually(plainText, 'stream', ({ columns }) => columns.terminalId),
  batchNumber: usually(
    digitsForm(6),
    'batch of the record, or of the key',
    ({ record, parts }) => record?.batchNumber ?? parts?.batchNumber,
  ),
  acquirerStan: given(digitsForm(6)),
  amount: usually(
    plainNumber,
    'amount of the record, or of the request',
    ({ record, amount }) => record?.amount ?? amount,
  ),
  currencyCode: usually(
    digitsForm(3),
    'currency of the record, or 156',
    ({ record }) => record?.currencyCode ?? '156',
  ),
  original: orNull(objectForm(REFERENCE_TABLE)),
  rrn: usually(digitsForm(12), 'RRN of the row', ({ columns }) => columns.rrn),
  acquirerRrn: orNull(digitsForm(12)),
  state: usually(CODED_STATES, '`pending` of a claim, else `reversing`', (scope) =>
    isClaim(scope) ? 'pending' : 'reversing',
  ),
  claimedAt: usually(timeForm, '`at`', ({ at }) => at),
  movedAt: usually(timeForm, '`at`', ({ at }) => at),
  decideBy: usually(timeForm, '`at` and 180 s', ({ at }) => at + USUAL_DEADLINE_MS),
  caseReason: orNull(CODED_CASES),
  caseOpenedAt: usually(timeForm, '`at` with a case, else null', ({ at }, { caseReason }) =>
    caseReason == null ? null : at,
  ),
  caseClosedAt: orNull(timeForm),
  acquirerStatus: orNull(CODED_STATUSES),
  acquirerAmount: orNull(plainNumber),
})

/** The usual next state of the message of an entry. */
function usualState({ kind, isReversal, isRefused }: EntryScope): string {
  if (kind === 'give_up') return 'undoing'
  if (kind === 'acquirer_undone') return 'reversed'
  if (isReversal || isRefused === undefined) return 'reversing'
  return isRefused ? 'declined' : 'approved'
}

/** The usual time of the next try: now for a reversal, later for a give-up, else none. */
function usualTry({ kind, isReversal, at }: EntryScope): number | null {
  if (kind === 'give_up') return at + USUAL_NEXT_TRY_MS
  return isReversal ? at : null
}

function usualStatus({ kind, isReversal, isRefused }: EntryScope): string | undefined {
  if (kind === 'acquirer_undone') return 'reversed'
  if (isReversal || isRefused === undefined) return undefined
  return isRefused ? 'declined' : 'approved'
}

export const MOVE_TABLE = tableOf<AcquirerMove>('move', {
  messageKey: usually(keyForm, 'key of the target', ({ target }) => target),
  state: usually(CODED_STATES, 'by the kind and the answer', usualState),
  at: usually(timeForm, '`at`', ({ at }) => at),
  nextAt: usually(timeForm, '`at` of a reversal, 40 s later of a give-up, else null', usualTry),
  acquirerRrn: optionally(digitsForm(12)),
  acquirerStatus: usually(CODED_STATUSES, 'by the kind and the answer', usualStatus),
  decideBy: usually(timeForm, '`at` and 180 s of a reversal, else absent', ({ isReversal, at }) =>
    isReversal ? at + USUAL_DEADLINE_MS : undefined,
  ),
  caseReason: optionally(CODED_CASES),
  acquirerAmount: optionally(plainNumber),
  settlementDate: optionally(digitsForm(4)),
})

export const REVERSAL_TABLE = tableOf<Reversal>('reversal', {
  targetKey: usually(keyForm, 'key of the target', ({ target }) => target),
  kind: usually(CODED_REVERSALS, '`reversed`', () => 'reversed'),
  stillCounted: optionally(truth),
})
