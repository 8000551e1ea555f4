/** @module Many rooms, one after the other on seeds of their own: with the acquirer within the isolate and with an acquirer behind it. */

import { RaceHarness, type RaceOptions, type RaceReport } from './harness.ts'
import { settlementRace } from './settlement.ts'
import { voidRace } from './voids.ts'

export interface RaceJob extends Omit<RaceOptions, 'module'> {
  readonly sport: 'voids' | 'settlement'
  readonly rounds: number
}

const ACQUIRERS = ['sandbox', 'https'] as const

/** Copies of one void, and other voids, of each sale (reliability.md G6). */
const COPIES = 64
const RIVALS = 64

/** So many sales to void and so many settlements to race against, a few in each room. The seed says which acquirer it is. */
export function jobsFor(sales: number, settlements: number, seed: number): RaceJob[] {
  const harnesses = (sport: RaceJob['sport'], total: number, most: number) =>
    Array.from({ length: Math.ceil(total / most) }, (_, i) => ({
      sport,
      seed: seed + i,
      acquirer: ACQUIRERS[(seed + i) % 2] ?? 'https',
      rounds: Math.min(most, total - i * most),
    }))
  return [...harnesses('voids', sales, 5), ...harnesses('settlement', settlements, 50)]
}

export const runRace = (
  { sport, rounds, ...options }: RaceJob,
  module: WebAssembly.Module,
): Promise<RaceReport> =>
  new RaceHarness({ ...options, module }).run(
    rounds,
    sport === 'voids' ? voidRace(COPIES, RIVALS) : settlementRace,
  )
