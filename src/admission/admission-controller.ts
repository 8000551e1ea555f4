/**
 * @module Admission to the POS door and the JSON API of an isolate: one concurrency limit, one table of sources and
 * callers, one log.
 */

import { createAlarm } from './alarm.ts'
import { type Bearers, createBearers } from './bearers.ts'
import type { BodyLease } from './body-space.ts'
import { type BodySender, createBodySpaces } from './body-spaces.ts'
import type { Limit } from './buckets.ts'
import { createConcurrencyLimit, PRIORITIES, type Priority } from './concurrency-limit.ts'
import { ALERT_WINDOW_MS, createSources } from './sources.ts'
import { createTerminals, type Terminals } from './terminals.ts'

/**
 * The most requests in progress. It is a little more than one set, so that the next set gathers while one is in the
 * pipeline. More requests only make the sets and the wait longer (reliability.md §4).
 */
const MOST_INSIDE = 128

/**
 * The most requests that wait for the acquirer. Each takes a few KiB, and an acquirer that does not answer holds each
 * for seconds.
 */
const MOST_AT_ACQUIRER = 1000

/**
 * The messages of batches and lists in progress, beside the requests. A batch is one request, so it takes no place from a single
 * message. These limits keep the sets in front of a single message few.
 */
const MOST_BATCHED = { frames: 200, lines: 800 } as const

/** The share of the requests in progress that the JSON API may have. The rest is for terminals. */
const JSON_SHARE = 7 / 8

/** Enough for a back office that voids a whole day at once, and for a client that captures sales. */
export const BEARER_KEY: Limit = { burst: 500, everyMs: 20 }

/** `Retry-After` in seconds. Voids and reversals may retry soonest. */
export const RETRY_AFTER: Readonly<Record<Priority, number>> = { undo: 1, sale: 2, other: 5 }

/** The slot of one request. */
export interface Slot {
  /** One of its messages waits for the acquirer from now on, which costs the isolate almost nothing. */
  awaitAcquirer(): void
  /** Frees the slot. Call it once. */
  leave(): void
}

export interface SlotKind {
  /**
   * The request may wait for the acquirer, as a sale or void does. A reversal never waits, so the waiting requests do
   * not count against it.
   */
  readonly asksAcquirer?: boolean
  /** The request comes by the JSON API. */
  readonly isJson?: boolean
  /** The messages of a batch or list; 1 by default. */
  readonly messages?: number
}

export interface AdmissionController {
  /** A slot, or undefined when the request is refused. */
  enter(priority: Priority, kind?: SlotKind): Slot | undefined
  /** Whether `enter` refuses every request of this priority and kind. */
  isClosed(priority: Priority, kind?: SlotKind): boolean
  /** Room for a body that is about to be read. Undefined when there is none. */
  enterBody(sender: BodySender): BodyLease | undefined
  /** A request of this source failed before anyone looked for its sender. It counts for the source. */
  failed(source: string): void
  readonly terminals: Terminals
  /** Callers of the JSON API, by the SHA-256 of their bearer key. */
  readonly bearers: Bearers
}

export interface AdmissionOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly log: (event: string, detail: Record<string, unknown>) => void
  readonly mostInside?: number
}

/** One controller for an isolate. `mostInside`: the most requests in progress. */
export function createAdmissionController({
  now,
  log,
  mostInside = MOST_INSIDE,
}: AdmissionOptions): AdmissionController {
  const limit = createConcurrencyLimit(mostInside, now)
  const json = createConcurrencyLimit(Math.ceil(mostInside * JSON_SHARE), now)
  const atAcquirer = createConcurrencyLimit(MOST_AT_ACQUIRER, now)
  const frames = createConcurrencyLimit(MOST_BATCHED.frames, now)
  const lines = createConcurrencyLimit(MOST_BATCHED.lines, now)
  const bodies = createBodySpaces(now, (owner) => log('alert', { why: 'bodies_full', ...owner }))
  const shedding = createAlarm({ threshold: 1, windowMs: ALERT_WINDOW_MS, capacity: PRIORITIES.length }, now)
  const sources = createSources(now, (source) => log('alert', { why: 'unproved_messages', source }))

  /** Returns `answer`. Logs a refusal first, once a minute for each priority. */
  function logged<T>(priority: Priority, isRefused: boolean, answer: T): T {
    if (isRefused) shedding.count(priority, () => log('overloaded', { priority }))
    return answer
  }

  /** The limit of a batch or list. Undefined for a single message. */
  const limitOfMany = ({ isJson = false, messages = 1 }: SlotKind) =>
    messages === 1 ? undefined : isJson ? lines : frames

  function isClosed(priority: Priority, kind: SlotKind = {}): boolean {
    const { asksAcquirer = false, isJson = false } = kind
    const isFull =
      limit.isClosed(priority) ||
      (isJson && json.isClosed(priority)) ||
      limitOfMany(kind)?.isClosed(priority) === true ||
      (asksAcquirer && atAcquirer.isClosed(priority))
    return logged(priority, isFull, isFull)
  }

  return {
    isClosed,
    enter(priority, kind = {}) {
      if (isClosed(priority, kind)) return undefined
      const { isJson = false, messages = 1 } = kind
      const leaveMany = limitOfMany(kind)?.enter(priority, messages)
      const leaves = [limit.enter(priority), isJson ? json.enter(priority) : undefined]
      const leaveInside = () => {
        for (const leave of leaves) leave?.()
      }
      const waiting: ReturnType<typeof atAcquirer.enter>[] = []
      let isGone = false
      return {
        awaitAcquirer() {
          // A request that was given up on has left, and stays out.
          if (isGone || waiting.length === messages) return
          waiting.push(atAcquirer.enter(priority))
          leaveMany?.(1)
          if (waiting.length === messages) leaveInside()
        },
        leave() {
          isGone = true
          leaveMany?.()
          leaveInside()
          for (const leave of waiting) leave?.()
        },
      }
    },
    enterBody(sender) {
      const lease = bodies.enter(sender)
      return logged(sender.priority, lease === undefined, lease)
    },
    failed: sources.unproved,
    terminals: createTerminals(sources, now, (alert) => log('alert', { ...alert })),
    bearers: createBearers(BEARER_KEY, sources, now),
  }
}
