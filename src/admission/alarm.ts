/** @module Reports a repeated event once in a window, and not each time. */

import { createRecent } from '../domain/recent.ts'

export interface Alarm {
  /** Counts one event of this key. Calls `alert` exactly when the count within the window reaches `threshold`. */
  count(key: string, alert: () => void): void
}

/** `capacity`: the most keys. An evicted key starts again at zero. */
export function createAlarm(
  { threshold, windowMs, capacity }: { threshold: number; windowMs: number; capacity: number },
  now: () => number,
): Alarm {
  const counts = createRecent<{ readonly since: number; times: number }>(capacity)
  return {
    count(key, alert) {
      const at = now()
      const known = counts.get(key)
      const isOpen = known !== undefined && Math.abs(at - known.since) < windowMs
      const counted = isOpen ? known : { since: at, times: 0 }
      counted.times++
      counts.set(key, counted)
      if (counted.times === threshold) alert()
    },
  }
}
