/**
 * @module The group commit: while one set is in flight, the next messages of this isolate gather.
 *
 * A database serves one caller at a time, and a set costs little more than one message. So the sets grow under load.
 * Without load a message leaves at once. The request of one of its messages drives a set, under its own `waitUntil`. So
 * the disconnect of another request cancels no set, and no request drives for ever.
 */

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
  /** Resolves with the outcome, or with `unknown` when the set is not back before the deadline. */
  submit(message: M, waitUntil: (promise: Promise<unknown>) => void): Promise<O>
}

/** Works of a set that are not settled yet. */
export interface Unsettled<M, O> {
  /** Lost their head to another writer. They run again before all others. */
  readonly lost: readonly Work<M, O>[]
  /** Had no place beside another message of their terminal. They run after all others, so that they hold up none. */
  readonly deferred: readonly Work<M, O>[]
}

export interface GroupCommitOptions<M, O> {
  /** Runs a set. Settles each work or returns it. Must not throw. */
  readonly run: (set: readonly Work<M, O>[]) => Promise<Unsettled<M, O>>
  /** The outcome of a waiter after its deadline: it is not known what happened. */
  readonly unknown: O
  readonly setSize?: number
  readonly deadlineMs?: number
}

interface Waiting<M, O> extends Work<M, O> {
  wake(): void
  /** Whether there is no outcome yet. A work whose deadline passed in flight does not run again. */
  isWaiting(): boolean
}

/** Milliseconds in flight after which a set counts as lost with its request. */
const LEASE_MS = 15_000
/** Milliseconds between two checks of a waiter that nothing has woken. */
const POLL_INTERVAL_MS = 250

/** `setSize`: the most messages of a set. `deadlineMs`: the longest wait of a message. */
export function createGroupCommit<M, O>(options: GroupCommitOptions<M, O>): GroupCommit<M, O> {
  const { run, unknown, setSize = 100, deadlineMs = 10_000 } = options
  const queue: Waiting<M, O>[] = []
  let inFlight: { readonly since: number } | null = null

  const isFree = () => inFlight === null || Date.now() - inFlight.since > LEASE_MS

  async function drive(): Promise<void> {
    const turn = { since: Date.now() }
    inFlight = turn
    // The timers of a waiter die with its request. Its message must not run long after that.
    for (const work of queue) if (turn.since - work.since >= deadlineMs) work.settle(unknown)
    const waiting = queue.splice(0).filter((work) => work.isWaiting())
    const set = waiting.splice(0, setSize)
    queue.push(...waiting)
    const { lost, deferred } = await run(set)
    queue.unshift(...set.filter((work) => lost.includes(work) && work.isWaiting()))
    queue.push(...set.filter((work) => deferred.includes(work) && work.isWaiting()))
    if (inFlight === turn) inFlight = null
    // Only wake it: its own request must drive the next set.
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
