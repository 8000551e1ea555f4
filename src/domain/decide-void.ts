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
import { addOffice } from './office-totals.ts'
import type { VoidRequest } from './requests.ts'
import { endOfWindow, isDifferent, knownRrn } from './sale-known.ts'
import type { Merchant, Sale, SaleState, Terminal } from './types.ts'
import { voidRecordOf } from './void-record.ts'

/**
 * The presented card must be the card of the sale. Without a card number to compare, the request must have the RRN of the sale. A sale
 * without an RRN of its own is named by its authorization code. A sale without all of them has nothing to compare, but the request
 * must still name an RRN or a code. From a terminal with `voidForms: lenient`, field 61 is enough.
 */
function cardDiffers(request: VoidRequest, sale: Sale, terminal: Terminal): boolean {
  const { door, cardFingerprint, pos } = request
  if (door === 'json') return false
  if (cardFingerprint !== null && sale.card !== null) return cardFingerprint !== sale.card.fingerprint
  if (terminal.voidForms === 'lenient' && pos !== null && pos.saleKey !== null) return false
  // An RRN that Annul made names the sale too.
  if (request.rrn === sale.rrn) return false
  const rrn = knownRrn(sale)
  if (rrn !== null) return request.rrn !== rrn
  if (sale.authorizationCode !== null) return request.authorizationCode !== sale.authorizationCode
  return sale.card !== null || (request.rrn ?? request.authorizationCode) === null
}

/** Guard 8: the batch, and whether there is a sale (semantics.md, Order of the guards). Only sales of closed batches are archived. */
function refuseNamed({ pos }: VoidRequest, loadedState: LoadedState): DeclineReason | null {
  const { terminal, original, isOriginalArchived, isOriginalPending } = loadedState
  if (pos !== null && pos.batchNumber !== terminal.batch.batchNumber) return 'batch_mismatch'
  if (original !== null) return null
  return isOriginalArchived
    ? 'original_settled'
    : isOriginalPending
      ? 'outcome_pending'
      : 'original_not_found'
}

/** The guards of the reference to the sale, in their order. */
function refuseReference(
  request: VoidRequest,
  { sale }: SaleState,
  terminal: Terminal,
): DeclineReason | null {
  if (sale.merchantId !== request.merchantId) return 'merchant_differs'
  if (sale.terminalId !== terminal.terminalId) return 'terminal_differs'
  // The RRN and field 61 name different sales. Refuse, because the right one cannot be known.
  if (isDifferent(request.pos?.saleKey, sale.messageKey)) return 'reference_differs'
  if (isDifferent(request.rrn, knownRrn(sale))) return 'reference_differs'
  if (isDifferent(request.authorizationCode, sale.authorizationCode)) return 'reference_differs'
  if (cardDiffers(request, sale, terminal)) return 'card_differs'
  return null
}

/** The reasons that follow from the sale alone. */
export type NotVoidable = Extract<
  DeclineReason,
  | 'original_not_approved'
  | 'original_reversed'
  | 'original_already_voided'
  | 'outcome_pending'
  | 'original_settled'
  | 'window_expired'
>

/**
 * The guards that depend on the sale alone, in their order. Null: a right void of it is accepted at `now`. `until` is the end of its
 * window (`endOfWindow`).
 */
export function refuseSale(original: SaleState, until: number | null, now: number): NotVoidable | null {
  if (original.sale.status !== 'approved') return 'original_not_approved'
  if (original.reversed) return 'original_reversed'
  if (original.liveVoid !== null)
    return original.liveVoid.state === 'approved' ? 'original_already_voided' : 'outcome_pending'
  // The row of the void is lost. The journal is the truth.
  if (original.isVoidedByEntries) return 'original_already_voided'
  if (original.batchState !== 'open') return 'original_settled'
  if (until !== null && now >= until) return 'window_expired'
  return null
}

/** The guards of the money, and of the reason by JSON. */
function refuseRest(request: VoidRequest, { sale }: SaleState, merchant: Merchant): DeclineReason | null {
  const { amount, currencyCode, door, reason } = request
  if (isDifferent(amount, sale.amount)) return 'amount_differs'
  if (currencyCode !== sale.currencyCode) return 'currency_differs'
  const isReasonMissing = door === 'json' && reason === null && rulesOf(merchant).reasonRequired
  return isReasonMissing ? 'reason_required' : null
}

/** All guards in their order. Null: no guard refuses the void. */
function refuse(request: VoidRequest, loadedState: LoadedState, now: number): DeclineReason | null {
  const { terminal, merchant, original } = loadedState
  const named = refuseNamed(request, loadedState)
  if (named !== null || original === null) return named
  return (
    refuseReference(request, original, terminal) ??
    refuseSale(original, endOfWindow(original.sale, merchant), now) ??
    refuseRest(request, original, merchant)
  )
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
  const batch = addCredit(terminal.batch, original.sale.amount, 1)
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
      // The terminal did not send it, so its own totals do not have it.
      batch: request.pos === null ? addOffice(batch, original.sale.amount, { voids: 1 }) : batch,
    },
  )
}
