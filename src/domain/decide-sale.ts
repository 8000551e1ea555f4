/**
 * @module The sale: authorized by the acquirer, or captured after another system authorized it (semantics.md, Captured
 * sales).
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
import { addDebit } from './money.ts'
import type { CapturedSaleRequest, SaleRequest } from './requests.ts'
import type { Effects, Sale } from './types.ts'
import { voidableUntil } from './window.ts'

/** The acquirer's answer. An unknown outcome never gets here. */
export type Authorization =
  | { readonly kind: 'approved' }
  | { readonly kind: 'declined'; readonly reason: DeclineReason }

function refuse(request: SaleRequest | CapturedSaleRequest, loadedState: LoadedState): DeclineReason | null {
  if (request.batchNumber !== loadedState.terminal.batch.batchNumber) return 'batch_mismatch'
  if (request.currencyCode !== loadedState.merchant.currencyCode) return 'currency_differs'
  return null
}

function saleOf(
  request: SaleRequest | CapturedSaleRequest,
  { merchant }: LoadedState,
  generated: Generated,
): Omit<Sale, 'status'> {
  const captured = request.kind === 'captured_sale' ? request : null
  const soldAt = captured?.soldAt ?? generated.now
  return {
    id: generated.id,
    messageKey: request.messageKey,
    merchantId: request.merchantId,
    terminalId: request.terminalId,
    batchNumber: request.batchNumber,
    stan: request.stan,
    amount: request.amount,
    currencyCode: request.currencyCode,
    fee: captured?.fee ?? null,
    card: request.card,
    rrn: captured?.rrn ?? generated.rrn,
    authorizationCode: captured === null ? generated.authorizationCode : captured.authorizationCode,
    soldAt,
    voidableUntil: voidableUntil(soldAt, merchant),
    ...(captured !== null && captured.rrn === null ? { isRrnMade: true } : {}),
  }
}

const effectsOf = (sale: Sale, loadedState: LoadedState): Effects =>
  sale.status === 'approved'
    ? { sale, batch: addDebit(loadedState.terminal.batch, sale.amount, 1) }
    : { sale }

/** The decision that needs no answer from the acquirer: a known message or a refusal. Null: ask the acquirer. */
export function decideSaleEarly(
  request: SaleRequest,
  loadedState: LoadedState,
  generated: Generated,
): Decision | null {
  const repeated = repeatedMessage(request, loadedState, generated)
  if (repeated !== null) return repeated
  const reason = refuse(request, loadedState)
  if (reason === null) return null
  const answer = answerOf(loadedState, generated, reason)
  // The message may come again when its batch is open, so it does not use up its key.
  if (reason === 'batch_mismatch') return { kind: 'answer', answer }
  return commitOf(request, 'sale', loadedState, answer, {})
}

/** Decides on a sale after the acquirer's answer. Both outcomes are committed. */
export function decideSale(
  request: SaleRequest,
  loadedState: LoadedState,
  generated: Generated,
  authorization: Authorization,
): Decision {
  const sale = saleOf(request, loadedState, generated)
  if (authorization.kind === 'declined') {
    const declined: Sale = { ...sale, authorizationCode: null, status: 'declined' }
    const answer = answerOf(loadedState, generated, authorization.reason)
    return commitOf(request, 'sale', loadedState, answer, effectsOf(declined, loadedState))
  }
  const { authorizationCode } = sale
  const answer = answerOf(loadedState, generated, null, { authorizationCode })
  return commitOf(
    request,
    'sale',
    loadedState,
    answer,
    effectsOf({ ...sale, status: 'approved' }, loadedState),
  )
}

/**
 * Whether another sale of the terminal has this RRN. A void by RRN must find one sale. `original` is the sale found by
 * the RRN.
 */
function isRrnInUse(
  { rrn, terminalId, messageKey }: CapturedSaleRequest,
  { original }: LoadedState,
): boolean {
  if (rrn === null || original === null) return false
  return original.sale.terminalId === terminalId && original.sale.messageKey !== messageKey
}

/** Decides on a captured sale. Its window follows the merchant's settings at this time. */
export function decideCapturedSale(
  request: CapturedSaleRequest,
  loadedState: LoadedState,
  generated: Generated,
): Decision {
  const repeated = repeatedMessage(request, loadedState, generated)
  if (repeated !== null) return repeated
  // The acquirer would take the one sale for the other.
  const isTaken = loadedState.takenBy !== null || isRrnInUse(request, loadedState)
  const reason = isTaken ? 'key_reused_with_different_content' : refuse(request, loadedState)
  // The caller may correct the line or send it again later, so a refusal does not use up the key.
  if (reason !== null) return { kind: 'answer', answer: answerOf(loadedState, generated, reason) }
  const sale: Sale = { ...saleOf(request, loadedState, generated), status: request.status }
  const { rrn, authorizationCode } = sale
  const answer = answerOf(loadedState, generated, null, { rrn, authorizationCode })
  return commitOf(request, 'sale', loadedState, answer, effectsOf(sale, loadedState))
}
