/**
 * @module Virtual time, and one queue of all future events. Everything asynchronous is an event here. The
 * next one runs only when all work of the last one is at rest, so the seed alone decides the order.
 */

import { AsyncLocalStorage } from 'node:async_hooks'
import { createHash } from 'node:crypto'
import type { Random } from './random.ts'

/** The owner of running code. The pending work of a dead owner never continues. */
export interface Owner {
  readonly name: string
  isAlive(): boolean
  /** The offset of its clock, in milliseconds. */
  skew(): number
}

export interface Event {
  readonly at: number
  readonly order: number
  readonly owner: Owner
  readonly label: string
  readonly run: () => void
  cancelled: boolean
}

/** The length of the lines that are hashed at once. */
const MOST_UNHASHED = 16_384

/** Node's own functions, kept before any is replaced. */
const { setImmediate: realSetImmediate } = globalThis

/** All promises that can continue without a new event have continued. */
const rest = (): Promise<void> => new Promise((resolve) => realSetImmediate(resolve))

/** The scheduler and owner of the running code. Undefined outside a simulation. */
export const running = new AsyncLocalStorage<{ readonly scheduler: Scheduler; readonly owner: Owner }>()

export class Scheduler {
  /** True time in milliseconds since the epoch. */
  now: number
  steps = 0
  /** For orders and delays. */
  readonly random: Random
  /** The source of `getRandomValues`. */
  readonly entropy: Random
  /** The probability that a platform operation that could end at once ends a little later. */
  delayProbability = 0
  readonly #queue: Event[] = []
  readonly #hash = createHash('sha256')
  /** Lines that are not hashed yet: one call for many is cheaper. */
  #lines = ''
  /** The transcript, if it is wanted. */
  readonly trace: ((line: string) => void) | null
  #orders = 0

  constructor(start: number, random: Random, trace: ((line: string) => void) | null = null) {
    this.now = start
    this.random = random
    this.entropy = random.fork()
    this.trace = trace
  }

  /** Adds an event in `delay` ms, for `owner`. */
  after(delay: number, owner: Owner, label: string, run: () => void): Event {
    const at = this.now + Math.max(0, Math.round(delay))
    const event: Event = { at, order: this.#orders++, owner, label, run, cancelled: false }
    this.#push(event)
    return event
  }

  /** Resolves in `delay` ms, unless the owner is dead by then. */
  sleep(delay: number, label = 'sleep'): Promise<void> {
    const { owner } = running.getStore() ?? {}
    if (owner === undefined) throw new Error('sleep: outside the simulation')
    return new Promise((resolve) => void this.after(delay, owner, label, resolve))
  }

  /** Adds to the transcript. */
  note(line: string): void {
    this.#lines += `${line}\n`
    if (this.#lines.length > MOST_UNHASHED) this.#hashLines()
    this.trace?.(`${this.steps} ${this.now} ${line}`)
  }

  /** SHA-256 of the transcript so far, hex. */
  digest(): string {
    this.#hashLines()
    return this.#hash.copy().digest('hex')
  }

  #hashLines(): void {
    this.#hash.update(this.#lines)
    this.#lines = ''
  }

  /** Runs code for an owner, now. */
  as<T>(owner: Owner, run: () => T): T {
    return running.run({ scheduler: this, owner }, run)
  }

  /** Runs events until there are none, or `isDone`. Returns false when `limit` events did not suffice. */
  async run(isDone: () => boolean, limit = Number.POSITIVE_INFINITY): Promise<boolean> {
    await rest()
    for (let left = limit; !isDone(); left--) {
      const event = this.#pop()
      if (event === undefined) return true
      if (event.cancelled || !event.owner.isAlive()) continue
      if (left <= 0) return false
      this.now = event.at
      this.steps++
      this.note(`${event.at} ${event.owner.name} ${event.label}`)
      this.as(event.owner, event.run)
      await rest()
    }
    return true
  }

  #push(event: Event): void {
    const queue = this.#queue
    let at = queue.push(event) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = queue[parent] as Event
      if (!isBefore(event, above)) break
      queue[at] = above
      at = parent
    }
    queue[at] = event
  }

  #pop(): Event | undefined {
    const queue = this.#queue
    const first = queue[0]
    const last = queue.pop()
    if (first === undefined || last === undefined || queue.length === 0) return first
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= queue.length) break
      if (child + 1 < queue.length && isBefore(queue[child + 1] as Event, queue[child] as Event)) child++
      if (!isBefore(queue[child] as Event, last)) break
      queue[at] = queue[child] as Event
      at = child
    }
    queue[at] = last
    return first
  }
}

const isBefore = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)
