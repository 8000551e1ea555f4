/**
 * @module A thread of the grid: row after row, each a play in one mode, with every boundary struck by every
 * possible fault.
 */

import { parentPort, workerData } from 'node:worker_threads'
import { fits, STRIKES } from './boundaries.ts'
import { type Cell, runCell } from './crash-points.ts'
import type { Names, Row } from './grid.ts'

const { module, rows } = workerData as {
  module: WebAssembly.Module
  rows: readonly Names[]
}
for (const names of rows) parentPort?.postMessage(await runRow(names))

/** Every cell of one play. A run without a strike counts its boundaries. */
async function runRow({ play, acquirer, mode }: Names): Promise<Row> {
  const withoutStrike = { play, acquirer, mode, at: -1, strike: null } as const
  const { met, violation } = await runCell(module, withoutStrike)
  const boundaries = [...met]
  const violations = violation === null ? [] : [`${nameOf(withoutStrike)}: ${violation}`]
  let cells = 1
  for (const [at, boundary] of boundaries.entries())
    for (const strike of [null, ...STRIKES]) {
      // With a competitor alone there is no strike.
      if (strike === null ? mode !== 'competing' : !fits(strike, boundary)) continue
      cells++
      const cell = { play, acquirer, mode, at, strike }
      const outcome = await runCell(module, cell)
      if (outcome.violation !== null) violations.push(`${nameOf(cell)}: ${outcome.violation}`)
    }
  return { play, acquirer, mode, boundaries: boundaries.length, cells, violations }
}

function nameOf({ play, acquirer, mode, at, strike }: Cell): string {
  return `--play '${play}' --acquirer ${acquirer} --mode ${mode} --at ${at} --strike '${strike ?? 'none'}'`
}
