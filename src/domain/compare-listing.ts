/**
 * @module A line of the host's own list held against what we hold: agreed, still being found out, answered by the list, or a
 * difference that a person must look at.
 */

import { type HostEvent, type HostState, type HostWord, isOwed } from './host-state.ts'
import type { Amount, HostMessage } from './types.ts'

/** What the host's list says of a message; `absent` where it does not have it. */
export interface Listing {
  readonly kind: 'sale' | 'void'
  readonly merchantId: string
  readonly terminalId: string
  readonly batchNumber: string
  readonly hostStan: string
  readonly state: HostWord
  /** Null where absent. */
  readonly amount: Amount | null
  /** Null where the list does not say it. */
  readonly currencyCode: string | null
  readonly hostRrn: string | null
  readonly authorizationCode: string | null
  /** The sale that a void names, as the host knows it. */
  readonly original: { readonly batchNumber: string; readonly hostStan: string } | null
}

export type Difference =
  /** The host has it and we have no trace of it. */
  | 'only_host'
  /** We hold it for approved and the host does not have it. */
  | 'only_ours'
  | 'state'
  | 'amount'
  /** Kind, merchant or currency. */
  | 'identity'

export type Finding =
  | { readonly finding: 'agrees' }
  /** It changed here after the list was made: the list is too old to say anything of it. */
  | { readonly finding: 'later' }
  /** Neither side is done: it is found out or undone as ever. */
  | { readonly finding: 'owed' }
  /** A case says so already, or a person decided it. */
  | { readonly finding: 'known' }
  /** The list tells what we wait for. */
  | { readonly finding: 'answers'; readonly event: Extract<HostEvent, `host_${string}`> }
  | { readonly finding: 'differs'; readonly difference: Difference }

const NO_EFFECT: readonly HostWord[] = ['declined', 'reversed', 'absent']

const AGREED: Readonly<Record<HostState, readonly HostWord[]>> = {
  pending: [],
  undoing: [],
  approved: ['approved'],
  declined: NO_EFFECT,
  reversing: [],
  reversed: NO_EFFECT,
}

const UNDONE = { declined: 'host_undone', reversed: 'host_undone' } as const

type Answers = Partial<Record<HostWord, Extract<HostEvent, `host_${string}`>>>
const ANSWERS: Readonly<Partial<Record<HostState, Answers>>> = {
  pending: { approved: 'host_approved', declined: 'host_declined', reversed: 'host_declined' },
  undoing: UNDONE,
  reversing: UNDONE,
}

/** What we hold of it, and whether its batch still takes a void up. */
export interface Held {
  readonly message: HostMessage
  readonly isBatchOpen: boolean
}

/** `asOf`: when the list was made at the latest, in milliseconds since the epoch. */
export function compareListing(held: Held | null, listing: Listing, asOf: number): Finding {
  if (held === null)
    return listing.state === 'absent'
      ? { finding: 'agrees' }
      : { finding: 'differs', difference: 'only_host' }
  const { message } = held
  if (message.movedAt > asOf) return { finding: 'later' }
  const difference = differenceOf(message, listing)
  const event = ANSWERS[message.state]?.[listing.state]
  const isTooLate = event === 'host_approved' && !held.isBatchOpen
  if (difference === null && event !== undefined && !isTooLate) return { finding: 'answers', event }
  if (difference === null && !isTooLate) return { finding: isOwed(message.state) ? 'owed' : 'agrees' }
  const { caseReason, hostSaid, hostAmount } = message
  const isSame = listing.amount === null || listing.amount === hostAmount
  if (caseReason === 'host_differs' && hostSaid === listing.state && isSame) return { finding: 'known' }
  return { finding: 'differs', difference: difference ?? 'state' }
}

function differenceOf(message: HostMessage, listing: Listing): Difference | null {
  const { kind, merchantId, currencyCode, amount, state } = message
  if (listing.kind !== kind || listing.merchantId !== merchantId) return 'identity'
  if ((listing.currencyCode ?? currencyCode) !== currencyCode) return 'identity'
  const hasEffect = listing.state === 'approved' || state === 'approved' || isOwed(state)
  if (hasEffect && (listing.amount ?? amount) !== amount) return 'amount'
  if (isOwed(state) || AGREED[state].includes(listing.state)) return null
  return listing.state === 'absent' ? 'only_ours' : 'state'
}
