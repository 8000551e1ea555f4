/**
 * @module Source addresses of unproved messages: wrong MACs and unknown keys. A source with many of them raises an
 * alert and is slowed down.
 *
 * Terminals and attackers may share one address. So a proved caller (`callers.ts`) is never held up by its address. An
 * address with proved callers is slowed to one unproved message at a time, and not blocked.
 */

import { createAlarm } from './alarm.ts'
import { createBuckets, type Limit } from './buckets.ts'
import { LEASE_MS } from './concurrency-limit.ts'
import { createRecent } from './recent.ts'

/**
 * A terminal without keys sends one such message and signs on. Fifty at once are a whole shop on the day of a key
 * change.
 */
export const UNPROVED: Limit = { burst: 50, everyMs: 500 }

/** The most addresses in the table, about 100 bytes each. */
const SOURCES_KEPT = 8192

/** Milliseconds in which an address counts as one with proved callers. */
const PROVED_FOR_MS = 10 * 60_000

/** Milliseconds between two alerts for one address. */
export const ALERT_WINDOW_MS = 60_000

export interface Sources {
  /** Milliseconds until an unproved caller may send from this address. With 0, call `leave` afterwards. */
  enter(source: string): { readonly waitMs: number; leave(): void }
  proved(source: string): void
  unproved(source: string): void
}

/** Calls `alert` for an address with an empty bucket. An empty `source` is no address, and is never slowed down. */
export function createSources(now: () => number, alert: (source: string) => void): Sources {
  const unproved = createBuckets(UNPROVED, SOURCES_KEPT, now)
  const provedAt = createRecent<number>(SOURCES_KEPT)
  const alarm = createAlarm({ threshold: 1, windowMs: ALERT_WINDOW_MS, capacity: SOURCES_KEPT }, now)
  /** Slowed addresses with a message in progress, and since when. */
  const busy = createRecent<number>(SOURCES_KEPT)
  const isWithin = (ms: number, at: number | undefined) => at !== undefined && Math.abs(now() - at) < ms
  const free = { waitMs: 0, leave: () => undefined }

  return {
    enter(source) {
      const waitMs = unproved.wait(source)
      if (waitMs === 0 || source === '') return free
      const isShared = isWithin(PROVED_FOR_MS, provedAt.get(source))
      const isBusy = isWithin(LEASE_MS, busy.get(source))
      if (!isShared || isBusy) return { ...free, waitMs }
      busy.set(source, now())
      return { waitMs: 0, leave: () => busy.delete(source) }
    },
    proved: (source) => provedAt.set(source, now()),
    unproved(source) {
      unproved.spend(source)
      if (source !== '' && unproved.wait(source) > 0) alarm.count(source, () => alert(source))
    },
  }
}
