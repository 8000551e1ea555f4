/**
 * @module Many race harnesses on seeds of their own: with the acquirer inside the isolate, and with an
 * acquirer of its own.
 */

import { RaceHarness, type RaceOptions, type RaceReport } from './harness.ts'
import { settlementRace } from './settlement.ts'
import { voidRace } from './voids.ts'

export interface RaceJob extends Omit<RaceOptions, 'module'> {
  readonly kind: 'voids' | 'settlement'
  readonly rounds: number
}

const ACQUIRERS = ['sandbox', 'https'] as const

/** Copies of one void, and other voids, of each sale (reliability.md G6). */
const COPIES = 64
const RIVALS = 64

/**
 * This many sales to void and settlements to race against, a few in each harness. The seed chooses the
 * acquirer.
 */
export function jobsFor(sales: number, settlements: number, seed: number): RaceJob[] {
  const jobs = (kind: RaceJob['kind'], total: number, most: number) =>
    Array.from({ length: Math.ceil(total / most) }, (_, i) => ({
      kind,
      seed: seed + i,
      acquirer: ACQUIRERS[(seed + i) % 2] ?? 'https',
      rounds: Math.min(most, total - i * most),
    }))
  return [...jobs('voids', sales, 5), ...jobs('settlement', settlements, 50)]
}

export const runRace = (
  { kind, rounds, ...options }: RaceJob,
  module: WebAssembly.Module,
): Promise<RaceReport> =>
  new RaceHarness({ ...options, module }).run(
    rounds,
    kind === 'voids' ? voidRace(COPIES, RIVALS) : settlementRace,
  )
