/**
 * @module A message that the database refuses again and again, because a rule of a table forbids its entry (semantics.md, Exactly
 * once). The message is refused, and a case opens for money. So no sender waits without end, and a person looks at it.
 */

import { claimContextOf, currentAnswer } from './acquirer-outcome.ts'
import { openCase, statementOf } from './decide-acquirer-event.ts'
import { identity, isLateCapturedSale, NO_STAN } from './decide-claim.ts'
import { amountOfTarget } from './decide-reversal.ts'
import { SETTLEMENT_ERROR } from './decide-settlement.ts'
import {
  answerOf,
  commitOf,
  type Decision,
  type Generated,
  type LoadedState,
  repeatedMessage,
} from './decision.ts'
import { tombstonedKey } from './message-key.ts'
import type {
  AcquirerEventRequest,
  CapturedSaleRequest,
  CaseRequest,
  ReconciliationRequest,
  ReversalRequest,
  SaleRequest,
  SettlementRequest,
  UploadRequest,
  VoidRequest,
} from './requests.ts'
import type { AcquirerMessage } from './types.ts'

type Message = SaleRequest | CapturedSaleRequest | VoidRequest | ReversalRequest

/**
 * The refusal of a sale, void or reversal under its own key, with a case. Copies get the same answer. A copy may be in
 * the journal meanwhile, and then its answer counts. A captured sale that was reversed before it arrived has a case under
 * the key that its tombstone leaves, because the acquirer keeps it.
 */
export function refuseUnrecordable(
  request: Message,
  loadedState: LoadedState,
  generated: Generated,
): Decision {
  const isLate = request.kind === 'captured_sale' && isLateCapturedSale(request, loadedState)
  const repeated = isLate ? null : repeatedMessage(request, loadedState, generated)
  if (repeated !== null) return repeated
  const messageKey = isLate ? tombstonedKey(request.messageKey) : request.messageKey
  const claim = refusedMessage({ ...request, messageKey }, loadedState, generated)
  const answer = answerOf(loadedState, generated, isLate ? 'message_reversed' : 'not_recorded')
  const entryKind = request.kind === 'captured_sale' ? 'sale' : request.kind
  return commitOf({ ...request, messageKey }, entryKind, loadedState, answer, {
    claim: isLate ? { ...claim, state: 'reversed' } : claim,
  })
}

/** The message of the case. Annul sends nothing about it. */
function refusedMessage(
  request: Message,
  { terminal, merchant, target, original }: LoadedState,
  { now, rrn }: Generated,
): AcquirerMessage {
  const { messageKey, merchantId } = request
  const ofTarget = target === null ? undefined : amountOfTarget(target)
  const amount = request.amount ?? ofTarget ?? original?.sale.amount ?? 0
  const { terminalId } = terminal
  const batchNumber = 'batchNumber' in request ? request.batchNumber : terminal.batch.batchNumber
  const currencyCode = 'currencyCode' in request ? request.currencyCode : merchant.currencyCode
  const names = { messageKey, merchantId, terminalId, batchNumber, amount, currencyCode, rrn }
  return {
    ...identity(names, { now, acquirerStan: NO_STAN }),
    kind: request.kind === 'void' || request.kind === 'void_reversal' ? 'void' : 'sale',
    original: null,
    acquirerRrn: request.kind === 'captured_sale' ? request.rrn : null,
    state: 'declined',
    decideBy: now,
    caseReason: 'not_recorded',
    caseOpenedAt: now,
  }
}

/**
 * The refusal of a settlement or of the end of an upload. Like every refusal of these it is no entry, so a copy is decided
 * again. The batch stays open. No case opens, because the acquirer has nothing of it.
 */
export function refuseSettlement(
  request: SettlementRequest | UploadRequest,
  loadedState: LoadedState,
  generated: Generated,
): Decision {
  const repeated = repeatedMessage(request, loadedState, generated)
  if (repeated !== null) return repeated
  const totals = request.kind === 'settlement' ? { totals: SETTLEMENT_ERROR } : {}
  return { kind: 'answer', answer: answerOf(loadedState, generated, 'not_recorded', totals) }
}

/**
 * A case on the forwarded message, because an entry after its claim cannot be written. The case has the acquirer's
 * statement. Returns the current answer when the message has that case already.
 */
export function caseOfUnrecordable(
  request: AcquirerEventRequest | CaseRequest | ReconciliationRequest,
  loadedState: LoadedState,
  generated: Generated,
): Decision {
  const context = claimContextOf(loadedState, generated)
  return openCase(context, 'not_recorded', statementIn(request)) ?? currentAnswer(context)
}

/** The acquirer's statement in a request. A person's decision has none. */
function statementIn(request: AcquirerEventRequest | CaseRequest | ReconciliationRequest) {
  if (request.kind === 'case') return {}
  if (request.kind === 'acquirer_event') return statementOf(request)
  const { state, amount, acquirerRrn } = request.record
  return {
    acquirerStatus: state,
    ...(amount === null ? {} : { acquirerAmount: amount }),
    ...(acquirerRrn === null ? {} : { acquirerRrn }),
  }
}
