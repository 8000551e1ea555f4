/** @module The open loop on a clock of the test: arrivals keep their times, and waiting counts. */

import { describe, expect, it } from 'vitest'
import { arrivals } from './arrivals.ts'
import { drive } from './drive.ts'
import { findKnee, type RampStep } from './find-knee.ts'
import type { Fleet } from './fleet.ts'
import type { LoadTerminal } from './load-terminal.ts'
import type { MixKind } from './mix.ts'

/** A clock that only sleeps move. */
function newClock() {
  let at = 0
  const sleepers: { until: number; wake: () => void }[] = []
  return {
    now: () => at,
    sleep: (ms: number) => new Promise<void>((wake) => void sleepers.push({ until: at + ms, wake })),
    /** Lets time pass until `work` is done. */
    async run<T>(work: Promise<T>): Promise<T> {
      let isDone = false
      const done = work.finally(() => {
        isDone = true
      })
      while (!isDone) {
        for (let turn = 0; turn < 20; turn++) await null
        const next = sleepers.toSorted((a, b) => a.until - b.until)[0]
        if (next === undefined) continue
        sleepers.splice(sleepers.indexOf(next), 1)
        at = Math.max(at, next.until)
        next.wake()
      }
      return done
    },
  }
}

interface Job {
  readonly kind: MixKind
  readonly dueAt: number
  readonly sentAt: number
  readonly doneAt: number
}

/** Terminals whose jobs take `ms(n)` milliseconds, n from 0. */
function newFleet(clock: ReturnType<typeof newClock>, terminals: number, ms: (nth: number) => number) {
  const jobs: Job[] = []
  let count = 0
  const idle = Array.from({ length: terminals }, () => ({
    async perform(kind: MixKind, dueAt: number) {
      const sentAt = clock.now()
      await clock.sleep(ms(count++))
      jobs.push({ kind, dueAt, sentAt, doneAt: clock.now() })
    },
  }))
  const fleet: Pick<Fleet, 'take' | 'release'> = {
    take: () => idle.shift() as unknown as LoadTerminal | undefined,
    release: (terminal) => void idle.push(terminal as unknown as (typeof idle)[number]),
  }
  return { jobs, fleet: fleet as Fleet }
}

it('arrivals are evenly spaced, and as many as rate and time give', () => {
  expect([...arrivals(4, 1.5)]).toEqual([0, 250, 500, 750, 1000, 1250])
  expect([...arrivals(1000, 2)]).toHaveLength(2000)
})

describe('the open loop', () => {
  it('sends at the due times while answers are quick', async () => {
    const clock = newClock()
    const { fleet, jobs } = newFleet(clock, 4, () => 3)
    const options = { fleet, due: arrivals(100, 1), start: 0, draw: () => 'sale' as const, ...clock }
    const driven = await clock.run(drive(options))
    expect(driven).toEqual({ arrivals: 100, dropped: 0, latestMs: 0 })
    expect(jobs.map(({ sentAt }) => sentAt)).toEqual([...arrivals(100, 1)])
  })

  it('counts a stall for every message that was due in it, and not for one alone', async () => {
    const clock = newClock()
    // The first answer takes a second, and each other one a millisecond.
    const { fleet, jobs } = newFleet(clock, 1, (nth) => (nth === 0 ? 1000 : 1))
    const options = { fleet, due: arrivals(10, 1), start: 0, draw: () => 'void' as const, ...clock }
    await clock.run(drive(options))
    const fromDue = jobs.map(({ dueAt, doneAt }) => doneAt - dueAt)
    const fromSending = jobs.map(({ sentAt, doneAt }) => doneAt - sentAt)
    expect(fromSending).toEqual([1000, 1, 1, 1, 1, 1, 1, 1, 1, 1])
    expect(fromDue).toEqual([1000, 901, 802, 703, 604, 505, 406, 307, 208, 109])
  })

  it('drops arrivals beyond its bound, and says so', async () => {
    const clock = newClock()
    const { fleet, jobs } = newFleet(clock, 1, () => 10_000)
    const due = Array.from({ length: 10_011 }, () => 0)
    const options = { fleet, due, start: 0, draw: () => 'sale' as const, ...clock }
    const driving = drive(options)
    const driven = await clock.run(driving)
    expect([driven.arrivals, driven.dropped, jobs.length]).toEqual([10_011, 10, 10_001])
  })
})

describe('the knee', () => {
  const step = (rate: number, change: Partial<RampStep> = {}): RampStep => ({
    ...{ rate, answered: rate, refused: 0, lost: 0, p50: 4, p99: 12 },
    ...change,
  })

  it.each<[string, Partial<RampStep>, 'answers' | 'refusals' | 'latency']>([
    ['answers that do not keep up', { answered: 180 }, 'answers'],
    ['refusals', { answered: 195, refused: 5 }, 'refusals'],
    ['lost answers', { answered: 195, lost: 5 }, 'refusals'],
    ['a latency far above the quietest', { p99: 97 }, 'latency'],
  ])('is before %s', (_, change, why) => {
    expect(findKnee([step(100), step(150), step(200, change)])).toEqual({ rate: 150, why })
  })

  it('is nowhere while every step holds, or when the first does not', () => {
    expect(findKnee([step(100), step(150), step(200, { p99: 95 })])).toBeNull()
    expect(findKnee([step(100, { answered: 50 })])).toBeNull()
    expect(findKnee([])).toBeNull()
  })
})
