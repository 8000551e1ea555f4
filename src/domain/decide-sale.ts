/** @module The sale: authorised by the acquirer behind us, or told by the capture feed after the fact. */

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

/** What the acquirer said; an unknown outcome never reaches a decision. */
export type Authorization =
  | { readonly kind: 'approved' }
  | { readonly kind: 'declined'; readonly reason: DeclineReason }

function refuse(request: SaleRequest | CapturedSaleRequest, loadedState: LoadedState): DeclineReason | null {
  if (request.batchNumber !== loadedState.terminal.batch.batchNumber) return 'batch_mismatch'
  if (request.currencyCode !== loadedState.merchant.currencyCode) return 'currency_differs'
  return null
}

function saleOf(request: SaleRequest | CapturedSaleRequest, generated: Generated): Omit<Sale, 'status'> {
  const captured = request.kind === 'captured_sale' ? request : null
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
    soldAt: captured?.soldAt ?? generated.now,
  }
}

const effectsOf = (sale: Sale, loadedState: LoadedState): Effects =>
  sale.status === 'approved'
    ? { sale, batch: addDebit(loadedState.terminal.batch, sale.amount, 1) }
    : { sale }

/** What can be decided before the acquirer is asked: a known message, or a refusal. Null: ask. */
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
  // A message of a batch that is to come may be sent again in its time: it does not use its key up.
  if (reason === 'batch_mismatch') return { kind: 'answer', answer }
  return commitOf(request, 'sale', loadedState, answer, {})
}

export function decideSale(
  request: SaleRequest,
  loadedState: LoadedState,
  generated: Generated,
  authorization: Authorization,
): Decision {
  const sale = saleOf(request, generated)
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

/** Another sale of the terminal has the RRN: a void by RRN must find one sale. `original` is the sale found by it. */
function isRrnInUse(
  { rrn, terminalId, messageKey }: CapturedSaleRequest,
  { original }: LoadedState,
): boolean {
  if (rrn === null || original === null) return false
  return original.sale.terminalId === terminalId && original.sale.messageKey !== messageKey
}

export function decideCapturedSale(
  request: CapturedSaleRequest,
  loadedState: LoadedState,
  generated: Generated,
): Decision {
  const repeated = repeatedMessage(request, loadedState, generated)
  if (repeated !== null) return repeated
  const reason = isRrnInUse(request, loadedState)
    ? 'key_reused_with_different_content'
    : refuse(request, loadedState)
  // A line refused here may be right later or when mended: it does not use its key up.
  if (reason !== null) return { kind: 'answer', answer: answerOf(loadedState, generated, reason) }
  const sale: Sale = { ...saleOf(request, generated), status: request.status }
  const { rrn, authorizationCode } = sale
  const answer = answerOf(loadedState, generated, null, {
    rrn,
    authorizationCode,
    voidableUntil: voidableUntil(sale.soldAt, loadedState.merchant),
  })
  return commitOf(request, 'sale', loadedState, answer, effectsOf(sale, loadedState))
}
