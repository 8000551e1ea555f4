/** @module The sale: authorised by the acquirer behind us, or told by the capture feed after the fact. */

import { answerOf, commitOf, type Decision, knownMessage, type Situation, type Supplies } from './decision.ts'
import type { DeclineReason } from './decline-reason.ts'
import { addDebit } from './money.ts'
import type { CaptureRequest, SaleRequest } from './requests.ts'
import type { Effects, Sale } from './types.ts'
import { voidableUntil } from './window.ts'

/** What the acquirer said; an unknown outcome never reaches a decision. */
export type Authorization =
  | { readonly kind: 'approved' }
  | { readonly kind: 'declined'; readonly reason: DeclineReason }

function refuse(request: SaleRequest | CaptureRequest, situation: Situation): DeclineReason | null {
  if (request.batchNumber !== situation.terminal.batch.batchNumber) return 'batch_mismatch'
  if (request.currencyCode !== situation.merchant.currencyCode) return 'currency_differs'
  return null
}

function saleOf(request: SaleRequest | CaptureRequest, supplies: Supplies): Omit<Sale, 'status'> {
  const told = request.kind === 'capture' ? request : null
  return {
    id: supplies.id,
    messageKey: request.messageKey,
    merchantId: request.merchantId,
    terminalId: request.terminalId,
    batchNumber: request.batchNumber,
    stan: request.stan,
    amount: request.amount,
    currencyCode: request.currencyCode,
    fee: told?.fee ?? null,
    card: request.card,
    rrn: told?.rrn ?? supplies.rrn,
    authorizationCode: told === null ? supplies.authorizationCode : told.authorizationCode,
    soldAt: told?.soldAt ?? supplies.now,
  }
}

const effectsOf = (sale: Sale, situation: Situation): Effects =>
  sale.status === 'approved' ? { sale, batch: addDebit(situation.terminal.batch, sale.amount, 1) } : { sale }

/** What can be decided before the acquirer is asked: a known message, or a refusal. Null: ask. */
export function decideSaleEarly(
  request: SaleRequest,
  situation: Situation,
  supplies: Supplies,
): Decision | null {
  const known = knownMessage(request, situation, supplies)
  if (known !== null) return known
  const reason = refuse(request, situation)
  if (reason === null) return null
  const answer = answerOf(situation, supplies, reason)
  // A message of a batch that is to come may be sent again in its time: it does not use its key up.
  if (reason === 'batch_mismatch') return { kind: 'answer', answer }
  return commitOf(request, 'sale', situation, answer, {})
}

export function decideSale(
  request: SaleRequest,
  situation: Situation,
  supplies: Supplies,
  authorization: Authorization,
): Decision {
  const sale = saleOf(request, supplies)
  if (authorization.kind === 'declined') {
    const declined: Sale = { ...sale, authorizationCode: null, status: 'declined' }
    const answer = answerOf(situation, supplies, authorization.reason)
    return commitOf(request, 'sale', situation, answer, effectsOf(declined, situation))
  }
  const { authorizationCode } = sale
  const answer = answerOf(situation, supplies, null, { authorizationCode })
  return commitOf(request, 'sale', situation, answer, effectsOf({ ...sale, status: 'approved' }, situation))
}

/** Another sale of the terminal has the RRN: a void by RRN must find one sale. `original` is the sale found by it. */
function rrnIsTaken({ rrn, terminalId, messageKey }: CaptureRequest, { original }: Situation): boolean {
  if (rrn === null || original === null) return false
  return original.sale.terminalId === terminalId && original.sale.messageKey !== messageKey
}

export function decideCapture(request: CaptureRequest, situation: Situation, supplies: Supplies): Decision {
  const known = knownMessage(request, situation, supplies)
  if (known !== null) return known
  const reason = rrnIsTaken(request, situation)
    ? 'key_reused_with_different_content'
    : refuse(request, situation)
  // A line refused here may be right later or when mended: it does not use its key up.
  if (reason !== null) return { kind: 'answer', answer: answerOf(situation, supplies, reason) }
  const sale: Sale = { ...saleOf(request, supplies), status: request.status }
  const { rrn, authorizationCode } = sale
  const answer = answerOf(situation, supplies, null, {
    rrn,
    authorizationCode,
    voidableUntil: voidableUntil(sale.soldAt, situation.merchant),
  })
  return commitOf(request, 'sale', situation, answer, effectsOf(sale, situation))
}
