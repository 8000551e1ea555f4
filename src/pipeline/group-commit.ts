/**
 * @module The group commit: while one set is in flight, arrivals of this isolate gather for the next.
 *
 * A database serves one caller at a time and a set costs little more than one message, so under load the sets grow and
 * with nothing on the road a message leaves at once. Each set is driven by the request of one of its own messages and
 * under that request's `waitUntil`: no other's disconnect cancels it, and no request drives for ever.
 */

/** One message's place in the group. */
export interface Work<M, O> {
  readonly message: M
  /** When it came, in milliseconds since the epoch. */
  readonly since: number
  /** How often the message has lost its head to another writer. */
  losses: number
  settle(outcome: O): void
}

export interface GroupCommit<M, O> {
  /** Resolves with the outcome, or with `unknown` when the set has not come back in time. */
  submit(message: M, waitUntil: (promise: Promise<unknown>) => void): Promise<O>
}

/** Works of a set that are not settled yet. */
export interface Unsettled<M, O> {
  /** Lost their head to another writer: they go again before all others. */
  readonly lost: readonly Work<M, O>[]
  /** Had no place in the set beside another of their terminal: they go behind all others, so that none can hold them up. */
  readonly deferred: readonly Work<M, O>[]
}

export interface GroupCommitOptions<M, O> {
  /** Drives a set; settles each work or returns it. Must not throw. */
  readonly run: (set: readonly Work<M, O>[]) => Promise<Unsettled<M, O>>
  /** What a waiter is told when its patience ends: what happened is not known. */
  readonly unknown: O
  readonly setSize?: number
  readonly deadlineMs?: number
}

interface Waiting<M, O> extends Work<M, O> {
  wake(): void
  /** Whether no outcome was told yet; one whose patience ended on the road does not go again. */
  isWaiting(): boolean
}

/** How long a set may be on the road before it is taken for lost with the request that drove it. */
const LEASE_MS = 15_000
/** How often a waiter looks whether the road is free though no one woke it. */
const POLL_INTERVAL_MS = 250

export function createGroupCommit<M, O>(options: GroupCommitOptions<M, O>): GroupCommit<M, O> {
  const { run, unknown, setSize = 100, deadlineMs = 10_000 } = options
  const queue: Waiting<M, O>[] = []
  let inFlight: { readonly since: number } | null = null

  const isFree = () => inFlight === null || Date.now() - inFlight.since > LEASE_MS

  async function drive(): Promise<void> {
    const turn = { since: Date.now() }
    inFlight = turn
    // The waiter's own timers die with its request; what it waited for must not happen long after.
    for (const work of queue) if (turn.since - work.since >= deadlineMs) work.settle(unknown)
    const waiting = queue.splice(0).filter((work) => work.isWaiting())
    const set = waiting.splice(0, setSize)
    queue.push(...waiting)
    const { lost, deferred } = await run(set)
    queue.unshift(...set.filter((work) => lost.includes(work) && work.isWaiting()))
    queue.push(...set.filter((work) => deferred.includes(work) && work.isWaiting()))
    if (inFlight === turn) inFlight = null
    // Only woken here: the next set must be driven by a request of its own.
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
