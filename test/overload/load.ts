/** Load on the service, closed loop (who was answered asks again) and open loop (arrivals come at their time, whatever happens). */

import type { Kind, Terminals } from './terminals.ts'
import type { Answer, Wire } from './wire.ts'

/** What the load is on. */
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

/** Shares of the kinds in ten arrivals, in an order that repeats. */
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

/** What became of the requests of one kind. */
export interface Tally {
  accepted: number
  refused: number
  /** Milliseconds from when a request was due to its answer. */
  readonly acceptedMs: number[]
  readonly refusedMs: number[]
}

export interface Outcome {
  readonly seconds: number
  readonly kinds: Readonly<Record<Kind, Tally>>
  /** No answer in time. */
  timeOuts: number
  /** Neither what was asked for nor a refusal with a status and, but for the 503 of an outcome that is not known, Retry-After. */
  wrong: number
  /** Arrivals for which no till was free: the driver's own limit, to be 0. */
  starved: number
  /** Milliseconds by which the driver itself was late with an arrival. */
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

function note(outcome: Outcome, kind: Kind, answer: Answer, isRight: boolean, ms: number): void {
  const tally = outcome.kinds[kind]
  if (answer.status === 0) outcome.timeOuts++
  else if (!isRight) outcome.wrong++
  else if (answer.status === 200) {
    tally.accepted++
    tally.acceptedMs.push(ms)
  } else {
    if (answer.retryAfter === null) outcome.wrong++
    tally.refused++
    tally.refusedMs.push(ms)
  }
}

/** `users` who each send the next request as soon as the last was answered. */
export async function closedLoop(service: Service, users: number, seconds: number): Promise<Outcome> {
  const { wire, terminals, now } = service
  const outcome = newOutcome(seconds)
  const end = now() + 1000 * seconds
  let arrivals = 0
  const user = async (): Promise<void> => {
    while (now() < end) {
      const kind = MIX[arrivals++ % MIX.length] ?? 'sale'
      const job = terminals.next(kind) ?? terminals.next('sale')
      if (job === undefined) throw new Error('more users than tills')
      const since = now()
      const answer = await wire.send(job.request)
      const at = now()
      const isRight = job.done(answer)
      if (at < end) note(outcome, job.kind, answer, isRight, at - since)
    }
  }
  await Promise.all(Array.from({ length: users }, user))
  return outcome
}

/** `rate` arrivals a second, evenly. Latencies count from when an arrival was due, also where the driver was late. */
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
    const answered = wire
      .send(job.request)
      .then((answer) => note(outcome, job.kind, answer, job.done(answer), now() - dueAt))
    pending.push(answered)
  }

  for (let arrivals = 0; arrivals < total; ) {
    const due = Math.min(total, ((now() - start) * rate) / 1000)
    for (; arrivals < due; arrivals++) arrive(arrivals)
    // Asleep between, so that the service has the machine.
    await sleep(1)
  }
  await Promise.all(pending)
  return outcome
}

export const acceptedOf = ({ kinds }: Outcome): number =>
  Object.values(kinds).reduce((sum, { accepted }) => sum + accepted, 0)

/** Messages done in a second. */
export const goodputOf = (outcome: Outcome): number => acceptedOf(outcome) / outcome.seconds

/** The `share` quantile of what came in milliseconds; 0 of nothing. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
}
