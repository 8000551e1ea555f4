/** @module The context of one request or run of the cron: an invocation. Its work ends with it. */

import type { Owner, Scheduler } from './scheduler.ts'

/** How long `waitUntil` keeps a request's context after its answer or its client's end. */
const WAIT_UNTIL_MS = 30_000

/** One request's context: an invocation. */
export class RequestContext implements Owner {
  readonly name: string
  /** The queries that it sent to D1. */
  queries = 0
  readonly skew: () => number
  readonly #life: { readonly isAlive: boolean }
  #isEnded = false
  #isLeft = false
  #waiting = 0

  constructor(name: string, life: { readonly isAlive: boolean }, skew: () => number) {
    this.name = name
    this.skew = skew
    this.#life = life
  }

  isAlive(): boolean {
    return this.#life.isAlive && !this.#isEnded
  }

  waitUntil(promise: Promise<unknown>): void {
    this.#waiting++
    const done = () => {
      this.#waiting--
      this.#endIfDone()
    }
    promise.then(done, done)
  }

  /** Answered, or its client closed the connection. */
  leave(scheduler: Scheduler): void {
    if (this.#isLeft) return
    this.#isLeft = true
    scheduler.after(WAIT_UNTIL_MS, this, 'waitUntil ends', () => {
      this.#isEnded = true
    })
    this.#endIfDone()
  }

  #endIfDone(): void {
    if (this.#isLeft && this.#waiting === 0) this.#isEnded = true
  }
}
