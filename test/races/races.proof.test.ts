/** @module Races: harnesses with and without an acquirer. */

import { describe, expect, it } from 'vitest'
import { sizeOf } from '../proofs.ts'
import { coreModule } from '../support/load-core.ts'
import { jobsFor, runRace } from './settings.ts'

const SALES = sizeOf('races/races')
const SETTLEMENTS = 10 * SALES

/** The results of all races, by name. */
async function race(sales: number, settlements: number, seed: number): Promise<Record<string, number>> {
  const tally: Record<string, number> = {}
  for (const job of jobsFor(sales, settlements, seed)) {
    const report = await runRace(job, coreModule)
    const again = `npm run test:races -- --seed ${job.seed} --sales ${sales} --settlements ${settlements}`
    expect([again, report.violation]).toEqual([again, null])
    for (const [what, count] of Object.entries(report.tally)) tally[what] = (tally[what] ?? 0) + count
  }
  return tally
}

describe('concurrent messages', () => {
  it('approves one of 64 copies of a void and 64 other voids of a sale', {
    timeout: 300_000,
  }, async () => {
    const tally = await race(SALES, 0, 2)
    expect(tally.sales).toBe(SALES)
    expect(tally.messages).toBe(SALES * (64 + 64 + 65))
    expect(tally['won by the copied void']).toBeGreaterThan(0)
    expect(tally['won by another']).toBeGreaterThan(0)
  })

  it('settles totals with the void, or refuses it, when a void races with the settlement of its batch', {
    timeout: 300_000,
  }, async () => {
    const tally = await race(0, SETTLEMENTS, 1)
    expect(tally.races).toBe(SETTLEMENTS)
    for (const outcome of [
      'approved, the batch open',
      'approved, the batch closed',
      'refused, the batch closed',
    ])
      expect([outcome, (tally[`the void ${outcome}`] ?? 0) > 0]).toEqual([outcome, true])
  })
})
