/**
 * @module Who is heard and how often. What a caller proved counts for the caller; what no one proved counts for the address
 * that it came from. So no stranger can use up a terminal's budget, and a wrong MAC changes nothing of a terminal's.
 */

import { createBuckets, type Limit } from './buckets.ts'
import type { Sources } from './sources.ts'

/** Callers remembered: about 150 bytes each. Only one who proved itself is ever entered. */
export const CALLERS_KEPT = 8192

/** What became of a message: its sender was proved; it was answered though it proves nothing; it was refused unproved. */
export type Proof = 'proved' | 'tolerated' | 'unproved'

export type Allowance =
  | {
      readonly kind: 'allowed'
      /** To be called once, when it was answered; without a proof where it got no answer that says anything of its sender. */
      done(proof?: Proof): void
    }
  /** Not now. */
  | { readonly kind: 'retry_after'; readonly waitMs: number }

export interface Callers {
  /** `caller`: a name that says nothing of itself until it is proved. */
  allow(caller: string, source: string): Allowance
  /** Whether this caller has proved itself and is remembered. */
  isKnown(caller: string): boolean
}

/** `limit`: how often a caller who proves itself is heard. */
export function createCallers(limit: Limit, sources: Sources, now: () => number): Callers {
  const proved = createBuckets(limit, CALLERS_KEPT, now)
  const alone = { waitMs: 0, leave: () => undefined }
  return {
    isKnown: proved.has,
    allow(caller, source) {
      const ownWaitMs = proved.wait(caller)
      if (ownWaitMs > 0) return { kind: 'retry_after', waitMs: ownWaitMs }
      const { waitMs, leave } = proved.has(caller) ? alone : sources.enter(source)
      if (waitMs > 0) return { kind: 'retry_after', waitMs }
      return {
        kind: 'allowed',
        done(proof) {
          leave()
          if (proof === 'unproved') sources.unproved(source)
          if (proof !== 'proved') return
          proved.spend(caller)
          sources.proved(source)
        },
      }
    },
  }
}
