/** @module What must become of a forwarded message when its host, the host's list or a person has a word on it. */

import type { DeclineReason } from '../../src/domain/decline-reason.ts'
import type { HostWord } from '../../src/domain/host-state.ts'
import type { CaseRequest, HostEventRequest, ListingRequest } from '../../src/domain/requests.ts'
import { type Books, type Deed, isUndecided } from './books.ts'
import { decided, type Expected, WAITING } from './oracle.ts'

export type Word = HostEventRequest | CaseRequest | ListingRequest

const GIVE_UP = 60_000

export class HostOracle {
  readonly #books: Books

  constructor(books: Books) {
    this.#books = books
  }

  /** Says what a host's word on a forwarded message, its list or a person comes to, and takes it for so. */
  hear(request: Word, now: number): Expected {
    const deed = this.#books.deeds.get(request.messageKey)
    if (deed?.isForwarded !== true) throw new Error(`${request.messageKey} is at no host`)
    // Of what was reversed nothing is told any more.
    const isTold = deed.isTold && !this.#books.reversed.has(deed.key)
    return this.#heard(deed, request, now) ?? (isTold ? { kind: 'replayed' } : WAITING)
  }

  #heard(deed: Deed, request: Word, now: number): Expected | null {
    if (request.kind === 'case') return this.#person(deed, request.resolution, now)
    if (request.kind === 'listing') return this.#list(deed, request, now)
    return this.#host(deed, request.event, 'issuer_declined', now)
  }

  /** Null where no one called. What a sender was told is not told otherwise. */
  #person(deed: Deed, resolution: CaseRequest['resolution'], now: number): Expected | null {
    if (deed.caseIs !== 'open') return null
    const stands = resolution === 'stands'
    if (isUndecided(deed)) return this.#settle(deed, stands ? null : 'acquirer_silent', deed.hostSaid, now)
    if (deed.state === 'reversing' && stands) return this.#standsAfterAll(deed, now)
    if (deed.state === 'reversing') return this.#silently(deed, 'reversed', now)
    if (deed.state === 'approved' && !stands) this.#books.undo(deed, now, false)
    deed.caseIs = 'closed'
    return WAITING
  }

  /** A sale whose terminal was told that it is reversed stays so. */
  #standsAfterAll(deed: Deed, now: number): Expected {
    const counts = deed.kind === 'void' && deed.sale !== null && !this.#books.reversed.has(deed.sale.key)
    if (counts && this.#books.batch(deed.batch).isOpen) this.#books.count(deed, 1)
    return this.#silently(deed, 'approved', now)
  }

  /** Null where the list says what we hold, is too old, or said so before. */
  #list(deed: Deed, { listing, asOf }: ListingRequest, now: number): Expected | null {
    if (deed.movedAt > asOf) return null
    const { state: word, amount } = listing
    const isOwed = isUndecided(deed) || deed.state === 'reversing'
    const counts = word === 'approved' || deed.state === 'approved' || isOwed
    const isRight = amount === null || amount === deed.amount || !counts
    const event = wordAsEvent(deed, word)
    const isTooLate = event === 'host_approved' && !this.#books.batch(deed.batch).isOpen
    if (isRight && event !== null && !isTooLate)
      return this.#host(deed, event, word === 'reversed' ? 'message_reversed' : 'issuer_declined', now)
    const agrees = isOwed || (deed.state === 'approved') === (word === 'approved')
    if (isRight && !isTooLate && agrees) return null
    const isKnown =
      deed.isDifference && deed.hostSaid === word && (amount ?? deed.hostAmount) === deed.hostAmount
    if (isKnown) return null
    Object.assign(deed, { caseIs: 'open', isDifference: true, hostSaid: word })
    deed.hostAmount = amount ?? deed.hostAmount
    return WAITING
  }

  /** Null where it is too late, or too early. */
  #host(deed: Deed, event: HostEventRequest['event'], reason: DeclineReason, now: number): Expected | null {
    const { state } = deed
    const { isOpen } = this.#books.batch(deed.batch)
    switch (event) {
      case 'host_approved':
        if (state !== 'pending') return null
        return isOpen ? this.#settle(deed, null, 'approved', now) : this.#callPerson(deed, 'approved')
      case 'host_declined':
        return state === 'pending' ? this.#settle(deed, reason, 'declined', now) : null
      case 'give_up':
        return state === 'pending' && now >= deed.at + GIVE_UP ? this.#silently(deed, 'undoing', now) : null
      case 'host_undone':
        if (state === 'undoing') return this.#settle(deed, 'acquirer_silent', 'reversed', now)
        if (state !== 'reversing') return null
        deed.hostSaid = 'reversed'
        return this.#silently(deed, 'reversed', now)
      case 'host_keeps':
        if (state === 'undoing' && isOpen) return this.#settle(deed, null, 'approved', now)
        return state === 'undoing' || state === 'reversing' ? this.#callPerson(deed, 'approved') : null
      case 'host_refuses':
        return state === 'undoing' || state === 'reversing' ? this.#callPerson(deed, deed.hostSaid) : null
      case 'overdue':
        if (deed.caseIs !== 'none' || (!isUndecided(deed) && state !== 'reversing')) return null
        return now >= deed.decideBy ? this.#callPerson(deed, deed.hostSaid) : null
    }
  }

  #settle(deed: Deed, reason: DeclineReason | null, said: Deed['hostSaid'], now: number): Expected {
    deed.isTold = true
    deed.hostSaid = said
    this.#books.move(deed, reason === null ? 'approved' : 'declined', now)
    // Totals that were settled stay as they are.
    if (reason === null && this.#books.batch(deed.batch).isOpen) this.#books.count(deed, 1)
    return decided(reason)
  }

  #silently(deed: Deed, state: Deed['state'], now: number): Expected {
    this.#books.move(deed, state, now)
    return WAITING
  }

  /** Into a case that is open it is written what the host has said since. */
  #callPerson(deed: Deed, said: Deed['hostSaid']): Expected {
    Object.assign(deed, { caseIs: 'open', isDifference: false, hostSaid: said })
    return WAITING
  }
}

/** What a word in the host's list is, where we wait for one. */
function wordAsEvent(
  { state }: Deed,
  word: HostWord,
): 'host_approved' | 'host_declined' | 'host_undone' | null {
  const isUndone = word === 'declined' || word === 'reversed'
  if (state === 'pending' && word === 'approved') return 'host_approved'
  if (state === 'pending') return isUndone ? 'host_declined' : null
  return (state === 'undoing' || state === 'reversing') && isUndone ? 'host_undone' : null
}
