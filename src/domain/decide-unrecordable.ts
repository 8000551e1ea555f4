/**
 * @module A message that the database refuses again and again, because a rule of a table forbids its entry. The message is refused, and
 * a case opens. So no sender waits without end, and a person looks at it.
 */

import { claimContextOf } from './acquirer-outcome.ts'
import { openCase } from './decide-acquirer-event.ts'
import { claimIdentity } from './decide-claim.ts'
import { answerOf, commitOf, type Decision, type Generated, type LoadedState } from './decision.ts'
import type { CapturedSaleRequest, ReversalRequest, SaleRequest, VoidRequest } from './requests.ts'
import type { AcquirerMessage } from './types.ts'

/** The trace number of a message that the acquirer never got. */
export const NO_STAN = '000000'

type Message = SaleRequest | CapturedSaleRequest | VoidRequest | ReversalRequest

/** The refusal of a sale, void or reversal under its own key, with a case. Copies get the same answer. */
export function refuseUnrecordable(
  request: Message,
  loadedState: LoadedState,
  generated: Generated,
): Decision {
  const { terminal, merchant } = loadedState
  const { now, rrn } = generated
  const kind = request.kind === 'void' || request.kind === 'void_reversal' ? 'void' : 'sale'
  const record = {
    messageKey: request.messageKey,
    merchantId: request.merchantId,
    terminalId: terminal.terminalId,
    batchNumber: terminal.batch.batchNumber,
    amount: request.amount,
    currencyCode: 'currencyCode' in request ? request.currencyCode : merchant.currencyCode,
    rrn,
  }
  const claim: AcquirerMessage = {
    ...claimIdentity(record, { acquirerStan: NO_STAN, now }),
    kind,
    original: null,
    state: 'declined',
    decideBy: now,
    caseReason: 'not_recorded',
    caseOpenedAt: now,
  }
  const answer = answerOf(loadedState, generated, 'not_recorded')
  const entryKind = request.kind === 'captured_sale' ? 'sale' : request.kind
  return commitOf(request, entryKind, loadedState, answer, { claim })
}

/** A case on the forwarded message, because its event cannot be written. Null: the message has that case already. */
export const caseOfUnrecordable = (loadedState: LoadedState, generated: Generated): Decision | null =>
  openCase(claimContextOf(loadedState, generated), 'not_recorded')
