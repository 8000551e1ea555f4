/**
 * @module The group commit: while one set is in flight, the next messages of this isolate gather.
 *
 * A database serves one caller at a time, and a set costs little more than one message. So the sets grow under load.
 * Without load a message leaves at once. The request of one of its messages drives a set, under its own `waitUntil`. So
 * the disconnect of another request cancels no set, and no request drives for ever.
 *
 * A set uses the queries of the invocation that drives it. So a request whose budget does not suffice for a set lets another one
 * drive. If there is no other one it drives on, until the platform refuses a query. Works that a driver did not reach run
 * under the next one.
 */

import { type Budget, createBudget, fitsSet } from '../store/budget.ts'

/** One message in the group. */
export interface Work<M, O> {
  readonly message: M
  /** The time of arrival, in milliseconds since the epoch. */
  readonly since: number
  /** How often the message lost its head to another writer. */
  losses: number
  settle(outcome: O): void
}

export interface GroupCommit<M, O> {
  /**
   * Resolves with the outcome, or with `unknown` when the set is not back before the deadline. `budget` is that of the
   * request's invocation; a fresh one by default.
   */
  submit(message: M, waitUntil: KeepAlive, budget?: Budget): Promise<O>
  /** Submits messages of one request at once, so that the first set may have all of them. Outcomes are in their order. */
  submitAll(messages: readonly M[], waitUntil: KeepAlive, budget?: Budget): Promise<O[]>
  /** Runs `submits`. The messages that it submits before it returns may share one set. */
  together<T>(submits: () => T): T
}

/** Keeps the request alive until the promise settles. */
type KeepAlive = (promise: Promise<unknown>) => void

/** Works of a set that are not settled yet. */
export interface Unsettled<M, O> {
  /** Lost their head to another writer, or their driver has no budget left. They run again before all others. */
  readonly lost: readonly Work<M, O>[]
  /** Had no place beside another message of their terminal. They run after all others, so that they hold up none. */
  readonly deferred: readonly Work<M, O>[]
}

export interface GroupCommitOptions<M, O> {
  /** Runs a set within the budget of its driver. Settles each work or returns it. Must not throw. */
  readonly run: (set: readonly Work<M, O>[], budget: Budget) => Promise<Unsettled<M, O>>
  /** The outcome of a waiter after its deadline: it is not known what happened. */
  readonly unknown: O
  /** The outcome of a work whose request can drive no more, while no other one waits. `unknown` by default. */
  readonly stranded?: (work: Work<M, O>) => O
  readonly setSize?: number
  readonly deadlineMs?: number
}

interface Waiting<M, O> extends Work<M, O> {
  wake(): void
  /** The budget of its request's invocation. */
  readonly budget: Budget
  /** Whether there is no outcome yet. A work whose deadline passed in flight does not run again. */
  isWaiting(): boolean
}

/** Milliseconds in flight after which a set counts as lost with its request. */
const LEASE_MS = 15_000
/** Milliseconds between two checks of a waiter that nothing has woken. */
const POLL_INTERVAL_MS = 250

/** `setSize`: the most messages of a set. `deadlineMs`: the longest wait of a message. */
export function createGroupCommit<M, O>(options: GroupCommitOptions<M, O>): GroupCommit<M, O> {
  const { run, unknown, stranded = () => unknown, setSize = 100, deadlineMs = 10_000 } = options
  const queue: Waiting<M, O>[] = []
  let inFlight: { readonly since: number } | null = null
  let isGathering = false

  const isFree = () => !isGathering && (inFlight === null || Date.now() - inFlight.since > LEASE_MS)

  /** The next set. It has the driver's own work, so that every driver waits for its set. */
  function takeSet(driver: Waiting<M, O>): Waiting<M, O>[] {
    const waiting = queue.splice(0).filter((work) => work.isWaiting())
    const first = waiting.slice(0, setSize)
    const isIn = first.includes(driver) || !driver.isWaiting()
    const set = isIn ? first : [...first.slice(0, -1), driver]
    queue.push(...waiting.filter((work) => !set.includes(work)))
    return set
  }

  /** The work whose request drives the next set. Undefined if no request can. */
  const nextDriver = (): Waiting<M, O> | undefined =>
    queue.find(({ budget }) => fitsSet(budget)) ?? queue.find(({ budget }) => !budget.isEnded())

  /** Wakes the next driver: only its own request can drive. Without one the works can wait for nothing. */
  function wakeNext(): void {
    const next = nextDriver()
    if (next !== undefined) next.wake()
    else for (const work of queue) work.settle(stranded(work))
  }

  async function drive(driver: Waiting<M, O>): Promise<void> {
    const turn = { since: Date.now() }
    inFlight = turn
    // The timers of a waiter die with its request. Its message must not run long after that.
    for (const work of queue) if (turn.since - work.since >= deadlineMs) work.settle(unknown)
    const set = takeSet(driver)
    const { lost, deferred } = await run(set, driver.budget)
    queue.unshift(...set.filter((work) => lost.includes(work) && work.isWaiting()))
    queue.push(...set.filter((work) => deferred.includes(work) && work.isWaiting()))
    if (inFlight === turn) inFlight = null
    wakeNext()
  }

  function enqueue(message: M, budget: Budget) {
    let outcome: { readonly value: O } | undefined
    let signal = Promise.withResolvers<void>()
    const work: Waiting<M, O> = {
      message,
      since: Date.now(),
      losses: 0,
      settle: (value) => {
        outcome ??= { value }
        signal.resolve()
      },
      wake: () => signal.resolve(),
      budget,
      isWaiting: () => outcome === undefined,
    }
    queue.push(work)
    return async (waitUntil: KeepAlive): Promise<O> => {
      const deadline = setTimeout(() => work.settle(unknown), deadlineMs)
      /** Nobody has driven for a while. The request of the next driver may be cut off. */
      let isLeft = false
      const poll = setInterval(() => {
        isLeft = !budget.isEnded()
        work.wake()
      }, POLL_INTERVAL_MS)
      try {
        for (;;) {
          if (outcome !== undefined) return outcome.value
          signal = Promise.withResolvers<void>()
          if (isFree() && queue.includes(work)) {
            if (fitsSet(budget) || nextDriver() === work || isLeft) waitUntil(drive(work))
            else wakeNext()
          }
          isLeft = false
          await signal.promise
        }
      } finally {
        clearTimeout(deadline)
        clearInterval(poll)
        const index = queue.indexOf(work)
        if (index >= 0) queue.splice(index, 1)
      }
    }
  }

  const submitAll = (
    messages: readonly M[],
    waitUntil: KeepAlive,
    budget: Budget = createBudget(),
  ): Promise<O[]> => {
    const waits = messages.map((message) => enqueue(message, budget))
    return Promise.all(waits.map((wait) => wait(waitUntil)))
  }
  const submit = (message: M, waitUntil: KeepAlive, budget: Budget = createBudget()): Promise<O> =>
    enqueue(message, budget)(waitUntil)

  function together<T>(submits: () => T): T {
    isGathering = true
    try {
      return submits()
    } finally {
      isGathering = false
      if (isFree()) wakeNext()
    }
  }

  return { submit, submitAll, together }
}
