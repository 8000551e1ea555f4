/** @module The simulation in short: many worlds without a violation, and a seed that gives the same transcript twice. */

import { describe, expect, it } from 'vitest'
import { coreModule } from '../support/load-core.ts'
import { digestOf, type Job, runWorlds } from './threads.ts'
import type { Report } from './world.ts'

async function worlds(
  seed: number,
  voids: number,
  options: Partial<Job> & { readonly threads?: number } = {},
): Promise<Report[]> {
  const reports: Report[] = []
  await runWorlds({ module: coreModule, seed, voids, ...options }, (report) => reports.push(report))
  return reports
}

const violationsOf = (reports: readonly Report[]): string[] =>
  reports
    .filter(({ violation }) => violation !== null)
    .map(({ seed, violation }) => `npm run test:simulation -- --seed ${seed} --voids 1: ${violation}`)

const sumOf = (reports: readonly Report[], read: (report: Report) => number): number =>
  reports.reduce((sum, report) => sum + read(report), 0)

describe('worlds of faults', () => {
  it('end as they must: 15,000 voids', { timeout: 900_000 }, async () => {
    const reports = await worlds(1, 15_000, { threads: 2 })
    expect(violationsOf(reports)).toEqual([])
    const faults = new Map<string, number>()
    for (const { counts } of reports)
      for (const [name, count] of Object.entries(counts)) faults.set(name, (faults.get(name) ?? 0) + count)
    // The worlds were eventful; what is left at the acquirer in the end is no event.
    for (const [name, count] of faults)
      if (!name.startsWith('acquirer ')) expect([name, count > 50]).toEqual([name, true])
    expect(faults.size).toBeGreaterThan(15)
  })

  it('that whoever keeps to the rules gets through: 5,000 of 5,000 end final', {
    timeout: 900_000,
  }, async () => {
    const reports = await worlds(1, 5_000, { threads: 2, isMild: true })
    expect(violationsOf(reports)).toEqual([])
    expect(sumOf(reports, ({ voids }) => voids)).toBeGreaterThanOrEqual(5_000)
    expect(reports.flatMap(({ open }) => open)).toEqual([])
  })

  it('are the same for the same seed, to the byte', { timeout: 300_000 }, async () => {
    const [first, second] = await Promise.all([worlds(77, 60), worlds(77, 60)])
    expect(first.length).toBeGreaterThan(0)
    expect(digestOf(second)).toBe(digestOf(first))
    expect(digestOf(await worlds(78, 60))).not.toBe(digestOf(first))
  })
})
