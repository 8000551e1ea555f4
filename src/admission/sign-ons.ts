/**
 * @module Rate limits for sign-ons, which carry no proof. A terminal that has proved itself at its address has a rate of
 * its own. All others share nothing that an attacker can use up for them.
 *
 * - An address and the networks around it have rates.
 * - A terminal number has a share, and takes from the pool beyond it. Only work counts there: a sign-on that the isolate
 *   answers from memory counts for neither. So sign-ons in the name of a terminal do not lock it out.
 */

import { createAlarm } from './alarm.ts'
import { createBuckets, type Limit } from './buckets.ts'
import type { Proof } from './callers.ts'
import { CALLERS_KEPT } from './callers.ts'
import { ALERT_WINDOW_MS, createSources, type Limits } from './sources.ts'

/** A terminal signs on once a day, and when an answer requires it. */
export const SIGN_ON: Limit = { burst: 20, everyMs: 10_000 }

/** The rate of one address. All terminals of a large shop, or of a gateway, sign on within minutes. */
export const SIGN_ONS_OF_ADDRESS: Limit = { burst: 500, everyMs: 50 }

const ADDRESS_LIMITS: Limits = {
  address: SIGN_ONS_OF_ADDRESS,
  site: { burst: 750, everyMs: 40 },
  network: { burst: 1000, everyMs: 25 },
}

/** The share of a terminal number, from all addresses together. */
export const SIGN_ON_SHARE: Limit = { burst: 5, everyMs: 10_000 }

/** The pool beyond the shares. A sign-on unwraps four keys, so fifty a second take a twentieth of an isolate. */
export const ALL_SIGN_ONS: Limit = { burst: 500, everyMs: 20 }

export interface SignOnClaim {
  readonly terminalId: string
  readonly source: string
  /** The terminal has proved itself at this address. */
  readonly isKnown: boolean
  /** The isolate has the keys of the answer in memory. */
  readonly isReady: boolean
}

export interface SignOns {
  /** Counts a sign-on. `waitMs`: milliseconds until it may come; with 0, call `leave` after the answer. */
  enter(claim: SignOnClaim): { readonly waitMs: number; leave(proof?: Proof): void }
  /** A caller of this address has proved itself. */
  proved(source: string): void
}

const NO_WORK = { waitMs: 0, giveBack: () => undefined } as const

/** `alert` gets the address or network above its rate, or the terminal number whose share and pool are empty. */
export function createSignOns(
  now: () => number,
  alert: (about: { readonly source: string } | { readonly terminalId: string }) => void,
): SignOns {
  const byCaller = createBuckets(SIGN_ON, CALLERS_KEPT, now)
  const shares = createBuckets(SIGN_ON_SHARE, CALLERS_KEPT, now)
  const pool = createBuckets(ALL_SIGN_ONS, 1, now)
  const addresses = createSources(now, (source) => alert({ source }), ADDRESS_LIMITS)
  const alarm = createAlarm({ threshold: 1, windowMs: ALERT_WINDOW_MS, capacity: CALLERS_KEPT }, now)
  const nothing = () => undefined

  /** Takes the work of an answer from the share, or from the pool. `waitMs` is the time to wait. */
  function takeWork(terminalId: string): { readonly waitMs: number; giveBack(): void } {
    const ownMs = shares.wait(terminalId)
    const isShared = ownMs > 0
    if (isShared && pool.wait('') > 0) {
      alarm.count(terminalId, () => alert({ terminalId }))
      return { waitMs: Math.min(ownMs, pool.wait('')), giveBack: nothing }
    }
    const [bucket, key] = isShared ? ([pool, ''] as const) : ([shares, terminalId] as const)
    bucket.spend(key)
    return { waitMs: 0, giveBack: () => bucket.giveBack(key) }
  }

  return {
    proved: addresses.proved,
    enter({ terminalId, source, isKnown, isReady }) {
      const caller = `${terminalId}|${source}`
      const ownMs = byCaller.wait(caller)
      if (ownMs > 0) return { waitMs: ownMs, leave: nothing }
      const { waitMs, leave } = isKnown ? { waitMs: 0, leave: nothing } : addresses.enter(source)
      if (waitMs > 0) return { waitMs, leave }
      const work = isKnown || isReady ? NO_WORK : takeWork(terminalId)
      if (work.waitMs > 0) {
        leave()
        return { waitMs: work.waitMs, leave: nothing }
      }
      byCaller.spend(caller)
      if (!isKnown) addresses.unproved(source)
      const leaveWith = (proof?: Proof): void => {
        // A refused sign-on had no key in clear.
        if (proof === 'unproved') work.giveBack()
        leave()
      }
      return { waitMs: 0, leave: leaveWith }
    },
  }
}
