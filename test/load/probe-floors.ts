/** @module Requests to the floors among the arrivals of a load: their times show what the machine costs at that moment. */

import { FLOORS } from './compare-floors.ts'
import type { Measured } from './measurements.ts'
import { openSender } from './sender.ts'

/** One request to a floor for so many arrivals. */
const EVERY = 20
const CONNECTIONS = 8
const PATHS = ['/trivial', '/one', '/two'] as const
const BODY = new Uint8Array(160)

export interface Probe {
  /** Call it with each arrival. */
  arrived(dueAt: number): void
  ended(): Promise<void>
}

export function probeFloors(url: URL, record: (measured: Measured) => void, now: () => number): Probe {
  const sender = openSender(url, CONNECTIONS)
  const running = new Set<Promise<void>>()
  let count = 0

  async function ask(nth: number, dueAt: number): Promise<void> {
    const sentAt = now()
    const { status } = await sender.send({
      method: 'POST',
      path: PATHS[nth] ?? '/trivial',
      headers: {},
      body: BODY,
    })
    const result = status === 200 ? 'answered' : 'lost'
    record({ name: FLOORS[nth] ?? 'trivial', dueAt, sentAt, doneAt: now(), result, trips: null })
  }

  return {
    arrived(dueAt) {
      if (count++ % EVERY !== 0) return
      const probe = ask(((count / EVERY) % FLOORS.length) | 0, dueAt).finally(() => running.delete(probe))
      running.add(probe)
    },
    async ended() {
      while (running.size > 0) await Promise.all(running)
      sender.close()
    },
  }
}
