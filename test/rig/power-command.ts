/**
 * @module `npm run test:power [-- --cuts N] [--seed N]`: the long form of `power.test.ts`. Keeps its files
 * after a failure.
 */

import { commandLine } from './command-line.ts'
import { linesOf, runPowerCuts } from './power.ts'

await commandLine('power', 'cuts', 500, async (options) => {
  const report = await runPowerCuts({ ...options, cuts: options.count })
  return { lines: linesOf(report), failed: report.violations.length > 0 }
})
