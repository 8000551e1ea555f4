/**
 * @module How often a terminal is heard: what carries a MAC by what it proved, what carries none by number and address,
 * sign-ons more narrowly and all together too.
 */

import { createAlarm } from './alarm.ts'
import { createBuckets, type Limit } from './buckets.ts'
import { type Allowance, CALLERS_KEPT, createCallers, type Proof } from './callers.ts'
import { ALERT_WINDOW_MS, type Sources } from './sources.ts'

/**
 * A terminal waits for each answer before it sends again, so ten a second is more than one does; a batch of 2,000 sales is
 * uploaded in 250 messages.
 */
export const TERMINAL: Limit = { burst: 300, everyMs: 100 }

/** Echoes, and the settlement of those that may settle without a MAC. */
export const WITHOUT_MAC: Limit = { burst: 300, everyMs: 200 }

/** A terminal signs on once a day, and again when it is told to. */
export const SIGN_ON: Limit = { burst: 20, everyMs: 10_000 }

/** A sign-on unwraps four keys: fifty a second take a twentieth of an isolate. Terminals that it knows are not counted. */
export const ALL_SIGN_ONS: Limit = { burst: 500, everyMs: 20 }

/** As many wrong MACs under one terminal's number, from wherever they came, are worth an alert. */
export const WRONG_MACS = 20

export interface TerminalClaim {
  /** Field 41 as it came. */
  readonly terminalId: string
  readonly source: string
  readonly kind: 'sign_on' | 'without_mac' | 'with_mac'
}

export interface Terminals {
  allow(claim: TerminalClaim): Allowance
}

/** `alert` is told of a number under which wrong MACs keep coming, known or not. */
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
      // With the address: what another sends under this number, a captured message too, is not this terminal's doing.
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
