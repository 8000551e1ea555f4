/** @module A thread of the grid: row after row, each a play in one mode, with every boundary struck by everything that fits. */

import { parentPort, workerData } from 'node:worker_threads'
import { fits, STRIKES } from './boundaries.ts'
import { type Cell, runCell } from './crash-points.ts'
import type { Names, Row } from './grid.ts'

const { module, rows, sample } = workerData as {
  module: WebAssembly.Module
  rows: readonly Names[]
  sample: number
}
/** Cells so far, of all rows. */
let count = 0
for (const names of rows) parentPort?.postMessage(await runRow(names))

/** Every cell of one play: what it meets when nothing strikes says how many there are. */
async function runRow({ play, acquirer, mode }: Names): Promise<Row> {
  const calm = { play, acquirer, mode, at: -1, strike: null } as const
  const { met, violation } = await runCell(module, calm)
  const places = [...met]
  const violations = violation === null ? [] : [`${nameOf(calm)}: ${violation}`]
  let cells = 1
  let done = 1
  for (const [at, place] of places.entries())
    for (const strike of [null, ...STRIKES]) {
      // Nothing strikes where only a competitor comes in between.
      if (strike === null ? mode !== 'competing' : !fits(strike, place)) continue
      cells++
      count++
      if (Math.floor(count * sample) === Math.floor((count - 1) * sample)) continue
      done++
      const cell = { play, acquirer, mode, at, strike }
      const outcome = await runCell(module, cell)
      if (outcome.violation !== null) violations.push(`${nameOf(cell)}: ${outcome.violation}`)
    }
  return { play, acquirer, mode, boundaries: places.length, cells, done, violations }
}

const nameOf = ({ play, acquirer, mode, at, strike }: Cell): string =>
  `--play '${play}' --acquirer ${acquirer} --mode ${mode} --at ${at} --strike '${strike ?? 'none'}'`
