/**
 * @module Messages beside the floors, in turns, so that other work on the machine affects both. One connection alternates request by
 * request, and many connections alternate round by round.
 */

import type { Fleet } from './fleet.ts'
import type { LoadTerminal } from './load-terminal.ts'
import type { Measured } from './measurements.ts'
import type { Sender } from './sender.ts'

export const FLOORS = ['trivial', 'one batch', 'two batches'] as const
export type Floor = (typeof FLOORS)[number]

/** The messages that stand beside the floors, each with the floor of its D1 batches. */
export const AGAINST = {
  'void, warm': 'one batch',
  'void, cold': 'two batches',
  sale: 'one batch',
  'sale and void': 'one batch',
  inquiry: 'one batch',
  copy: 'trivial',
} as const satisfies Readonly<Record<string, Floor>>
export type Compared = keyof typeof AGAINST

/** Medians: milliseconds of one request with one connection, or requests per second with many. */
export type Figures = Readonly<Partial<Record<Floor | Compared, number>>>

export interface FloorFigures {
  readonly connections: number
  /** Milliseconds. */
  readonly alone: Figures
  /** Requests per second. */
  readonly together: Figures
}

export interface Comparison {
  /** One connection to the service, and one to the floors. */
  readonly alone: { readonly fleet: Fleet; readonly floors: Sender }
  readonly together: { readonly fleet: Fleet; readonly floors: Sender; readonly connections: number }
  readonly seconds: number
  /** The exchanges that the terminals have measured since the last call. */
  taken(): Measured[]
  now(): number
}

/** A request of the bytes of a void. */
const BODY = new Uint8Array(160)
const PATHS: Readonly<Record<Floor, string>> = {
  trivial: '/trivial',
  'one batch': '/one',
  'two batches': '/two',
}
const ROUNDS = 3
/** A message of one terminal is every tenth of its kind, so no terminal exceeds its rate. */
const TURN = 10
const MOST_CYCLES = 20 * TURN
/** An isolate remembers so many sales of a terminal. */
const REMEMBERED = 16

export async function compareFloors(comparison: Comparison): Promise<FloorFigures> {
  const { alone, together, seconds } = comparison
  for (const { floors } of [alone, together]) {
    await floors.send({ method: 'POST', path: '/prepare', headers: {} })
    for (const floor of FLOORS) await askFloor(floors, floor)
  }
  return {
    connections: together.connections,
    alone: await compareAlone(comparison, seconds / 3),
    together: await compareTogether(comparison, (2 * seconds) / 3),
  }
}

async function askFloor(floors: Sender, floor: Floor): Promise<void> {
  const { status } = await floors.send({ method: 'POST', path: PATHS[floor], headers: {}, body: BODY })
  if (status !== 200) throw new Error(`the floor “${floor}” answers HTTP ${status}`)
}

async function compareAlone({ alone, taken, now }: Comparison, seconds: number): Promise<Figures> {
  const { fleet, floors } = alone
  const [warm, cold] = [fleet.terminals.slice(0, TURN), fleet.terminals.slice(TURN, 2 * TURN)]
  for (const terminal of cold)
    for (let sales = 0; sales < REMEMBERED + MOST_CYCLES / TURN; sales++)
      await terminal.perform('sale', now())
  const times = new Map<Floor | Compared, number[]>()
  const note = (name: Floor | Compared, ms: number) => times.set(name, [...(times.get(name) ?? []), ms])
  /** `trips`: what the name promises. Without the count, the name is believed. */
  const measure = async (name: Compared, trips: number | null, job: Promise<void> | undefined) => {
    await job
    const [one] = taken()
    if (one === undefined || one.result !== 'answered') return
    if (trips === null || one.trips === null || one.trips === trips) note(name, one.doneAt - one.sentAt)
  }
  taken()
  const end = now() + 1000 * seconds
  for (let cycle = 0; cycle < MOST_CYCLES && now() < end; cycle++) {
    const [one, other] = [warm[cycle % TURN], cold[cycle % TURN]]
    for (const floor of FLOORS) {
      const since = now()
      await askFloor(floors, floor)
      note(floor, now() - since)
    }
    await measure('sale', 1, one?.perform('sale', now()))
    await measure('void, warm', 1, one?.perform('void', now()))
    await measure('void, cold', 2, other?.voidOldest(now()))
    await measure('inquiry', null, one?.perform('inquiry', now()))
    await measure('copy', null, one?.perform('copy', now()))
  }
  return Object.fromEntries([...times].map(([name, all]) => [name, median(all)]))
}

async function compareTogether({ together, taken, now }: Comparison, seconds: number): Promise<Figures> {
  const { fleet, floors, connections } = together
  const rates = new Map<Floor | Compared, number[]>()
  const terminals = fleet.terminals.slice(0, connections)
  const ms = (1000 * seconds) / (ROUNDS * (FLOORS.length + Object.keys(AGAINST).length))
  /** Each connection sends the next request after the answer to the last. */
  async function closedLoop(name: Floor | Compared, job: (at: number, nth: number) => Promise<unknown>) {
    taken()
    const since = now()
    let done = 0
    const connection = async (at: number) => {
      for (let nth = 0; now() < since + ms; nth++) {
        if ((await job(at, nth)) === false) break
        done++
      }
    }
    await Promise.all(Array.from({ length: connections }, (_, at) => connection(at)))
    const count = name in AGAINST ? taken().filter(({ result }) => result === 'answered').length : done
    rates.set(name, [...(rates.get(name) ?? []), (1000 * count) / (now() - since)])
  }
  const perform = (kind: Parameters<LoadTerminal['perform']>[0]) => (at: number) =>
    terminals[at]?.perform(kind, now()) ?? Promise.resolve(false)
  for (let round = 0; round < ROUNDS; round++) {
    for (const floor of FLOORS) await closedLoop(floor, () => askFloor(floors, floor))
    await closedLoop('sale', perform('sale'))
    await Promise.all(terminals.map((terminal) => sellUntil(terminal, REMEMBERED, now)))
    await closedLoop('void, warm', async (at) =>
      terminals[at]?.canVoid ? terminals[at].perform('void', now()) : false,
    )
    await closedLoop('sale and void', (at, nth) => perform(nth % 2 === 0 ? 'sale' : 'void')(at))
    await closedLoop('inquiry', perform('inquiry'))
    await closedLoop('copy', perform('copy'))
  }
  return Object.fromEntries([...rates].map(([name, all]) => [name, median(all)]))
}

async function sellUntil(terminal: LoadTerminal, sales: number, now: () => number): Promise<void> {
  for (let left = 2 * sales; left > 0 && terminal.saleCount < sales; left--)
    await terminal.perform('sale', now())
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
