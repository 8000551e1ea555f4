/**
 * @module Settlement (0500) and batch upload (0320): compares totals, closes the batch and opens the next one
 * (protocol.md §3.8).
 *
 * A terminal may be allowed to send these messages without a MAC. So they write an entry only when they close a batch, and
 * without a MAC only a batch with a message closes. An attacker can neither fill a journal nor use up batch numbers.
 */

import { closingOf } from './batch-closing.ts'
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
import { isEmpty, ownTotals } from './office-totals.ts'
import type { SettlementRequest, UploadRequest } from './requests.ts'
import type { Batch, Effects } from './types.ts'

/** Field 48 of a refused settlement, 62 digits: no totals, code 3 in both halves. */
export const SETTLEMENT_ERROR = settlementTotals(NO_TOTALS, { domestic: '3', foreign: '3' })

/**
 * Whether the message may close the batch. An unused batch has no message key that the terminal could use again, so it closes
 * with a MAC alone.
 */
const mayClose = (
  { isSigned }: SettlementRequest | UploadRequest,
  batch: Batch,
  { isBatchUsed }: LoadedState,
): boolean => isSigned || isBatchUsed || !isEmpty(batch)

const close = (batch: Batch, declared: string | null, at: number): Effects => ({
  batch: { ...batch, state: 'closed' },
  nextBatch: { ...NO_TOTALS, batchNumber: nextBatchNumber(batch.batchNumber), state: 'open' },
  closing: closingOf(batch, declared, at),
})

/** Compares field 48 with the terminal's own totals of the named batch. Equal totals close an open batch. */
export function decideSettlement(
  request: SettlementRequest,
  loadedState: LoadedState,
  generated: Generated,
): Decision {
  const repeated = repeatedMessage(request, loadedState, generated)
  if (repeated !== null) return repeated
  const answer = (reason: DeclineReason | null, totals: string): Answered => ({
    kind: 'answer',
    answer: answerOf(loadedState, generated, reason, { totals }),
  })
  const { namedBatch } = loadedState
  if (namedBatch === null) return answer('batch_mismatch', SETTLEMENT_ERROR)
  if (namedBatch.state === 'open' && loadedState.undecided) return answer('outcome_pending', SETTLEMENT_ERROR)
  const compared = compareTotals(request.totals, ownTotals(namedBatch))
  if (compared === undefined) return answer('format_error', SETTLEMENT_ERROR)
  const answered = answer(null, compared.answer)
  // A terminal that lost the answer asks again for the closed batch, under a new STAN. It gets the same comparison.
  if (namedBatch.state === 'closed') return answered
  if (!compared.equal) return keepDeclared(answered, request, loadedState)
  if (!mayClose(request, namedBatch, loadedState)) return answered
  const settled = answerOf(loadedState, generated, null, { totals: compared.answer })
  return commitOf(request, 'settlement', loadedState, settled, close(namedBatch, request.totals, settled.at))
}

type Answered = Extract<Decision, { kind: 'answer' }>

/** The closing of the batch needs the declared totals. Those without a MAC replace none with a MAC. */
function keepDeclared(answered: Answered, request: SettlementRequest, { declared }: LoadedState): Decision {
  const { totals, isSigned } = request
  const isKnown = declared !== null && (declared.isSigned || !isSigned) && declared.totals === totals
  const isWeaker = declared?.isSigned === true && !isSigned
  return isKnown || isWeaker ? answered : { ...answered, declared: { totals, isSigned } }
}

/** Accepts upload details without an entry. The end of an upload after different totals closes the batch. */
export function decideUpload(
  request: UploadRequest,
  loadedState: LoadedState,
  generated: Generated,
): Decision {
  const repeated = repeatedMessage(request, loadedState, generated)
  if (repeated !== null) return repeated
  const answer = (reason: DeclineReason | null): Decision => ({
    kind: 'answer',
    answer: answerOf(loadedState, generated, reason),
  })
  const { namedBatch, declared } = loadedState
  if (namedBatch === null) return answer('batch_mismatch')
  if (request.kind === 'upload' || namedBatch.state === 'closed') return answer(null)
  // After equal totals the settlement has closed the batch. This one is open: it is empty, or the message is late or wrong.
  if (request.after === 'match') return answer(isEmpty(namedBatch) ? null : 'batch_mismatch')
  if (!mayClose(request, namedBatch, loadedState)) return answer(null)
  if (loadedState.undecided) return answer('outcome_pending')
  const accepted = answerOf(loadedState, generated, null)
  return commitOf(
    request,
    'upload_end',
    loadedState,
    accepted,
    close(namedBatch, declared?.totals ?? null, accepted.at),
  )
}
