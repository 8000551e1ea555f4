/**
 * @module `npm run test:faults [-- --voids N] [--seed N]`: the long form of `faults.test.ts`. Keeps its files
 * after a failure.
 */

import { commandLine } from './command-line.ts'
import { finalWithin, linesOf, runFaults } from './faults.ts'

/** The share of voids that must be final within three tries. */
const GOAL = 0.999

await commandLine('faults', 'voids', 20_000, async (options) => {
  const report = await runFaults({ ...options, voids: options.count })
  const failed = report.violations.length > 0 || finalWithin(report, 3) < GOAL
  return { lines: linesOf(report), failed }
})
