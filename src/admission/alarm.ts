/** @module Says that something keeps happening: once in a window, not each time. */

import { createRecent } from './recent.ts'

export interface Alarm {
  /** Counts once more for this key; `alert` is called when that makes `threshold` within the window, and only then. */
  count(key: string, alert: () => void): void
}

/** `capacity`: most keys counted; one that is evicted starts anew. */
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
