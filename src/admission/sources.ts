/**
 * @module Source addresses of unproved messages: wrong MACs, unknown keys, and what fails before its sender is known. A
 * source with many of them raises an alert and is slowed down. The networks around it are counted too.
 *
 * Terminals and attackers may share one address. So a proved caller (`callers.ts`) is never held up by its address. An
 * address or network with proved callers is slowed to one unproved message at a time, and not blocked.
 */

import { createRecent } from '../domain/recent.ts'
import { createAlarm } from './alarm.ts'
import { createBuckets, type Limit } from './buckets.ts'
import { LEASE_MS } from './concurrency-limit.ts'
import { type Network, networksOf, type Width } from './networks.ts'

/**
 * A terminal without keys sends one such message and signs on. Fifty at once are a whole shop on the day of a key
 * change.
 */
export const UNPROVED: Limit = { burst: 50, everyMs: 500 }

/** The rates of an address and of the networks around it. */
export type Limits = Readonly<Record<Width, Limit>>

const UNPROVED_LIMITS: Limits = {
  address: UNPROVED,
  site: { burst: 100, everyMs: 250 },
  network: { burst: 200, everyMs: 125 },
}

/** The most addresses and networks in the table, about 100 bytes each. */
const SOURCES_KEPT = 8192

/** Milliseconds in which an address counts as one with proved callers. */
export const PROVED_FOR_MS = 10 * 60_000

/** Milliseconds between two alerts for one address. */
export const ALERT_WINDOW_MS = 60_000

export interface Sources {
  /** Milliseconds until an unproved caller may send from this address. With 0, call `leave` afterwards. */
  enter(source: string): { readonly waitMs: number; leave(): void }
  proved(source: string): void
  unproved(source: string): void
}

/**
 * Calls `alert` for an address or network with an empty bucket. An empty `source` is no address, and is never slowed
 * down.
 */
export function createSources(
  now: () => number,
  alert: (source: string) => void,
  limits: Limits = UNPROVED_LIMITS,
): Sources {
  const bucketsOf = (width: Width) => createBuckets(limits[width], SOURCES_KEPT, now)
  const buckets = { address: bucketsOf('address'), site: bucketsOf('site'), network: bucketsOf('network') }
  const provedAt = createRecent<number>(SOURCES_KEPT)
  const alarm = createAlarm({ threshold: 1, windowMs: ALERT_WINDOW_MS, capacity: SOURCES_KEPT }, now)
  /** Slowed addresses and networks with a message in progress, and since when. */
  const busy = createRecent<number>(SOURCES_KEPT)
  const isWithin = (ms: number, at: number | undefined) => at !== undefined && Math.abs(now() - at) < ms
  const waitOf = ({ name, width }: Network): number => buckets[width].wait(name)

  return {
    enter(source) {
      const slowed = networksOf(source).filter((network) => waitOf(network) > 0)
      const isOpen = ({ name }: Network) =>
        isWithin(PROVED_FOR_MS, provedAt.get(name)) && !isWithin(LEASE_MS, busy.get(name))
      const waits = slowed.filter((network) => !isOpen(network)).map(waitOf)
      if (waits.length > 0) return { waitMs: Math.max(...waits), leave: () => undefined }
      for (const { name } of slowed) busy.set(name, now())
      return {
        waitMs: 0,
        leave: () => {
          for (const { name } of slowed) busy.delete(name)
        },
      }
    },
    proved(source) {
      for (const { name } of networksOf(source)) provedAt.set(name, now())
    },
    unproved(source) {
      for (const { name, width } of networksOf(source)) {
        buckets[width].spend(name)
        if (buckets[width].wait(name) > 0) alarm.count(name, () => alert(name))
      }
    },
  }
}
