/** @module The void (撤销): cancels an approved, unsettled sale, in full and once. */

import {
  answerOf,
  commitOf,
  type Decision,
  type Generated,
  type LoadedState,
  repeatedMessage,
} from './decision.ts'
import type { DeclineReason } from './decline-reason.ts'
import { rulesOf } from './merchant-rules.ts'
import { addCredit } from './money.ts'
import type { VoidRequest } from './requests.ts'
import type { Sale, Terminal } from './types.ts'
import { voidRecordOf } from './void-record.ts'
import { voidableUntil } from './window.ts'

/**
 * The presented card must be the card of the sale. When there is no card number to compare, the request must have the
 * RRN of the sale. From a terminal with `voidForms: lenient`, field 61 is enough.
 */
function cardDiffers(
  { door, cardFingerprint, rrn, pos }: VoidRequest,
  sale: Sale,
  terminal: Terminal,
): boolean {
  if (door === 'json') return false
  if (cardFingerprint !== null && sale.card !== null) return cardFingerprint !== sale.card.fingerprint
  const isNamedBy61 = pos !== null && pos.saleKey !== null
  return rrn !== sale.rrn && !(terminal.voidForms === 'lenient' && isNamedBy61)
}

const differs = (given: string | null, stored: string | null): boolean => given !== null && given !== stored

/** The guards in their order (semantics.md, Order of the guards). Null: no guard refuses the void. */
function refuse(request: VoidRequest, loadedState: LoadedState, now: number): DeclineReason | null {
  const { terminal, merchant, original } = loadedState
  if (request.pos !== null && request.pos.batchNumber !== terminal.batch.batchNumber) return 'batch_mismatch'
  // Only sales of closed batches go into the archive.
  if (original === null) return loadedState.isOriginalArchived ? 'original_settled' : 'original_not_found'
  const { sale } = original
  if (sale.merchantId !== request.merchantId) return 'merchant_differs'
  if (sale.terminalId !== terminal.terminalId) return 'terminal_differs'
  // The RRN and field 61 name different sales. Refuse, because the right one cannot be known.
  if (differs(request.pos?.saleKey ?? null, sale.messageKey)) return 'reference_differs'
  if (differs(request.rrn, sale.rrn)) return 'reference_differs'
  if (differs(request.authorizationCode, sale.authorizationCode)) return 'reference_differs'
  if (cardDiffers(request, sale, terminal)) return 'card_differs'
  if (sale.status !== 'approved') return 'original_not_approved'
  if (original.reversed) return 'original_reversed'
  if (original.liveVoid !== null)
    return original.liveVoid.state === 'approved' ? 'original_already_voided' : 'outcome_pending'
  // The row of the void is lost. The journal is the truth.
  if (original.isVoidedByEntries) return 'original_already_voided'
  if (original.batchState !== 'open') return 'original_settled'
  const until = voidableUntil(sale.soldAt, merchant)
  if (until !== null && now >= until) return 'window_expired'
  if (request.amount !== null && request.amount !== sale.amount) return 'amount_differs'
  if (request.currencyCode !== sale.currencyCode) return 'currency_differs'
  const isReasonMissing =
    request.door === 'json' && request.reason === null && rulesOf(merchant).reasonRequired
  return isReasonMissing ? 'reason_required' : null
}

/**
 * Decides on a void. A refusal is an entry too, except `batch_mismatch` and `reason_required`. With a remote acquirer the caller turns an
 * approval into a claim (`asPending`).
 */
export function decideVoid(request: VoidRequest, loadedState: LoadedState, generated: Generated): Decision {
  const repeated = repeatedMessage(request, loadedState, generated)
  if (repeated !== null) return repeated
  const reason = refuse(request, loadedState, generated.now)
  // The message may come again when its batch is open, or with a reason. So it does not use up its key.
  if (reason === 'batch_mismatch' || reason === 'reason_required')
    return { kind: 'answer', answer: answerOf(loadedState, generated, reason) }
  const { original, terminal } = loadedState
  if (reason !== null || original === null)
    return commitOf(request, 'void', loadedState, answerOf(loadedState, generated, reason), {})
  const { authorizationCode } = generated
  return commitOf(
    request,
    'void',
    loadedState,
    answerOf(loadedState, generated, null, { authorizationCode }),
    {
      voidRecord: voidRecordOf(original.sale, generated, {
        messageKey: request.messageKey,
        stan: request.pos?.stan ?? null,
        authorizationCode: generated.authorizationCode,
        reason: request.reason,
      }),
      batch: addCredit(terminal.batch, original.sale.amount, 1),
    },
  )
}
