/**
 * @module Rate limits for terminals. A message with a MAC counts by its proof, a message without one by terminal number
 * and address. Sign-ons (`sign-ons.ts`) and guesses of MACs (`mac-guesses.ts`) have narrower limits.
 */

import { createAlarm } from './alarm.ts'
import { createBuckets, type Limit } from './buckets.ts'
import { type Allowance, CALLERS_KEPT, createCallers, type Proof } from './callers.ts'
import { createMacGuesses } from './mac-guesses.ts'
import { createSignOns } from './sign-ons.ts'
import { ALERT_WINDOW_MS, type Sources } from './sources.ts'

/**
 * A terminal waits for each answer before it sends again, so it sends less than ten a second. The upload of 2,000 sales
 * is 250 messages.
 */
export const TERMINAL: Limit = { burst: 300, everyMs: 100 }

/** Echoes, and settlement messages that need no MAC. */
export const WITHOUT_MAC: Limit = { burst: 300, everyMs: 200 }

/** So many wrong MACs under one terminal number, from any address, raise an alert. */
export const WRONG_MACS = 20

export interface TerminalClaim {
  /** Field 41 as received, 8 characters. */
  readonly terminalId: string
  readonly source: string
  readonly kind: 'sign_on' | 'without_mac' | 'with_mac'
  /** The isolate has the answer to a sign-on of this terminal in memory. */
  readonly isReady?: boolean
}

export interface Terminals {
  allow(claim: TerminalClaim): Allowance
  /** Whether the terminal has proved itself at this address. */
  isKnown(claim: Pick<TerminalClaim, 'terminalId' | 'source'>): boolean
}

/** The address is part of the caller. A message under this number from elsewhere, a captured one too, does not count for the terminal. */
const callerOf = ({ terminalId, source }: Pick<TerminalClaim, 'terminalId' | 'source'>): string =>
  `${terminalId}|${source}`

/** An alert about a terminal number, known or not, or about an address or network. */
export type TerminalAlert =
  | { readonly why: 'wrong_macs' | 'mac_guesses'; readonly terminalId: string }
  | ({ readonly why: 'sign_ons' } & ({ readonly terminalId: string } | { readonly source: string }))

/** A message that entered, or the milliseconds that it must wait. `leave` gets its result. */
type Entered = { readonly waitMs: number; leave(proof?: Proof): void }

export function createTerminals(
  sources: Sources,
  now: () => number,
  alert: (alert: TerminalAlert) => void,
): Terminals {
  const callers = createCallers(TERMINAL, sources, now)
  const withoutMac = createBuckets(WITHOUT_MAC, CALLERS_KEPT, now)
  const signOns = createSignOns(now, (about) => alert({ why: 'sign_ons', ...about }))
  const guesses = createMacGuesses(now, (terminalId) => alert({ why: 'mac_guesses', terminalId }))
  const alarm = createAlarm({ threshold: WRONG_MACS, windowMs: ALERT_WINDOW_MS, capacity: CALLERS_KEPT }, now)

  function enter(caller: string, { terminalId, source, kind, isReady = false }: TerminalClaim): Entered {
    const isKnown = callers.isKnown(caller)
    if (kind === 'sign_on') return signOns.enter({ terminalId, source, isKnown, isReady })
    if (kind === 'without_mac') {
      const waitMs = withoutMac.wait(caller)
      if (waitMs === 0) withoutMac.spend(caller)
      return { waitMs, leave: () => undefined }
    }
    const waitMs = isKnown ? 0 : guesses.enter(terminalId, source)
    const leave = (proof?: Proof): void => {
      if (!isKnown && proof !== 'unproved') guesses.takeBack(terminalId, source)
      if (proof === 'proved') signOns.proved(source)
    }
    return { waitMs, leave }
  }

  return {
    isKnown: (claim) => callers.isKnown(callerOf(claim)),
    allow(claim) {
      const { terminalId, source, kind } = claim
      const caller = callerOf(claim)
      const allowance = callers.allow(caller, source)
      if (allowance.kind === 'retry_after') return allowance
      const { waitMs, leave } = enter(caller, claim)
      if (waitMs > 0) {
        allowance.done()
        return { kind: 'retry_after', waitMs }
      }
      const done = (proof?: Proof): void => {
        leave(proof)
        allowance.done(proof)
        if (proof === 'unproved' && kind === 'with_mac')
          alarm.count(terminalId, () => alert({ why: 'wrong_macs', terminalId }))
      }
      return { kind: 'allowed', done }
    },
  }
}
