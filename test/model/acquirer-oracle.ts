/**
 * @module The expected outcome of a forwarded message after an answer of its acquirer, a reconciliation
 * record or a case decision.
 */

import type { AcquirerStatus } from '../../src/domain/acquirer-state.ts'
import type { DeclineReason } from '../../src/domain/decline-reason.ts'
import type { AcquirerEventRequest, CaseRequest, ReconciliationRequest } from '../../src/domain/requests.ts'
import { type Books, isUndecided, type Transaction } from './books.ts'
import { decided, type Expected, WAITING } from './oracle.ts'

export type ReportedStatus = AcquirerEventRequest | CaseRequest | ReconciliationRequest

const GIVE_UP = 60_000

export class AcquirerOracle {
  readonly #books: Books

  constructor(books: Books) {
    this.#books = books
  }

  /**
   * Applies an acquirer's answer, a record or a case decision to a forwarded message, and returns the
   * expected outcome.
   */
  apply(request: ReportedStatus, now: number): Expected {
    const transaction = this.#books.transactions.get(request.messageKey)
    if (transaction?.isForwarded !== true) throw new Error(`${request.messageKey} was not forwarded`)
    // A reversed message gets no answer any more.
    const isAnswered = transaction.isAnswered && !this.#books.reversed.has(transaction.key)
    return this.#resultOf(transaction, request, now) ?? (isAnswered ? { kind: 'replayed' } : WAITING)
  }

  #resultOf(transaction: Transaction, request: ReportedStatus, now: number): Expected | null {
    if (request.kind === 'case') return this.#closeCase(transaction, request.resolution, now)
    if (request.kind === 'reconciliation') return this.#record(transaction, request, now)
    return this.#acquirer(transaction, request.event, 'issuer_declined', now)
  }

  /** Null without an open case. An answer that a client got never changes. */
  #closeCase(transaction: Transaction, resolution: CaseRequest['resolution'], now: number): Expected | null {
    if (transaction.caseState !== 'open') return null
    const stands = resolution === 'stands'
    if (isUndecided(transaction))
      return this.#settle(transaction, stands ? null : 'acquirer_silent', transaction.acquirerStatus, now)
    if (transaction.state === 'reversing' && stands) return this.#reinstate(transaction, now)
    if (transaction.state === 'reversing') return this.#moveWithoutAnswer(transaction, 'reversed', now)
    if (transaction.state === 'approved' && !stands) this.#books.undo(transaction, now, false)
    transaction.caseState = 'closed'
    return WAITING
  }

  /** A sale that was reversed for its terminal stays reversed. */
  #reinstate(transaction: Transaction, now: number): Expected {
    const counts =
      transaction.kind === 'void' &&
      transaction.sale !== null &&
      !this.#books.reversed.has(transaction.sale.key)
    if (counts && this.#books.batch(transaction.batch).isOpen) this.#books.count(transaction, 1)
    return this.#moveWithoutAnswer(transaction, 'approved', now)
  }

  /** Null when the record agrees, is too old, or repeats an earlier one. */
  #record(transaction: Transaction, { record, asOf }: ReconciliationRequest, now: number): Expected | null {
    if (transaction.movedAt > asOf) return null
    const { state: status, amount } = record
    const isUnsettled = isUndecided(transaction) || transaction.state === 'reversing'
    const counts = status === 'approved' || transaction.state === 'approved' || isUnsettled
    const hasOurAmount = amount === null || amount === transaction.amount || !counts
    const event = statusAsEvent(transaction, status)
    const isTooLate = event === 'acquirer_approved' && !this.#books.batch(transaction.batch).isOpen
    if (hasOurAmount && event !== null && !isTooLate)
      return this.#acquirer(
        transaction,
        event,
        status === 'reversed' ? 'message_reversed' : 'issuer_declined',
        now,
      )
    const agrees = isUnsettled || (transaction.state === 'approved') === (status === 'approved')
    if (hasOurAmount && !isTooLate && agrees) return null
    const isKnown =
      transaction.isDifference &&
      transaction.acquirerStatus === status &&
      (amount ?? transaction.acquirerAmount) === transaction.acquirerAmount
    if (isKnown) return null
    Object.assign(transaction, { caseState: 'open', isDifference: true, acquirerStatus: status })
    transaction.acquirerAmount = amount ?? transaction.acquirerAmount
    return WAITING
  }

  /** Null when it is too late, or too early. */
  #acquirer(
    transaction: Transaction,
    event: AcquirerEventRequest['event'],
    reason: DeclineReason,
    now: number,
  ): Expected | null {
    const { state } = transaction
    const { isOpen } = this.#books.batch(transaction.batch)
    switch (event) {
      case 'acquirer_approved':
        if (state !== 'pending') return null
        return isOpen
          ? this.#settle(transaction, null, 'approved', now)
          : this.#openCase(transaction, 'approved')
      case 'acquirer_declined':
        return state === 'pending' ? this.#settle(transaction, reason, 'declined', now) : null
      case 'give_up':
        return state === 'pending' && now >= transaction.at + GIVE_UP
          ? this.#moveWithoutAnswer(transaction, 'undoing', now)
          : null
      case 'acquirer_undone':
        if (state === 'undoing') return this.#settle(transaction, 'acquirer_silent', 'reversed', now)
        if (state !== 'reversing') return null
        transaction.acquirerStatus = 'reversed'
        return this.#moveWithoutAnswer(transaction, 'reversed', now)
      case 'reversal_refused':
        if (state === 'undoing' && isOpen) return this.#settle(transaction, null, 'approved', now)
        return state === 'undoing' || state === 'reversing' ? this.#openCase(transaction, 'approved') : null
      case 'reversal_declined':
        return state === 'undoing' || state === 'reversing'
          ? this.#openCase(transaction, transaction.acquirerStatus)
          : null
      case 'none':
        return null
      case 'overdue':
        if (transaction.caseState !== 'none' || (!isUndecided(transaction) && state !== 'reversing'))
          return null
        return now >= transaction.decideBy ? this.#openCase(transaction, transaction.acquirerStatus) : null
    }
  }

  #settle(
    transaction: Transaction,
    reason: DeclineReason | null,
    status: Transaction['acquirerStatus'],
    now: number,
  ): Expected {
    transaction.isAnswered = true
    transaction.acquirerStatus = status
    this.#books.move(transaction, reason === null ? 'approved' : 'declined', now)
    // Settled totals do not change.
    if (reason === null && this.#books.batch(transaction.batch).isOpen) this.#books.book(transaction)
    return decided(reason)
  }

  #moveWithoutAnswer(transaction: Transaction, state: Transaction['state'], now: number): Expected {
    this.#books.move(transaction, state, now)
    return WAITING
  }

  /** An open case gets the acquirer's later answers. */
  #openCase(transaction: Transaction, status: Transaction['acquirerStatus']): Expected {
    Object.assign(transaction, { caseState: 'open', isDifference: false, acquirerStatus: status })
    return WAITING
  }
}

/** The meaning of a record's status for a message that waits for an answer. */
function statusAsEvent(
  { state }: Transaction,
  status: AcquirerStatus,
): 'acquirer_approved' | 'acquirer_declined' | 'acquirer_undone' | null {
  const isUndone = status === 'declined' || status === 'reversed'
  if (state === 'pending' && status === 'approved') return 'acquirer_approved'
  if (state === 'pending') return isUndone ? 'acquirer_declined' : null
  return (state === 'undoing' || state === 'reversing') && isUndone ? 'acquirer_undone' : null
}
