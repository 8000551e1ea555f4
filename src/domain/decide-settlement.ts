/**
 * @module Settlement (0500) and batch upload (0320): compare totals, close the batch, open the next (protocol.md §3.8).
 *
 * A terminal may be provisioned to send these without a MAC, so they write only when they close a batch, and an empty batch is never closed: a stranger can neither grow a journal nor run a batch number up.
 */

import { answerOf, commitOf, type Decision, knownMessage, type Situation, type Supplies } from './decision.ts'
import type { DeclineReason } from './decline-reason.ts'
import { compareTotals, NO_TOTALS, nextBatchNumber, settlementTotals } from './money.ts'
import type { SettlementRequest, UploadRequest } from './requests.ts'
import type { Batch, Effects } from './types.ts'

/** Field 48 of a settlement that was refused: no totals, code 3 in both halves. */
export const SETTLEMENT_ERROR = settlementTotals(NO_TOTALS, { domestic: '3', foreign: '3' })

const isEmpty = (batch: Batch): boolean => batch.debitCount === 0 && batch.creditCount === 0

const close = (batch: Batch): Effects => ({
  batch: { ...batch, state: 'closed' },
  nextBatch: { ...NO_TOTALS, batchNumber: nextBatchNumber(batch.batchNumber), state: 'open' },
})

export function decideSettlement(
  request: SettlementRequest,
  situation: Situation,
  supplies: Supplies,
): Decision {
  const known = knownMessage(request, situation, supplies)
  if (known !== null) return known
  const { batch } = situation.terminal
  const answer = (reason: DeclineReason | null, totals: string): Decision => ({
    kind: 'answer',
    answer: answerOf(situation, supplies, reason, { totals }),
  })
  const { namedBatch } = situation
  if (namedBatch === null) return answer('batch_mismatch', SETTLEMENT_ERROR)
  if (namedBatch.state === 'open' && situation.undecided) return answer('outcome_pending', SETTLEMENT_ERROR)
  const compared = compareTotals(request.totals, namedBatch)
  if (compared === undefined) return answer('format_error', SETTLEMENT_ERROR)
  // A closed batch is asked about again, under a new STAN, when the first answer was lost: the same comparison.
  const closes = namedBatch.state === 'open' && compared.equal && !isEmpty(batch)
  if (!closes) return answer(null, compared.answer)
  const settled = answerOf(situation, supplies, null, { totals: compared.answer })
  return commitOf(request, 'settlement', situation, settled, close(batch))
}

export function decideUpload(request: UploadRequest, situation: Situation, supplies: Supplies): Decision {
  const known = knownMessage(request, situation, supplies)
  if (known !== null) return known
  const { batch } = situation.terminal
  const answer = (reason: DeclineReason | null): Decision => ({
    kind: 'answer',
    answer: answerOf(situation, supplies, reason),
  })
  const { namedBatch } = situation
  if (namedBatch === null) return answer('batch_mismatch')
  if (request.kind === 'upload' || namedBatch.state === 'closed') return answer(null)
  // After a match the settlement itself has closed the batch; an end that says so of an open one is lost or wrong.
  if (request.after === 'match') return answer('batch_mismatch')
  if (isEmpty(batch)) return answer(null)
  if (situation.undecided) return answer('outcome_pending')
  return commitOf(request, 'upload_end', situation, answerOf(situation, supplies, null), close(batch))
}
