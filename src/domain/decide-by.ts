/** @module The deadline of a claimed void (semantics.md, Times). */

import { DECIDE_MS } from './acquirer-state.ts'
import { LEAST_DECIDE_SECONDS, rulesOf } from './merchant-rules.ts'
import { endOfWindow } from './sale-known.ts'
import type { Merchant, Sale } from './types.ts'
import { nextCutOff } from './window.ts'

/**
 * The deadline of a void that is claimed at `now`, in milliseconds since the epoch. The merchant sets it, at most to the end of the
 * sale's window. It is never earlier than 180 s. A window without an end ends at the next cut-off here.
 */
export function decideByOf(
  sale: Pick<Sale, 'soldAt' | 'voidableUntil'>,
  merchant: Merchant,
  now: number,
): number {
  const { decideWithin } = rulesOf(merchant)
  const least = now + DECIDE_MS
  if (decideWithin === LEAST_DECIDE_SECONDS) return least
  const until = endOfWindow(sale, merchant) ?? nextCutOff(now, merchant)
  const wanted = decideWithin === 'window' ? until : Math.min(now + decideWithin * 1000, until)
  return Math.max(least, wanted)
}
