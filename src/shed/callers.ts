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

export type Hearing =
  | {
      readonly kind: 'heard'
      /** To be called once, when it was answered; without a proof where it got no answer that says anything of its sender. */
      over(proof?: Proof): void
    }
  /** Not now. */
  | { readonly kind: 'later'; readonly waitMs: number }

export interface Callers {
  /** `caller`: a name that says nothing of itself until it is proved. */
  hear(caller: string, source: string): Hearing
  /** Whether this caller has proved itself and is remembered. */
  isKnown(caller: string): boolean
}

/** `limit`: how often a caller who proves itself is heard. */
export function createCallers(limit: Limit, sources: Sources, now: () => number): Callers {
  const proved = createBuckets(limit, CALLERS_KEPT, now)
  const alone = { waitMs: 0, leave: () => undefined }
  return {
    isKnown: proved.has,
    hear(caller, source) {
      const ownWaitMs = proved.wait(caller)
      if (ownWaitMs > 0) return { kind: 'later', waitMs: ownWaitMs }
      const { waitMs, leave } = proved.has(caller) ? alone : sources.enter(source)
      if (waitMs > 0) return { kind: 'later', waitMs }
      return {
        kind: 'heard',
        over(proof) {
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
