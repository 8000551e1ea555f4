/**
 * @module Decides on one line of the acquirer's list (semantics.md, Reconciliation). A line with the outcome counts as
 * the acquirer's answer. A difference opens a case. A message that only the acquirer has is written down, so that no
 * other message gets its number. Annul sends nothing.
 */

import { claimContextOf, currentAnswer, entryAfter, isBatchOpen, moveOf } from './acquirer-outcome.ts'
import { isUnsettled } from './acquirer-state.ts'
import { compareRecord, type OurRecord, type ReconciliationRecord } from './compare-record.ts'
import { decideAcquirerEvent } from './decide-acquirer-event.ts'
import { ourRecordOfCapturedSale } from './decide-claim.ts'
import type { Decision, Generated, LoadedState } from './decision.ts'
import { laterKey } from './message-key.ts'
import { addCredit } from './money.ts'
import { addOffice } from './office-totals.ts'
import type { ReconciliationRequest } from './requests.ts'
import { isDifferent } from './sale-known.ts'
import type { AcquirerMessage, Effects, Sale, VoidRecord } from './types.ts'
import { voidRecordOf } from './void-record.ts'

/** Decides on one line. Returns the current answer when the line changes nothing. */
export function decideReconciliation(
  request: ReconciliationRequest,
  loadedState: LoadedState,
  generated: Generated,
): Decision {
  if (loadedState.forwarded === null)
    return (
      recordOfCapturedSale(request, loadedState, generated) ?? decideUnknown(request, loadedState, generated)
    )
  const { record, asOf } = request
  const context = claimContextOf(loadedState, generated)
  const { message, claim } = context
  const ourRecord: OurRecord = { message, isBatchOpen: isBatchOpen(context) }
  const compared = compareRecord(ourRecord, record, asOf)
  if (compared.result === 'resolves') {
    const { acquirerRrn, authorizationCode } = record
    const reason = record.state === 'reversed' ? 'message_reversed' : null
    const event = { ...request, kind: 'acquirer_event', event: compared.event } as const
    return decideAcquirerEvent({ ...event, acquirerRrn, authorizationCode, reason }, loadedState, generated)
  }
  if (compared.result !== 'differs') return currentAnswer(context)
  const { state: acquirerStatus, amount: acquirerAmount } = record
  const nextAt = isUnsettled(message.state) ? generated.now : null
  return entryAfter(context, {
    kind: 'case',
    messageKey: laterKey(message.messageKey, 'case', loadedState.terminal.head.seq + 1),
    answer: null,
    request: { ...claim.request, ...request.request },
    effects: {
      acquirerMoves: [
        moveOf(context, message.state, {
          nextAt,
          caseReason: 'record_differs',
          acquirerStatus,
          acquirerAmount,
        }),
      ],
    },
  })
}

/**
 * A line about a captured sale. A difference makes the sale a forwarded message with a case. Null when the line is
 * about no captured sale.
 */
function recordOfCapturedSale(
  request: ReconciliationRequest,
  loadedState: LoadedState,
  generated: Generated,
): Decision | null {
  const { original, earlier } = loadedState
  if (earlier === null || earlier.answer === null || original?.sale.messageKey !== request.messageKey)
    return null
  const { record, asOf } = request
  const message = ourRecordOfCapturedSale(original.sale, original.reversed)
  if (compareRecord({ message, isBatchOpen: true }, record, asOf).result !== 'differs')
    return { kind: 'replay', entry: earlier, answer: earlier.answer }
  const caseIs = { caseReason: 'record_differs', caseOpenedAt: generated.now } as const
  const claim: AcquirerMessage = { ...message, ...fieldsOfRecord(request, generated), ...caseIs }
  const messageKey = laterKey(request.messageKey, 'case', loadedState.terminal.head.seq + 1)
  return {
    kind: 'commit',
    draft: {
      ...draftOf({ ...request, messageKey }, loadedState, generated),
      kind: 'case',
      effects: { claim },
    },
  }
}

/** A draft of an entry without an answer. */
const draftOf = (
  { messageKey, merchantId, contentFingerprint, door, request }: ReconciliationRequest,
  { terminal: { terminalId } }: LoadedState,
  { now: at }: Generated,
) => ({ terminalId, merchantId, messageKey, contentFingerprint, door, request, answer: null, at })

/** The members that a message takes from the line of the list. */
const fieldsOfRecord = ({ record, asOf }: ReconciliationRequest, { now, rrn }: Generated) => ({
  rrn,
  acquirerRrn: record.acquirerRrn,
  claimedAt: now,
  movedAt: asOf,
  decideBy: now,
  acquirerStatus: record.state,
  acquirerAmount: record.amount,
})

/**
 * A message that only the acquirer has. Annul adopts a void of a valid sale, so that no other void of that sale is
 * sent.
 */
function decideUnknown(
  request: ReconciliationRequest,
  loadedState: LoadedState,
  generated: Generated,
): Decision {
  const { record, messageKey } = request
  const claim = messageOf(request, loadedState, generated)
  const voidRecord = adopted(record, messageKey, loadedState, generated)
  const { batch } = loadedState.terminal
  const effects: Effects = {
    claim,
    ...(voidRecord === null ? {} : { voidRecord }),
    ...(voidRecord === null || batch.batchNumber !== record.batchNumber
      ? {}
      : { batch: addOffice(addCredit(batch, claim.amount, 1), claim.amount, { voids: 1 }) }),
  }
  return {
    kind: 'commit',
    draft: { ...draftOf(request, loadedState, generated), kind: 'acquirer_only', effects },
  }
}

function messageOf(
  request: ReconciliationRequest,
  { merchant, original }: LoadedState,
  generated: Generated,
): AcquirerMessage {
  const { record, messageKey } = request
  const { kind, merchantId, terminalId, batchNumber, acquirerStan, state, amount } = record
  const isApproved = state === 'approved'
  return {
    messageKey,
    kind,
    merchantId,
    terminalId,
    batchNumber,
    acquirerStan,
    // A void is for the whole sale, whether or not the line has its amount.
    amount: amount ?? original?.sale.amount ?? 0,
    currencyCode: record.currencyCode ?? merchant.currencyCode,
    original: record.original && {
      ...record.original,
      rrn: original?.forwarded?.acquirerRrn ?? original?.sale.rrn ?? null,
      authorizationCode: original?.sale.authorizationCode ?? null,
    },
    ...fieldsOfRecord(request, generated),
    state: isApproved ? 'approved' : state === 'declined' ? 'declined' : 'reversed',
    caseReason: isApproved ? 'only_acquirer' : null,
    caseOpenedAt: isApproved ? generated.now : null,
    caseClosedAt: null,
  }
}

function adopted(
  record: ReconciliationRecord,
  messageKey: string,
  { original }: LoadedState,
  generated: Generated,
): VoidRecord | null {
  if (record.kind !== 'void' || record.state !== 'approved' || original === null) return null
  const { sale, reversed, liveVoid, isVoidedByEntries } = original
  // The row of a void may be lost. The journal is the truth.
  const isVoidable = sale.status === 'approved' && !reversed && liveVoid === null && !isVoidedByEntries
  if (!isVoidable || !isOf(record, sale)) return null
  const { authorizationCode } = record
  return voidRecordOf(sale, generated, { messageKey, stan: null, authorizationCode, reason: null })
}

const isOf = (
  { merchantId, terminalId, batchNumber, amount, currencyCode }: ReconciliationRecord,
  sale: Sale,
): boolean =>
  merchantId === sale.merchantId &&
  terminalId === sale.terminalId &&
  batchNumber === sale.batchNumber &&
  !isDifferent(amount, sale.amount) &&
  !isDifferent(currencyCode, sale.currencyCode)
