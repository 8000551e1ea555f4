/** @module The simulation in short: many worlds without a violation, and a seed that gives the same transcript twice. */

import { describe, expect, it } from 'vitest'
import { coreModule } from '../support/load-core.ts'
import { digestOf, runWorlds } from './threads.ts'
import type { Report } from './world.ts'

async function worlds(seed: number, voids: number, threads: number): Promise<Report[]> {
  const reports: Report[] = []
  await runWorlds({ module: coreModule, seed, voids, threads }, (report) => reports.push(report))
  return reports
}

describe('worlds of faults', () => {
  it('end as they must', { timeout: 600_000 }, async () => {
    const reports = await worlds(1, 20_000, 2)
    const violations = reports
      .filter(({ violation }) => violation !== null)
      .map(({ seed, violation }) => `npm run test:simulation -- --seed ${seed} --voids 1: ${violation}`)
    expect(violations).toEqual([])
    const faults = new Map<string, number>()
    for (const { counts } of reports)
      for (const [name, count] of Object.entries(counts)) faults.set(name, (faults.get(name) ?? 0) + count)
    for (const [name, count] of faults) expect([name, count > 20]).toEqual([name, true])
  })

  it('are the same for the same seed, to the byte', { timeout: 120_000 }, async () => {
    const [first, second] = await Promise.all([worlds(77, 60, 1), worlds(77, 60, 1)])
    expect(first.length).toBeGreaterThan(0)
    expect(digestOf(second)).toBe(digestOf(first))
    expect(digestOf(await worlds(78, 60, 1))).not.toBe(digestOf(first))
  })
})
