/**
 * @module The group commit: while one set is in flight, this isolate collects the next one.
 *
 * A database serves one caller at a time, and a set costs little more than one message. So the sets grow under load, and a
 * message leaves at once when no set is in flight. The request of one of its own messages drives each set, under that request's
 * `waitUntil`. So no other request's disconnect cancels the set, and no request drives for ever.
 */

/** One message and its state in the group. */
export interface Work<M, O> {
  readonly message: M
  /** Arrival, in milliseconds since the epoch. */
  readonly since: number
  /** How often another writer moved its terminal's head first. */
  losses: number
  settle(outcome: O): void
}

export interface GroupCommit<M, O> {
  /** Resolves with the outcome, or with `unknown` when the set does not finish before the deadline. */
  submit(message: M, waitUntil: (promise: Promise<unknown>) => void): Promise<O>
}

/** Works of a set that must run again. */
export interface Unsettled<M, O> {
  /** Another writer moved their head. They run again before all others. */
  readonly lost: readonly Work<M, O>[]
  /** The set already held a message of their terminal. They go behind all others, so no terminal can block the queue. */
  readonly deferred: readonly Work<M, O>[]
}

export interface GroupCommitOptions<M, O> {
  /** Drives a set; settles each work or returns it. Must not throw. */
  readonly run: (set: readonly Work<M, O>[]) => Promise<Unsettled<M, O>>
  /** The outcome after the deadline: it is not known what happened. */
  readonly unknown: O
  readonly setSize?: number
  readonly deadlineMs?: number
}

interface Waiting<M, O> extends Work<M, O> {
  wake(): void
  /** Whether it has no outcome yet. A message whose deadline passed in flight does not run again. */
  isWaiting(): boolean
}

/** Lease of a set, in milliseconds: after that it counts as lost with the request that drove it. */
const LEASE_MS = 15_000
/** Poll interval of a waiter that no one woke, in milliseconds. */
const POLL_INTERVAL_MS = 250

export function createGroupCommit<M, O>(options: GroupCommitOptions<M, O>): GroupCommit<M, O> {
  const { run, unknown, setSize = 100, deadlineMs = 10_000 } = options
  const queue: Waiting<M, O>[] = []
  let inFlight: { readonly since: number } | null = null

  const isFree = () => inFlight === null || Date.now() - inFlight.since > LEASE_MS

  async function drive(): Promise<void> {
    const turn = { since: Date.now() }
    inFlight = turn
    // A waiter's timers die with its request. Its message must not be decided long after the deadline.
    for (const work of queue) if (turn.since - work.since >= deadlineMs) work.settle(unknown)
    const waiting = queue.splice(0).filter((work) => work.isWaiting())
    const set = waiting.splice(0, setSize)
    queue.push(...waiting)
    const { lost, deferred } = await run(set)
    queue.unshift(...set.filter((work) => lost.includes(work) && work.isWaiting()))
    queue.push(...set.filter((work) => deferred.includes(work) && work.isWaiting()))
    if (inFlight === turn) inFlight = null
    // Only wake it here: a request of the next set must drive that set.
    queue[0]?.wake()
  }

  async function submit(message: M, waitUntil: (promise: Promise<unknown>) => void): Promise<O> {
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
      isWaiting: () => outcome === undefined,
    }
    queue.push(work)
    const deadline = setTimeout(() => work.settle(unknown), deadlineMs)
    const poll = setInterval(() => work.wake(), POLL_INTERVAL_MS)
    try {
      for (;;) {
        if (outcome !== undefined) return outcome.value
        signal = Promise.withResolvers<void>()
        if (isFree() && queue.includes(work)) waitUntil(drive())
        await signal.promise
      }
    } finally {
      clearTimeout(deadline)
      clearInterval(poll)
      const index = queue.indexOf(work)
      if (index >= 0) queue.splice(index, 1)
    }
  }

  return { submit }
}
