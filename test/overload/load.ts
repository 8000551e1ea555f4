/**
 * Load on the service: closed loop (a client sends after each answer) and open loop (arrivals come at fixed
 * times).
 */

import type { Kind, Terminals } from './terminals.ts'
import type { Answer, Wire } from './wire.ts'

/** The target of the load. */
export interface Service {
  readonly wire: Pick<Wire, 'send'>
  readonly terminals: Terminals
  /** Milliseconds, for durations only. */
  now(): number
  sleep(ms: number): Promise<void>
}

/** A service in real time. */
export const inRealTime = (wire: Wire, terminals: Terminals): Service => ({
  wire,
  terminals,
  now: () => performance.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
})

/** Shares of the kinds in ten arrivals, in a repeating order. */
const MIX: readonly Kind[] = [
  'sale',
  'report',
  'sale',
  'void',
  'sale',
  'report',
  'sale',
  'sale',
  'report',
  'sale',
]

/** The results of the requests of one kind. */
export interface Tally {
  accepted: number
  refused: number
  /** Milliseconds from the due time of a request to its answer. */
  readonly acceptedMs: number[]
  readonly refusedMs: number[]
}

export interface Outcome {
  readonly seconds: number
  readonly kinds: Readonly<Record<Kind, Tally>>
  /** No answer in time. */
  timeOuts: number
  /**
   * Neither the requested answer nor a refusal with a status and Retry-After. A 503 for an unknown outcome
   * needs no Retry-After.
   */
  wrong: number
  /** Arrivals without a free terminal: a limit of the driver, which must be 0. */
  starved: number
  /** Milliseconds by which the driver was late with an arrival. */
  readonly lateMs: number[]
}

const newTally = (): Tally => ({ accepted: 0, refused: 0, acceptedMs: [], refusedMs: [] })

const newOutcome = (seconds: number): Outcome => ({
  seconds,
  kinds: { void: newTally(), sale: newTally(), report: newTally() },
  timeOuts: 0,
  wrong: 0,
  starved: 0,
  lateMs: [],
})

function note(outcome: Outcome, kind: Kind, answer: Answer, isValid: boolean, ms: number): void {
  const tally = outcome.kinds[kind]
  if (answer.status === 0) outcome.timeOuts++
  else if (!isValid) outcome.wrong++
  else if (answer.status === 200) {
    tally.accepted++
    tally.acceptedMs.push(ms)
  } else {
    if (answer.retryAfter === null) outcome.wrong++
    tally.refused++
    tally.refusedMs.push(ms)
  }
}

/** `users` who each send the next request right after the last answer. */
export async function closedLoop(service: Service, users: number, seconds: number): Promise<Outcome> {
  const { wire, terminals, now } = service
  const outcome = newOutcome(seconds)
  const end = now() + 1000 * seconds
  let arrivals = 0
  const user = async (): Promise<void> => {
    while (now() < end) {
      const kind = MIX[arrivals++ % MIX.length] ?? 'sale'
      const job = terminals.next(kind) ?? terminals.next('sale')
      if (job === undefined) throw new Error('more users than terminals')
      const since = now()
      const answer = await wire.send(job.request)
      const at = now()
      const isValid = job.done(answer)
      if (at < end) note(outcome, job.kind, answer, isValid, at - since)
    }
  }
  await Promise.all(Array.from({ length: users }, user))
  return outcome
}

/**
 * `rate` arrivals a second, evenly spaced. Latencies count from the due time, also when the driver was late.
 */
export async function openLoop(service: Service, rate: number, seconds: number): Promise<Outcome> {
  const { wire, terminals, now, sleep } = service
  const outcome = newOutcome(seconds)
  const total = Math.floor(rate * seconds)
  const start = now()
  const pending: Promise<void>[] = []

  const arrive = (nth: number): void => {
    const dueAt = start + (nth * 1000) / rate
    outcome.lateMs.push(now() - dueAt)
    const job = terminals.next(MIX[nth % MIX.length] ?? 'sale')
    if (job === undefined) {
      outcome.starved++
      return
    }
    const settled = wire
      .send(job.request)
      .then((answer) => note(outcome, job.kind, answer, job.done(answer), now() - dueAt))
    pending.push(settled)
  }

  for (let arrivals = 0; arrivals < total; ) {
    const due = Math.min(total, ((now() - start) * rate) / 1000)
    for (; arrivals < due; arrivals++) arrive(arrivals)
    // Sleeps in between, so that the service gets the machine.
    await sleep(1)
  }
  await Promise.all(pending)
  return outcome
}

export const acceptedOf = ({ kinds }: Outcome): number =>
  Object.values(kinds).reduce((sum, { accepted }) => sum + accepted, 0)

/** Accepted messages per second. */
export const goodputOf = (outcome: Outcome): number => acceptedOf(outcome) / outcome.seconds

/** The `share` quantile of the values in milliseconds, or 0 without values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
}
