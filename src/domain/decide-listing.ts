/**
 * @module What a line of the host's list makes of what we hold. What it answers goes down as the host's word; a difference
 * opens a case; what only the host has is written down, so that its number is not given to another message. Nothing is ever sent.
 */

import { compareListing, type Held, type Listing } from './compare-listing.ts'
import { heldOfFed } from './decide-claim.ts'
import { decideHostEvent } from './decide-host-event.ts'
import type { Decision, Situation, Supplies } from './decision.ts'
import { asItStands, entryAfter, isBatchOpen, knownOf, moveOf } from './host-outcome.ts'
import { isOwed } from './host-state.ts'
import { laterKey } from './message-key.ts'
import { addCredit } from './money.ts'
import type { ListingRequest } from './requests.ts'
import type { Effects, HostMessage, Sale, VoidRecord } from './types.ts'

export function decideListing(request: ListingRequest, situation: Situation, supplies: Supplies): Decision {
  if (situation.forwarded === null)
    return ofFed(request, situation, supplies) ?? recorded(request, situation, supplies)
  const { listing, asOf } = request
  const known = knownOf(situation, supplies)
  const { message, claim } = known
  const held: Held = { message, isBatchOpen: isBatchOpen(known) }
  const compared = compareListing(held, listing, asOf)
  if (compared.finding === 'answers') {
    const { hostRrn, authorizationCode } = listing
    const reason = listing.state === 'reversed' ? 'message_reversed' : null
    const event = { ...request, kind: 'host_event', event: compared.event } as const
    return decideHostEvent({ ...event, hostRrn, authorizationCode, reason }, situation, supplies)
  }
  if (compared.finding !== 'differs') return asItStands(known)
  const { state: hostSaid, amount: hostAmount } = listing
  const nextAt = isOwed(message.state) ? supplies.now : null
  return entryAfter(known, {
    kind: 'case',
    messageKey: laterKey(message.messageKey, 'case', situation.terminal.head.seq + 1),
    answer: null,
    request: { ...claim.request, ...request.request },
    effects: {
      hostMoves: [moveOf(known, message.state, { nextAt, caseReason: 'host_differs', hostSaid, hostAmount })],
    },
  })
}

/** A difference about a sale that was fed makes it a message at the host, with a case; null where the line is of no such sale. */
function ofFed(request: ListingRequest, situation: Situation, supplies: Supplies): Decision | null {
  const { original, earlier } = situation
  if (earlier === null || earlier.answer === null || original?.sale.messageKey !== request.messageKey)
    return null
  const { listing, asOf } = request
  const message = heldOfFed(original.sale, original.reversed)
  if (compareListing({ message, isBatchOpen: true }, listing, asOf).finding !== 'differs')
    return { kind: 'replay', entry: earlier, answer: earlier.answer }
  const caseIs = { caseReason: 'host_differs', caseOpenedAt: supplies.now } as const
  const claim: HostMessage = { ...message, ...asListed(request, supplies), ...caseIs }
  const messageKey = laterKey(request.messageKey, 'case', situation.terminal.head.seq + 1)
  return {
    kind: 'commit',
    draft: { ...draftOf({ ...request, messageKey }, situation, supplies), kind: 'case', effects: { claim } },
  }
}

/** Draft of an entry that answers no one. */
const draftOf = (
  { messageKey, merchantId, contentFingerprint, door, request }: ListingRequest,
  { terminal: { terminalId } }: Situation,
  { now: at }: Supplies,
) => ({ terminalId, merchantId, messageKey, contentFingerprint, door, request, answer: null, at })

/** What a message that was entered by a line of the list has of that line. */
const asListed = ({ listing, asOf }: ListingRequest, { now, rrn }: Supplies) => ({
  rrn,
  hostRrn: listing.hostRrn,
  claimedAt: now,
  movedAt: asOf,
  decideBy: now,
  hostSaid: listing.state,
  hostAmount: listing.amount,
})

/** What only the host has. A void of a sale that stands here is taken up, so that no other void of it goes out. */
function recorded(request: ListingRequest, situation: Situation, supplies: Supplies): Decision {
  const { listing, messageKey } = request
  const claim = messageOf(request, situation, supplies)
  const voidRecord = takenUp(listing, messageKey, situation, supplies)
  const { batch } = situation.terminal
  const effects: Effects = {
    claim,
    ...(voidRecord === null ? {} : { voidRecord }),
    ...(voidRecord === null || batch.batchNumber !== listing.batchNumber
      ? {}
      : { batch: addCredit(batch, claim.amount, 1) }),
  }
  return { kind: 'commit', draft: { ...draftOf(request, situation, supplies), kind: 'host_only', effects } }
}

function messageOf(
  request: ListingRequest,
  { merchant, original }: Situation,
  supplies: Supplies,
): HostMessage {
  const { listing, messageKey } = request
  const { kind, merchantId, terminalId, batchNumber, hostStan, state, amount } = listing
  const isApproved = state === 'approved'
  return {
    messageKey,
    kind,
    merchantId,
    terminalId,
    batchNumber,
    hostStan,
    amount: amount ?? 0,
    currencyCode: listing.currencyCode ?? merchant.currencyCode,
    originalBatchNumber: listing.original?.batchNumber ?? null,
    originalStan: listing.original?.hostStan ?? null,
    originalRrn: original?.forwarded?.hostRrn ?? original?.sale.rrn ?? null,
    originalAuthorizationCode: original?.sale.authorizationCode ?? null,
    ...asListed(request, supplies),
    state: isApproved ? 'approved' : state === 'declined' ? 'declined' : 'reversed',
    caseReason: isApproved ? 'only_host' : null,
    caseOpenedAt: isApproved ? supplies.now : null,
    caseClosedAt: null,
  }
}

function takenUp(
  listing: Listing,
  messageKey: string,
  { original }: Situation,
  supplies: Supplies,
): VoidRecord | null {
  if (listing.kind !== 'void' || listing.state !== 'approved' || original === null) return null
  const { sale, reversed, liveVoid } = original
  const stands = sale.status === 'approved' && !reversed && liveVoid === null
  return stands && isOf(listing, sale) ? voidRecordOf(listing, messageKey, sale, supplies) : null
}

const isOf = ({ merchantId, terminalId, batchNumber, amount, currencyCode }: Listing, sale: Sale): boolean =>
  merchantId === sale.merchantId &&
  terminalId === sale.terminalId &&
  batchNumber === sale.batchNumber &&
  amount === sale.amount &&
  (currencyCode ?? sale.currencyCode) === sale.currencyCode

const voidRecordOf = (
  { authorizationCode }: Listing,
  messageKey: string,
  sale: Sale,
  { id, rrn, now }: Supplies,
): VoidRecord => ({
  id,
  messageKey,
  saleId: sale.id,
  merchantId: sale.merchantId,
  terminalId: sale.terminalId,
  batchNumber: sale.batchNumber,
  stan: null,
  amount: sale.amount,
  currencyCode: sale.currencyCode,
  rrn,
  originalRrn: sale.rrn,
  authorizationCode,
  reason: null,
  feeReturned: sale.fee,
  voidedAt: now,
  state: 'approved',
})
