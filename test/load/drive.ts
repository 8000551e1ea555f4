/**
 * @module The open loop: arrivals come at their times, whether or not the service keeps up. An arrival without a free terminal
 * waits, and its time counts from when it was due.
 */

import type { Fleet } from './fleet.ts'
import type { MixKind } from './mix.ts'

export interface Drive {
  readonly fleet: Fleet
  /** Due times in milliseconds after `start`. */
  readonly due: Iterable<number>
  readonly start: number
  readonly draw: () => MixKind
  now(): number
  sleep(ms: number): Promise<void>
  /** Called with each arrival. */
  readonly arrived?: (dueAt: number) => void
}

export interface Driven {
  readonly arrivals: number
  /** Arrivals beyond `MOST_WAITING`, which were never sent. */
  readonly dropped: number
  /** The longest time in milliseconds by which the driver itself was late with an arrival. */
  readonly latestMs: number
}

/** The most arrivals that wait for a terminal. */
const MOST_WAITING = 10_000

interface Arrival {
  readonly kind: MixKind
  readonly dueAt: number
}

/** Returns when the last arrival is done. */
export async function drive(options: Drive): Promise<Driven> {
  const { fleet, due, start, draw, now, sleep, arrived = () => undefined } = options
  const waiting: Arrival[] = []
  const running = new Set<Promise<void>>()
  let [arrivals, dropped, latestMs] = [0, 0, 0]

  function begin({ kind, dueAt }: Arrival): boolean {
    const terminal = fleet.take(kind)
    if (terminal === undefined) return false
    const job = terminal.perform(kind, dueAt).finally(() => {
      running.delete(job)
      fleet.release(terminal)
      const next = waiting[0]
      if (next !== undefined && begin(next)) waiting.shift()
    })
    running.add(job)
    return true
  }

  for (const offset of due) {
    const dueAt = start + offset
    // Sleeps in between, so that the service gets the machine.
    for (let wait = dueAt - now(); wait > 0; wait = dueAt - now()) await sleep(Math.max(wait, 1))
    arrivals++
    latestMs = Math.max(latestMs, now() - dueAt)
    arrived(dueAt)
    const arrival = { kind: draw(), dueAt }
    if (waiting.length === 0 && begin(arrival)) continue
    if (waiting.length < MOST_WAITING) waiting.push(arrival)
    else dropped++
  }
  while (running.size > 0) await Promise.all(running)
  return { arrivals, dropped, latestMs }
}
