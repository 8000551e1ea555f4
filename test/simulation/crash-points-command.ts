/**
 * @module `npm run test:crash-points [-- --play P --acquirer A --mode M --at N --strike S]`: the whole grid,
 * or one cell with its transcript.
 */

import { parseArgs } from 'node:util'
import { loadCoreModule } from '../../src/cli/lib/core.ts'
import { STRIKES } from './boundaries.ts'
import { ACQUIRERS, MODES, PLAY_NAMES, runCell } from './crash-points.ts'
import { runGrid, tableOf } from './grid.ts'
import { readable } from './transcript.ts'

const { values } = parseArgs({
  options: {
    play: { type: 'string' },
    acquirer: { type: 'string' },
    mode: { type: 'string' },
    at: { type: 'string' },
    strike: { type: 'string' },
  },
})

const print = (text: string): void => void process.stdout.write(`${text}\n`)

function oneOf<T extends string>(name: string, value: string | undefined, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value)
  if (found === undefined) throw new RangeError(`--${name}: expected ${allowed.join(', ')}`)
  return found
}

const module = await loadCoreModule()
if (values.play === undefined) {
  const start = performance.now()
  const rows = await runGrid(module, { threads: 2 })
  for (const { violations } of rows)
    for (const violation of violations) print(`npm run test:crash-points -- ${violation}`)
  print('Boundaries of each play in each mode, all cells, and the number of cells with a violation:')
  print(tableOf(rows))
  print(`${((performance.now() - start) / 1000).toFixed(0)} s`)
  process.exitCode = rows.every(({ violations }) => violations.length === 0) ? 0 : 1
} else {
  const cell = {
    play: oneOf('play', values.play, PLAY_NAMES),
    acquirer: oneOf('acquirer', values.acquirer, ACQUIRERS),
    mode: oneOf('mode', values.mode, MODES),
    at: Number(values.at ?? -1),
    strike:
      values.strike === undefined || values.strike === 'none'
        ? null
        : oneOf('strike', values.strike, STRIKES),
  }
  const { met, violation } = await runCell(module, cell, (line) => {
    const text = readable(line)
    if (text !== null) print(text)
  })
  print(met.map((place, i) => `${i} ${place}${i === cell.at ? ' ←' : ''}`).join('\n'))
  print(violation ?? 'sound')
  process.exitCode = violation === null ? 0 : 1
}
