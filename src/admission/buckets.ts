/**
 * @module Token buckets by key, in the form of the generic cell rate algorithm (ITU-T I.371): one time per key, the one at
 * which its bucket is full again.
 *
 * The table is of fixed capacity and a key that was evicted has a full bucket, so that strange keys never push a known one
 * into refusal.
 */

import { createRecent } from './recent.ts'

export interface Limit {
  /** Tokens in a full bucket. */
  readonly burst: number
  /** Milliseconds until one more token is there. */
  readonly everyMs: number
}

export interface Buckets {
  /** Milliseconds until there is a token for this key; 0 when there is one. Takes none. */
  wait(key: string): number
  /** Takes a token, if need be one that is still to come; of those at most one bucket is owed. */
  spend(key: string): void
  /** Whether the key has spent something that is not forgotten. */
  has(key: string): boolean
}

/** `capacity`: most keys kept. `now`: milliseconds since the epoch, on a clock that may jump. */
export function createBuckets({ burst, everyMs }: Limit, capacity: number, now: () => number): Buckets {
  const fullAt = createRecent<number>(capacity)
  const span = burst * everyMs

  /** Milliseconds until the bucket is full; one that is owed more than can be is of before a jump of the clock. */
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
    has: (key) => fullAt.get(key) !== undefined,
  }
}
