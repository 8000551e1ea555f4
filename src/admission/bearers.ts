/**
 * @module Bearer keys, as an isolate knows them before it asks the database: proved, not found, or not known yet. Only
 * the space for a body and its refusal depend on it. Each message is verified with its load, as before.
 */

import { createRecent } from '../domain/recent.ts'
import type { Limit } from './buckets.ts'
import { CALLERS_KEPT, type Callers, createCallers } from './callers.ts'
import type { Sources } from './sources.ts'

/**
 * The time in milliseconds in which an isolate refuses a body of a key that was not found, and does not ask again. A
 * key of an administrator may be copied to a database meanwhile.
 */
export const NOT_FOUND_MS = 5000

export interface Bearers extends Callers {
  /** Whether the key was looked up moments ago and not found. */
  isNotFound(credential: string): boolean
}

/** Callers are named by the SHA-256 of their bearer key. `limit`: the rate of a proved key. */
export function createBearers(limit: Limit, sources: Sources, now: () => number): Bearers {
  const callers = createCallers(limit, sources, now)
  const notFoundAt = createRecent<number>(CALLERS_KEPT)

  function note(credential: string, isFound: boolean): void {
    if (isFound) notFoundAt.delete(credential)
    // A key that was proved before may be missing in one database only. So it is first unknown again.
    else if (callers.isKnown(credential)) callers.forget(credential)
    else notFoundAt.set(credential, now())
  }

  return {
    ...callers,
    isNotFound(credential) {
      const at = notFoundAt.get(credential)
      return at !== undefined && now() >= at && now() - at < NOT_FOUND_MS
    },
    allow(credential, source) {
      const allowance = callers.allow(credential, source)
      if (allowance.kind === 'retry_after') return allowance
      return {
        kind: 'allowed',
        done(proof) {
          allowance.done(proof)
          if (proof !== undefined) note(credential, proof !== 'unproved')
        },
      }
    },
  }
}
