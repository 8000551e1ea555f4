/**
 * @module Settlement (0500) and batch upload (0320): compares totals, closes the batch and opens the next one
 * (protocol.md §3.8).
 *
 * A terminal may be allowed to send these messages without a MAC. So they write only when they close a batch, and an
 * empty batch never closes. An attacker can neither fill a journal nor use up batch numbers.
 */

import {
  answerOf,
  commitOf,
  type Decision,
  type Generated,
  type LoadedState,
  repeatedMessage,
} from './decision.ts'
import type { DeclineReason } from './decline-reason.ts'
import { compareTotals, NO_TOTALS, nextBatchNumber, settlementTotals } from './money.ts'
import type { SettlementRequest, UploadRequest } from './requests.ts'
import type { Batch, Effects } from './types.ts'

/** Field 48 of a refused settlement, 62 digits: no totals, code 3 in both halves. */
export const SETTLEMENT_ERROR = settlementTotals(NO_TOTALS, { domestic: '3', foreign: '3' })

const isEmpty = (batch: Batch): boolean => batch.debitCount === 0 && batch.creditCount === 0

const close = (batch: Batch): Effects => ({
  batch: { ...batch, state: 'closed' },
  nextBatch: { ...NO_TOTALS, batchNumber: nextBatchNumber(batch.batchNumber), state: 'open' },
})

/** Compares field 48 with the totals of the named batch. Equal totals close an open batch that is not empty. */
export function decideSettlement(
  request: SettlementRequest,
  loadedState: LoadedState,
  generated: Generated,
): Decision {
  const repeated = repeatedMessage(request, loadedState, generated)
  if (repeated !== null) return repeated
  const { batch } = loadedState.terminal
  const answer = (reason: DeclineReason | null, totals: string): Decision => ({
    kind: 'answer',
    answer: answerOf(loadedState, generated, reason, { totals }),
  })
  const { namedBatch } = loadedState
  if (namedBatch === null) return answer('batch_mismatch', SETTLEMENT_ERROR)
  if (namedBatch.state === 'open' && loadedState.undecided) return answer('outcome_pending', SETTLEMENT_ERROR)
  const compared = compareTotals(request.totals, namedBatch)
  if (compared === undefined) return answer('format_error', SETTLEMENT_ERROR)
  // A terminal that lost the answer asks again for the closed batch, under a new STAN. It gets the same comparison.
  const closes = namedBatch.state === 'open' && compared.equal && !isEmpty(batch)
  if (!closes) return answer(null, compared.answer)
  const settled = answerOf(loadedState, generated, null, { totals: compared.answer })
  return commitOf(request, 'settlement', loadedState, settled, close(batch))
}

/** Accepts upload details without an entry. The end of an upload after different totals closes the batch. */
export function decideUpload(
  request: UploadRequest,
  loadedState: LoadedState,
  generated: Generated,
): Decision {
  const repeated = repeatedMessage(request, loadedState, generated)
  if (repeated !== null) return repeated
  const { batch } = loadedState.terminal
  const answer = (reason: DeclineReason | null): Decision => ({
    kind: 'answer',
    answer: answerOf(loadedState, generated, reason),
  })
  const { namedBatch } = loadedState
  if (namedBatch === null) return answer('batch_mismatch')
  if (request.kind === 'upload' || namedBatch.state === 'closed') return answer(null)
  // After equal totals the settlement has closed the batch. This batch is open, so the message is late or wrong.
  if (request.after === 'match') return answer('batch_mismatch')
  if (isEmpty(batch)) return answer(null)
  if (loadedState.undecided) return answer('outcome_pending')
  return commitOf(request, 'upload_end', loadedState, answerOf(loadedState, generated, null), close(batch))
}
