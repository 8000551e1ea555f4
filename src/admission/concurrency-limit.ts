/**
 * @module How many requests this isolate has in hand, and who is turned away when it has enough: at once, before anything
 * is parsed or queued, the least urgent first. So the queue of the group is bounded by the gate.
 */

/** The most urgent last: everything else, sales, and what undoes one (voids and reversals). */
export const PRIORITIES = ['other', 'sale', 'undo'] as const
export type Priority = (typeof PRIORITIES)[number]

/**
 * The part of the gate that is open to a priority. A fifth is kept for voids and reversals. Look-ups go to the database one
 * by one, each ahead of the next set, so that only few of them may.
 */
const SHARE: Readonly<Record<Priority, number>> = { other: 0.25, sale: 0.8, undo: 1 }

/** A request that was cut off never says that it left: after this long, in milliseconds, or when the clock has jumped, it is taken for gone. */
export const LEASE_MS = 30_000

export interface ConcurrencyLimit {
  /** A way out for one that may come in, to be called once; undefined for one that is turned away. `weight`: of how many. */
  enter(priority: Priority, weight?: number): (() => void) | undefined
  /** Whether everyone of this priority is turned away. */
  isClosed(priority: Priority): boolean
}

interface Inside {
  readonly since: number
  readonly weight: number
}

/** `capacity`: the most that may be inside, in weight. `now`: milliseconds since the epoch. */
export function createConcurrencyLimit(capacity: number, now: () => number): ConcurrencyLimit {
  /** In the order in which they came. */
  const inside = new Set<Inside>()
  let weightInside = 0

  const leave = (one: Inside): void => {
    if (inside.delete(one)) weightInside -= one.weight
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
      return () => leave(one)
    },
  }
}
