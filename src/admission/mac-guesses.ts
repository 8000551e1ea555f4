/**
 * @module The cap on guesses of MACs, by terminal number and the network of the sender. A short MAC has 32 bits, so the
 * number of tries decides how probable a right one is (SECURITY.md).
 *
 * A terminal that has proved itself at its address is not capped. A new address of a terminal has the share of its
 * network. So an attacker elsewhere needs many networks, all the time, to have it refused.
 */

import { createAlarm } from './alarm.ts'
import { createBuckets, type Limit } from './buckets.ts'
import { CALLERS_KEPT } from './callers.ts'
import { networksOf } from './networks.ts'
import { ALERT_WINDOW_MS } from './sources.ts'

/** The rate of one terminal number, from all networks together. */
export const MAC_GUESSES: Limit = { burst: 1000, everyMs: 1000 }

/** The rate of one terminal number from one network, an IPv4 /24 or an IPv6 /48. */
export const GUESSES_OF_NETWORK: Limit = { burst: 50, everyMs: 10_000 }

export interface MacGuesses {
  /** Milliseconds until a sender that is not proved may try a MAC. With 0, the try is counted. */
  enter(terminalId: string, source: string): number
  /** The try was no guess: it is not counted. */
  takeBack(terminalId: string, source: string): void
}

/** Calls `alert` when a terminal number is above the cap, once a minute. An empty source is not counted. */
export function createMacGuesses(now: () => number, alert: (terminalId: string) => void): MacGuesses {
  const ofTerminal = createBuckets(MAC_GUESSES, CALLERS_KEPT, now)
  const ofNetwork = createBuckets(GUESSES_OF_NETWORK, CALLERS_KEPT, now)
  const alarm = createAlarm({ threshold: 1, windowMs: ALERT_WINDOW_MS, capacity: CALLERS_KEPT }, now)
  const network = (terminalId: string, source: string) => `${terminalId}|${networksOf(source).at(-1)?.name}`

  return {
    enter(terminalId, source) {
      if (source === '') return 0
      const key = network(terminalId, source)
      const waitMs = Math.max(ofTerminal.wait(terminalId), ofNetwork.wait(key))
      if (waitMs > 0) alarm.count(terminalId, () => alert(terminalId))
      else {
        ofTerminal.spend(terminalId)
        ofNetwork.spend(key)
      }
      return waitMs
    },
    takeBack(terminalId, source) {
      if (source === '') return
      ofTerminal.giveBack(terminalId)
      ofNetwork.giveBack(network(terminalId, source))
    },
  }
}
