/**
 * @module Token buckets by key, as a generic cell rate algorithm (ITU-T I.371): the table has the time at which each
 * bucket is full again.
 *
 * The table has a fixed capacity, and an evicted key has a full bucket. So unknown keys never cause the refusal of a
 * known one.
 */

import { createRecent } from '../domain/recent.ts'

export interface Limit {
  /** Tokens in a full bucket. */
  readonly burst: number
  /** Milliseconds until the next token. */
  readonly everyMs: number
}

export interface Buckets {
  /** Milliseconds until this key has a token; 0 when it has one. Takes no token. */
  wait(key: string): number
  /** Takes a token. An empty bucket may go into debt, by at most one full bucket. */
  spend(key: string): void
  /** Returns a token that was spent. */
  giveBack(key: string): void
  /** Whether the table still has this key. */
  has(key: string): boolean
  /** Removes the key from the table. */
  forget(key: string): void
}

/** `capacity`: the most keys. `now`: milliseconds since the epoch, from a clock that may jump. */
export function createBuckets({ burst, everyMs }: Limit, capacity: number, now: () => number): Buckets {
  const fullAt = createRecent<number>(capacity)
  const span = burst * everyMs

  /**
   * Milliseconds until the bucket is full. A debt beyond the maximum comes from a jump of the clock and counts as none.
   */
  function debt(key: string, at: number): number {
    const fillMs = Math.max((fullAt.get(key) ?? at) - at, 0)
    return fillMs > 2 * span ? 0 : fillMs
  }

  return {
    wait: (key) => Math.max(debt(key, now()) - (span - everyMs), 0),
    spend(key) {
      const at = now()
      fullAt.set(key, at + Math.min(debt(key, at) + everyMs, 2 * span))
    },
    giveBack(key) {
      const at = fullAt.get(key)
      if (at !== undefined) fullAt.set(key, at - everyMs)
    },
    has: (key) => fullAt.get(key) !== undefined,
    forget: fullAt.delete,
  }
}
