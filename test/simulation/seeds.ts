/** @module Runs many worlds for a test, and reads their reports. */

import { coreModule } from '../support/load-core.ts'
import type { Report } from './report.ts'
import { type Job, runWorlds } from './threads.ts'

export async function worlds(
  seed: number,
  voids: number,
  options: Partial<Job> & { readonly threads?: number } = {},
): Promise<Report[]> {
  const reports: Report[] = []
  await runWorlds({ module: coreModule, seed, voids, ...options }, (report) => reports.push(report))
  return reports
}

/** Each violation, as the command that shows it again. */
export const violationsOf = (reports: readonly Report[]): string[] =>
  reports
    .filter(({ violation }) => violation !== null)
    .map(({ seed, violation }) => `npm run test:simulation -- --seed ${seed} --voids 1: ${violation}`)

/** How often each fault struck. */
export function faultsOf(reports: readonly Report[]): Map<string, number> {
  const faults = new Map<string, number>()
  for (const { counts } of reports)
    for (const [name, count] of Object.entries(counts)) faults.set(name, (faults.get(name) ?? 0) + count)
  return faults
}
