/**
 * @module Rate limits for callers. A proved message counts for its caller; an unproved one counts for its source
 * address. So an attacker cannot use up a terminal's budget, and a wrong MAC changes nothing for the terminal.
 */

import { createBuckets, type Limit } from './buckets.ts'
import type { Sources } from './sources.ts'

/** The most callers in the table, about 150 bytes each. Only proved callers are entered. */
export const CALLERS_KEPT = 8192

/**
 * The result of a message. `proved`: its sender is proved. `tolerated`: it was answered without a proof. `unproved`: it
 * was refused without a proof.
 */
export type Proof = 'proved' | 'tolerated' | 'unproved'

export type Allowance =
  | {
      readonly kind: 'allowed'
      /** Call it once, after the answer. Give no proof when the answer depends on nothing about the sender. */
      done(proof?: Proof): void
    }
  /** Refused: wait so many milliseconds. */
  | { readonly kind: 'retry_after'; readonly waitMs: number }

export interface Callers {
  /** Asks for one message. `caller` is a claimed name, which counts only after a proof. */
  allow(caller: string, source: string): Allowance
  /** Whether this caller is proved and still in the table. */
  isKnown(caller: string): boolean
  /** From now on this caller is not proved. */
  forget(caller: string): void
}

/** `limit`: the rate of a proved caller. `now`: milliseconds since the epoch. */
export function createCallers(limit: Limit, sources: Sources, now: () => number): Callers {
  const proved = createBuckets(limit, CALLERS_KEPT, now)
  const alone = { waitMs: 0, leave: () => undefined }
  return {
    isKnown: proved.has,
    forget: proved.forget,
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
