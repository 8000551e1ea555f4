/**
 * @module Limits the requests in progress in an isolate. Excess requests are refused at once, before they are parsed or
 * queued, and the least urgent first. So the queue of the group commit is bounded too.
 */

/** From least to most urgent: everything else, sales, and voids with reversals. */
export const PRIORITIES = ['other', 'sale', 'undo'] as const
export type Priority = (typeof PRIORITIES)[number]

/**
 * The share of the limit that a priority may fill. A fifth stays free for voids and reversals. Look-ups query the
 * database one by one, each ahead of the next set, so only few are admitted.
 */
const SHARE: Readonly<Record<Priority, number>> = { other: 0.25, sale: 0.8, undo: 1 }

/**
 * A request that is cut off never leaves. It counts as gone after so many milliseconds, or when the clock has jumped.
 */
export const LEASE_MS = 30_000

export interface ConcurrencyLimit {
  /**
   * Admits a request and returns the function that frees its places: so many of them, or all that are left. Undefined:
   * refused. `weight`: the number of places.
   */
  enter(priority: Priority, weight?: number): ((places?: number) => void) | undefined
  /** Whether every request of this priority is refused. */
  isClosed(priority: Priority): boolean
}

interface Inside {
  readonly since: number
  weight: number
}

/** `capacity`: the most places. `now`: milliseconds since the epoch. */
export function createConcurrencyLimit(capacity: number, now: () => number): ConcurrencyLimit {
  /** In the order of arrival. */
  const inside = new Set<Inside>()
  let weightInside = 0

  const leave = (one: Inside, places = one.weight): void => {
    if (!inside.has(one)) return
    one.weight -= places
    weightInside -= places
    if (one.weight === 0) inside.delete(one)
  }

  function isClosed(priority: Priority): boolean {
    if (weightInside < capacity * SHARE[priority]) return false
    for (const one of inside) {
      if (Math.abs(now() - one.since) <= LEASE_MS) break
      leave(one)
    }
    return weightInside >= capacity * SHARE[priority]
  }

  return {
    isClosed,
    enter(priority, weight = 1) {
      if (isClosed(priority)) return undefined
      const one = { since: now(), weight }
      inside.add(one)
      weightInside += weight
      return (places) => leave(one, places)
    },
  }
}
