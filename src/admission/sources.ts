/**
 * @module Addresses that send what no one proved, wrong MACs and unknown keys: an alert, and then they are heard slowly.
 *
 * Many terminals and strangers may share one address. So what is counted here never holds up a caller who has proved itself
 * from there (`callers.ts`), and an address that others prove themselves from is slowed to one message at a time, not shut.
 */

import { createAlarm } from './alarm.ts'
import { createBuckets, type Limit } from './buckets.ts'
import { LEASE_MS } from './concurrency-limit.ts'
import { createRecent } from './recent.ts'

/** A terminal that lost its key says so once and signs on; fifty at once is a whole shop on the day its keys change. */
export const UNPROVED: Limit = { burst: 50, everyMs: 500 }

/** Addresses remembered: about 100 bytes each. */
const SOURCES_KEPT = 8192

/** For how long an address counts as one that callers prove themselves from. */
const PROVED_FOR_MS = 10 * 60_000

/** An address is named in the log once a minute at most. */
export const ALERT_WINDOW_MS = 60_000

export interface Sources {
  /** Milliseconds until a caller who proved nothing yet is heard from there; with 0 the way back is to be called in the end. */
  enter(source: string): { readonly waitMs: number; leave(): void }
  proved(source: string): void
  unproved(source: string): void
}

/** `alert` is told of an address whose bucket has run dry. The empty source is no address, and is never slowed. */
export function createSources(now: () => number, alert: (source: string) => void): Sources {
  const unproved = createBuckets(UNPROVED, SOURCES_KEPT, now)
  const provedAt = createRecent<number>(SOURCES_KEPT)
  const alarm = createAlarm({ threshold: 1, windowMs: ALERT_WINDOW_MS, capacity: SOURCES_KEPT }, now)
  /** Slowed addresses with a message in hand, since when. */
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
