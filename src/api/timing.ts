/** @module The header `Server-Timing` of an answer of the JSON API, if the setting `SERVER_TIMING` is on. */

import type { Context } from 'hono'
import type { Services } from '../pipeline/services.ts'
import { newTiming, serverTiming, type Timing } from '../pipeline/timing.ts'

const TIMING = 'timing'

/** The times of the request, as a part of its caller. */
export function timingOf({ showsTiming }: Services, c: Context): { readonly timing?: Timing } {
  if (!showsTiming) return {}
  const timing = newTiming()
  c.set(TIMING, timing)
  return { timing }
}

/** Adds the header to the answer of a request that had a message for the pipeline. `since`: milliseconds since the epoch. */
export function showTiming({ now }: Services, c: Context, since: number): void {
  const timing: Timing | undefined = c.get(TIMING)
  if (timing !== undefined) c.res.headers.set('server-timing', serverTiming(timing, now() - since))
}
