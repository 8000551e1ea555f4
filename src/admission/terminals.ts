/**
 * @module Rate limits for terminals. A message with a MAC counts by its proof, a message without one by terminal number
 * and address. Sign-ons have narrower limits, and one for all terminals together.
 */

import { createAlarm } from './alarm.ts'
import { createBuckets, type Limit } from './buckets.ts'
import { type Allowance, CALLERS_KEPT, createCallers, type Proof } from './callers.ts'
import { ALERT_WINDOW_MS, type Sources } from './sources.ts'

/**
 * A terminal waits for each answer before it sends again, so it sends less than ten a second. The upload of 2,000 sales
 * is 250 messages.
 */
export const TERMINAL: Limit = { burst: 300, everyMs: 100 }

/** Echoes, and settlement messages that need no MAC. */
export const WITHOUT_MAC: Limit = { burst: 300, everyMs: 200 }

/** A terminal signs on once a day, and when an answer requires it. */
export const SIGN_ON: Limit = { burst: 20, everyMs: 10_000 }

/** A sign-on unwraps four keys, so fifty a second take a twentieth of an isolate. Known terminals do not count. */
export const ALL_SIGN_ONS: Limit = { burst: 500, everyMs: 20 }

/** So many wrong MACs under one terminal number, from any address, raise an alert. */
export const WRONG_MACS = 20

export interface TerminalClaim {
  /** Field 41 as received, 8 characters. */
  readonly terminalId: string
  readonly source: string
  readonly kind: 'sign_on' | 'without_mac' | 'with_mac'
}

export interface Terminals {
  allow(claim: TerminalClaim): Allowance
}

/** Calls `alert` for a terminal number, known or not, under which wrong MACs keep arriving. */
export function createTerminals(
  sources: Sources,
  now: () => number,
  alert: (terminalId: string) => void,
): Terminals {
  const callers = createCallers(TERMINAL, sources, now)
  const withoutMac = createBuckets(WITHOUT_MAC, CALLERS_KEPT, now)
  const signOns = createBuckets(SIGN_ON, CALLERS_KEPT, now)
  const allSignOns = createBuckets(ALL_SIGN_ONS, 1, now)
  const alarm = createAlarm({ threshold: WRONG_MACS, windowMs: ALERT_WINDOW_MS, capacity: CALLERS_KEPT }, now)

  function waitOf(caller: string, kind: TerminalClaim['kind']): number {
    if (kind === 'with_mac') return 0
    if (kind === 'without_mac') return withoutMac.wait(caller)
    return Math.max(signOns.wait(caller), callers.isKnown(caller) ? 0 : allSignOns.wait(''))
  }

  function spend(caller: string, kind: TerminalClaim['kind']): void {
    if (kind === 'without_mac') withoutMac.spend(caller)
    if (kind !== 'sign_on') return
    signOns.spend(caller)
    if (!callers.isKnown(caller)) allSignOns.spend('')
  }

  return {
    allow({ terminalId, source, kind }) {
      // The address is part of the caller. A message under this number from elsewhere, a captured one too, does not
      // count for the terminal.
      const caller = `${terminalId}|${source}`
      const waitMs = waitOf(caller, kind)
      if (waitMs > 0) return { kind: 'retry_after', waitMs }
      const allowance = callers.allow(caller, source)
      if (allowance.kind === 'retry_after') return allowance
      spend(caller, kind)
      const done = (proof?: Proof): void => {
        allowance.done(proof)
        if (proof === 'unproved' && kind === 'with_mac') alarm.count(terminalId, () => alert(terminalId))
      }
      return { kind: 'allowed', done }
    },
  }
}
