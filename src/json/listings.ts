/** @module Lines of a host's list as they come, and what holding one against ours came to. */

import type { Finding, Listing } from '../domain/compare-listing.ts'
import type { HostMessage } from '../domain/types.ts'
import { iso } from './bodies.ts'
import type { ListingLine } from './schemas.ts'

export function listingOf(line: ListingLine): Listing {
  const { of, merchantId, terminalId, batchNumber, stan, state, amount, currencyCode, original } = line
  return {
    kind: of,
    merchantId,
    terminalId,
    batchNumber,
    hostStan: stan,
    // Reversed before the host ever saw it: it stands there no more than one that it saw.
    state: state === 'tombstone' ? 'reversed' : state,
    amount: amount ?? null,
    currencyCode: currencyCode ?? null,
    hostRrn: line.rrn ?? null,
    authorizationCode: line.authorizationCode ?? null,
    original: original == null ? null : { batchNumber: original.batchNumber, hostStan: original.stan },
  }
}

/** What was found, or why nothing could be. */
export type Found = Finding | { readonly finding: 'unknown_terminal' }

/** `applied`: whether what follows from it is written; null where nothing does, or it was not asked for. */
export function findingBody(
  line: ListingLine,
  found: Found,
  message: HostMessage | null,
  applied: boolean | null,
): object {
  const { of, merchantId, terminalId, batchNumber, stan, state, amount = null } = line
  return {
    of,
    merchantId,
    terminalId,
    batchNumber,
    stan,
    ...found,
    host: { state, amount },
    ours: message === null ? null : { state: message.state, amount: message.amount, rrn: message.rrn },
    applied,
  }
}

/** A forwarded message as a host's list would name it. */
export function forwardedBody(message: HostMessage): object {
  const { kind: of, merchantId, terminalId, batchNumber, hostStan: stan, amount, currencyCode } = message
  return {
    of,
    merchantId,
    terminalId,
    batchNumber,
    stan,
    amount,
    currencyCode,
    state: message.state,
    rrn: message.rrn,
    claimedAt: iso(message.claimedAt),
  }
}
