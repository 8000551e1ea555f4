/**
 * @module A message that the database refuses again and again, because a rule of a table forbids its entry. The message is refused, and
 * a case opens. So no sender waits without end, and a person looks at it.
 */

import { claimContextOf, entryAfter, moveOf } from './acquirer-outcome.ts'
import { CASE_WAIT_MS } from './acquirer-state.ts'
import { answerOf, commitOf, type Decision, type Generated, type LoadedState } from './decision.ts'
import { laterKey } from './message-key.ts'
import type {
  AcquirerEventRequest,
  CapturedSaleRequest,
  CaseRequest,
  ReversalRequest,
  SaleRequest,
  VoidRequest,
} from './requests.ts'
import type { AcquirerMessage } from './types.ts'

/** The trace number of a message that the acquirer never got. */
export const NO_STAN = '000000'

type Message = SaleRequest | CapturedSaleRequest | VoidRequest | ReversalRequest

const KINDS = {
  sale: 'sale',
  captured_sale: 'sale',
  void: 'void',
  sale_reversal: 'sale_reversal',
  void_reversal: 'void_reversal',
} as const satisfies Record<Message['kind'], string>

/** The refusal of a sale, void or reversal under its own key, with a case. Copies get the same answer. */
export function refuseUnrecordable(
  request: Message,
  loadedState: LoadedState,
  generated: Generated,
): Decision {
  const { terminal, merchant } = loadedState
  const { now, rrn } = generated
  const kind = request.kind === 'void' || request.kind === 'void_reversal' ? 'void' : 'sale'
  const claim: AcquirerMessage = {
    messageKey: request.messageKey,
    kind,
    merchantId: request.merchantId,
    terminalId: terminal.terminalId,
    batchNumber: terminal.batch.batchNumber,
    acquirerStan: NO_STAN,
    amount: request.amount,
    currencyCode: 'currencyCode' in request ? request.currencyCode : merchant.currencyCode,
    original: null,
    rrn,
    acquirerRrn: null,
    state: 'declined',
    claimedAt: now,
    movedAt: now,
    decideBy: now,
    caseReason: 'not_recorded',
    caseOpenedAt: now,
    caseClosedAt: null,
    acquirerStatus: null,
    acquirerAmount: null,
  }
  const answer = answerOf(loadedState, generated, 'not_recorded')
  return commitOf(request, KINDS[request.kind], loadedState, answer, { claim })
}

/** A case on the forwarded message, because its event cannot be written. Null: the message has that case already. */
export function caseOfUnrecordable(
  _: AcquirerEventRequest | CaseRequest,
  loadedState: LoadedState,
  generated: Generated,
): Decision | null {
  const context = claimContextOf(loadedState, generated)
  const { message } = context
  if (message.caseReason === 'not_recorded') return null
  return entryAfter(context, {
    kind: 'case',
    messageKey: laterKey(message.messageKey, 'case', loadedState.terminal.head.seq + 1),
    answer: null,
    effects: {
      acquirerMoves: [
        moveOf(context, message.state, { nextAt: generated.now + CASE_WAIT_MS, caseReason: 'not_recorded' }),
      ],
    },
  })
}
