/**
 * @module `npm run test:kill [-- --kills N] [--seed N]`: the long form of `kill.test.ts`. Keeps its files
 * after a failure.
 */

import { commandLine } from './command-line.ts'
import { linesOf } from './kill-report.ts'
import { runKills } from './kills.ts'

await commandLine('kill', 'kills', 1000, async (options) => {
  const report = await runKills({ ...options, kills: options.count, withAcquirer: true, realTime: true })
  return { lines: linesOf(report), failed: report.violations.length > 0 }
})
