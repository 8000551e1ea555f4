/** @module Stands at both doors of an isolate: one gate, one memory of addresses and callers, one voice in the log. */

import { createAlarm } from './alarm.ts'
import type { Limit } from './buckets.ts'
import { type Callers, createCallers } from './callers.ts'
import { createGate, PRIORITIES, type Priority } from './gate.ts'
import { ALERT_WINDOW_MS, createSources } from './sources.ts'
import { createTerminals, type Terminals } from './terminals.ts'

/**
 * Most requests in hand: somewhat more than a set, so that one gathers while one is on the road. With more the sets only grow
 * longer, and so does the wait (ARCHITECTURE.md, Overload).
 */
const MOST_INSIDE = 128

/** Most requests that wait for the acquirer's host: a few KiB each, and a host that is silent holds each for seconds. */
const MOST_AT_HOST = 1000

/** Most bytes of bodies that are being read, each counted as the longest it may be: a sixteenth of an isolate's memory. */
const MOST_BODY_BYTES = 8 * 1024 * 1024

/** A back office that voids a day at once, and a feed. */
export const BEARER_KEY: Limit = { burst: 500, everyMs: 20 }

/** When to come again, in seconds: what undoes something soonest. */
export const RETRY_AFTER: Readonly<Record<Priority, number>> = { undo: 1, sale: 2, other: 5 }

/** A request's place inside. */
export interface Place {
  /** From now on it waits for the acquirer's host, which costs this isolate next to nothing. */
  awaitHost(): void
  /** To be called once. */
  leave(): void
}

export interface Doorkeeper {
  /**
   * Undefined for a request that is turned away. `asksHost`: it may come to wait for the acquirer's host, as a sale or void
   * does; a reversal never does, and is heard however many wait there.
   */
  enter(priority: Priority, asksHost?: boolean): Place | undefined
  /** Whether `enter` would turn everyone of this priority away. */
  isClosed(priority: Priority, asksHost?: boolean): boolean
  /** A way out for a body of at most `limit` bytes that is to be read; undefined where there is no room for it. */
  enterBody(priority: Priority, limit: number): (() => void) | undefined
  readonly terminals: Terminals
  /** Callers of the JSON door by the hash of their bearer key. */
  readonly bearers: Callers
}

export interface DoorkeeperOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly log: (event: string, detail: Record<string, unknown>) => void
  readonly mostInside?: number
}

export function createDoorkeeper({ now, log, mostInside = MOST_INSIDE }: DoorkeeperOptions): Doorkeeper {
  const gate = createGate(mostInside, now)
  const atHost = createGate(MOST_AT_HOST, now)
  const bodies = createGate(MOST_BODY_BYTES, now)
  const shedding = createAlarm({ threshold: 1, windowMs: ALERT_WINDOW_MS, capacity: PRIORITIES.length }, now)
  const sources = createSources(now, (source) => log('alert', { why: 'unproved_messages', source }))

  /** What it is given, after saying so in the log where that is a refusal. */
  function told<T>(priority: Priority, isRefused: boolean, answer: T): T {
    if (isRefused) shedding.count(priority, () => log('overloaded', { priority }))
    return answer
  }

  function isClosed(priority: Priority, asksHost = false): boolean {
    const isFull = gate.isClosed(priority) || (asksHost && atHost.isClosed(priority))
    return told(priority, isFull, isFull)
  }

  return {
    isClosed,
    enter(priority, asksHost) {
      if (isClosed(priority, asksHost)) return undefined
      let leave = gate.enter(priority)
      let isGone = false
      return {
        awaitHost() {
          // One that was given up on, and so has left, stays out.
          if (isGone) return
          leave?.()
          leave = atHost.enter(priority)
        },
        leave() {
          isGone = true
          leave?.()
        },
      }
    },
    enterBody(priority, limit) {
      const leave = bodies.enter(priority, limit)
      return told(priority, leave === undefined, leave)
    },
    terminals: createTerminals(sources, now, (terminalId) => log('alert', { why: 'wrong_macs', terminalId })),
    bearers: createCallers(BEARER_KEY, sources, now),
  }
}
