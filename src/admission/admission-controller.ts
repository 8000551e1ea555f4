/** @module Stands at both doors of an isolate: one gate, one memory of addresses and callers, one voice in the log. */

import { createAlarm } from './alarm.ts'
import type { Limit } from './buckets.ts'
import { type Callers, createCallers } from './callers.ts'
import { createConcurrencyLimit, PRIORITIES, type Priority } from './concurrency-limit.ts'
import { ALERT_WINDOW_MS, createSources } from './sources.ts'
import { createTerminals, type Terminals } from './terminals.ts'

/**
 * Most requests in hand: somewhat more than a set, so that one gathers while one is on the road. With more the sets only grow
 * longer, and so does the wait (reliability.md §4).
 */
const MOST_INSIDE = 128

/** Most requests that wait for the acquirer: a few KiB each, and an acquirer that is silent holds each for seconds. */
const MOST_AT_ACQUIRER = 1000

/** Most bytes of bodies that are being read, each counted as the longest it may be: a sixteenth of an isolate's memory. */
const MOST_BODY_BYTES = 8 * 1024 * 1024

/** A back office that voids a day at once, and a feed. */
export const BEARER_KEY: Limit = { burst: 500, everyMs: 20 }

/** When to come again, in seconds: what undoes something soonest. */
export const RETRY_AFTER: Readonly<Record<Priority, number>> = { undo: 1, sale: 2, other: 5 }

/** A request's place inside. */
export interface Slot {
  /** From now on it waits for the acquirer, which costs this isolate next to nothing. */
  awaitAcquirer(): void
  /** To be called once. */
  leave(): void
}

export interface AdmissionController {
  /**
   * Undefined for a request that is turned away. `asksAcquirer`: it may come to wait for the acquirer, as a sale or void
   * does; a reversal never does, and is heard however many wait there.
   */
  enter(priority: Priority, asksAcquirer?: boolean): Slot | undefined
  /** Whether `enter` would turn everyone of this priority away. */
  isClosed(priority: Priority, asksAcquirer?: boolean): boolean
  /** A way out for a body of at most `limit` bytes that is to be read; undefined where there is no room for it. */
  enterBody(priority: Priority, limit: number): (() => void) | undefined
  readonly terminals: Terminals
  /** Callers of the JSON door by the hash of their bearer key. */
  readonly bearers: Callers
}

export interface AdmissionOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly log: (event: string, detail: Record<string, unknown>) => void
  readonly mostInside?: number
}

export function createAdmissionController({
  now,
  log,
  mostInside = MOST_INSIDE,
}: AdmissionOptions): AdmissionController {
  const limit = createConcurrencyLimit(mostInside, now)
  const atAcquirer = createConcurrencyLimit(MOST_AT_ACQUIRER, now)
  const bodies = createConcurrencyLimit(MOST_BODY_BYTES, now)
  const shedding = createAlarm({ threshold: 1, windowMs: ALERT_WINDOW_MS, capacity: PRIORITIES.length }, now)
  const sources = createSources(now, (source) => log('alert', { why: 'unproved_messages', source }))

  /** What it is given, after saying so in the log where that is a refusal. */
  function logged<T>(priority: Priority, isRefused: boolean, answer: T): T {
    if (isRefused) shedding.count(priority, () => log('overloaded', { priority }))
    return answer
  }

  function isClosed(priority: Priority, asksAcquirer = false): boolean {
    const isFull = limit.isClosed(priority) || (asksAcquirer && atAcquirer.isClosed(priority))
    return logged(priority, isFull, isFull)
  }

  return {
    isClosed,
    enter(priority, asksAcquirer) {
      if (isClosed(priority, asksAcquirer)) return undefined
      let leave = limit.enter(priority)
      let isGone = false
      return {
        awaitAcquirer() {
          // One that was given up on, and so has left, stays out.
          if (isGone) return
          leave?.()
          leave = atAcquirer.enter(priority)
        },
        leave() {
          isGone = true
          leave?.()
        },
      }
    },
    enterBody(priority, limit) {
      const leave = bodies.enter(priority, limit)
      return logged(priority, leave === undefined, leave)
    },
    terminals: createTerminals(sources, now, (terminalId) => log('alert', { why: 'wrong_macs', terminalId })),
    bearers: createCallers(BEARER_KEY, sources, now),
  }
}
