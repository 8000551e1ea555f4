/** @module What must become of a forwarded message when its acquirer, the acquirer's list or a person has a word on it. */

import type { AcquirerStatus } from '../../src/domain/acquirer-state.ts'
import type { DeclineReason } from '../../src/domain/decline-reason.ts'
import type { AcquirerEventRequest, CaseRequest, ReconciliationRequest } from '../../src/domain/requests.ts'
import { type Books, type Deed, isUndecided } from './books.ts'
import { decided, type Expected, WAITING } from './oracle.ts'

export type ReportedStatus = AcquirerEventRequest | CaseRequest | ReconciliationRequest

const GIVE_UP = 60_000

export class AcquirerOracle {
  readonly #books: Books

  constructor(books: Books) {
    this.#books = books
  }

  /** Says what an acquirer's word on a forwarded message, its list or a person comes to, and takes it for so. */
  hear(request: ReportedStatus, now: number): Expected {
    const deed = this.#books.deeds.get(request.messageKey)
    if (deed?.isForwarded !== true) throw new Error(`${request.messageKey} is at no acquirer`)
    // Of what was reversed nothing is told any more.
    const isAnswered = deed.isAnswered && !this.#books.reversed.has(deed.key)
    return this.#heard(deed, request, now) ?? (isAnswered ? { kind: 'replayed' } : WAITING)
  }

  #heard(deed: Deed, request: ReportedStatus, now: number): Expected | null {
    if (request.kind === 'case') return this.#person(deed, request.resolution, now)
    if (request.kind === 'reconciliation') return this.#list(deed, request, now)
    return this.#acquirer(deed, request.event, 'issuer_declined', now)
  }

  /** Null where no one called. What a sender was told is not told otherwise. */
  #person(deed: Deed, resolution: CaseRequest['resolution'], now: number): Expected | null {
    if (deed.caseIs !== 'open') return null
    const stands = resolution === 'stands'
    if (isUndecided(deed))
      return this.#settle(deed, stands ? null : 'acquirer_silent', deed.acquirerStatus, now)
    if (deed.state === 'reversing' && stands) return this.#isEffectiveAfterAll(deed, now)
    if (deed.state === 'reversing') return this.#silently(deed, 'reversed', now)
    if (deed.state === 'approved' && !stands) this.#books.undo(deed, now, false)
    deed.caseIs = 'closed'
    return WAITING
  }

  /** A sale whose terminal was told that it is reversed stays so. */
  #isEffectiveAfterAll(deed: Deed, now: number): Expected {
    const counts = deed.kind === 'void' && deed.sale !== null && !this.#books.reversed.has(deed.sale.key)
    if (counts && this.#books.batch(deed.batch).isOpen) this.#books.count(deed, 1)
    return this.#silently(deed, 'approved', now)
  }

  /** Null where the list says what we hold, is too old, or said so before. */
  #list(deed: Deed, { record, asOf }: ReconciliationRequest, now: number): Expected | null {
    if (deed.movedAt > asOf) return null
    const { state: status, amount } = record
    const isUnsettled = isUndecided(deed) || deed.state === 'reversing'
    const counts = status === 'approved' || deed.state === 'approved' || isUnsettled
    const isRight = amount === null || amount === deed.amount || !counts
    const event = statusAsEvent(deed, status)
    const isTooLate = event === 'acquirer_approved' && !this.#books.batch(deed.batch).isOpen
    if (isRight && event !== null && !isTooLate)
      return this.#acquirer(deed, event, status === 'reversed' ? 'message_reversed' : 'issuer_declined', now)
    const agrees = isUnsettled || (deed.state === 'approved') === (status === 'approved')
    if (isRight && !isTooLate && agrees) return null
    const isKnown =
      deed.isDifference &&
      deed.acquirerStatus === status &&
      (amount ?? deed.acquirerAmount) === deed.acquirerAmount
    if (isKnown) return null
    Object.assign(deed, { caseIs: 'open', isDifference: true, acquirerStatus: status })
    deed.acquirerAmount = amount ?? deed.acquirerAmount
    return WAITING
  }

  /** Null where it is too late, or too early. */
  #acquirer(
    deed: Deed,
    event: AcquirerEventRequest['event'],
    reason: DeclineReason,
    now: number,
  ): Expected | null {
    const { state } = deed
    const { isOpen } = this.#books.batch(deed.batch)
    switch (event) {
      case 'acquirer_approved':
        if (state !== 'pending') return null
        return isOpen ? this.#settle(deed, null, 'approved', now) : this.#callPerson(deed, 'approved')
      case 'acquirer_declined':
        return state === 'pending' ? this.#settle(deed, reason, 'declined', now) : null
      case 'give_up':
        return state === 'pending' && now >= deed.at + GIVE_UP ? this.#silently(deed, 'undoing', now) : null
      case 'acquirer_undone':
        if (state === 'undoing') return this.#settle(deed, 'acquirer_silent', 'reversed', now)
        if (state !== 'reversing') return null
        deed.acquirerStatus = 'reversed'
        return this.#silently(deed, 'reversed', now)
      case 'reversal_refused':
        if (state === 'undoing' && isOpen) return this.#settle(deed, null, 'approved', now)
        return state === 'undoing' || state === 'reversing' ? this.#callPerson(deed, 'approved') : null
      case 'reversal_declined':
        return state === 'undoing' || state === 'reversing'
          ? this.#callPerson(deed, deed.acquirerStatus)
          : null
      case 'overdue':
        if (deed.caseIs !== 'none' || (!isUndecided(deed) && state !== 'reversing')) return null
        return now >= deed.decideBy ? this.#callPerson(deed, deed.acquirerStatus) : null
    }
  }

  #settle(deed: Deed, reason: DeclineReason | null, said: Deed['acquirerStatus'], now: number): Expected {
    deed.isAnswered = true
    deed.acquirerStatus = said
    this.#books.move(deed, reason === null ? 'approved' : 'declined', now)
    // Totals that were settled stay as they are.
    if (reason === null && this.#books.batch(deed.batch).isOpen) this.#books.count(deed, 1)
    return decided(reason)
  }

  #silently(deed: Deed, state: Deed['state'], now: number): Expected {
    this.#books.move(deed, state, now)
    return WAITING
  }

  /** Into a case that is open it is written what the acquirer has said since. */
  #callPerson(deed: Deed, said: Deed['acquirerStatus']): Expected {
    Object.assign(deed, { caseIs: 'open', isDifference: false, acquirerStatus: said })
    return WAITING
  }
}

/** What a word in the acquirer's list is, where we wait for one. */
function statusAsEvent(
  { state }: Deed,
  status: AcquirerStatus,
): 'acquirer_approved' | 'acquirer_declined' | 'acquirer_undone' | null {
  const isUndone = status === 'declined' || status === 'reversed'
  if (state === 'pending' && status === 'approved') return 'acquirer_approved'
  if (state === 'pending') return isUndone ? 'acquirer_declined' : null
  return (state === 'undoing' || state === 'reversing') && isUndone ? 'acquirer_undone' : null
}
