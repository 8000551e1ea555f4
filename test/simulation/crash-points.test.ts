/** @module The whole grid of crash points, counted: no cell ends wrong. */

import { expect, it } from 'vitest'
import { coreModule } from '../support/load-core.ts'
import { runGrid } from './grid.ts'

it('a message is struck at every boundary by everything that fits, and recovers', {
  timeout: 600_000,
}, async () => {
  const rows = await runGrid(coreModule, 2)
  expect(rows.flatMap(({ violations }) => violations)).toEqual([])
  const cells = rows.reduce((sum, row) => sum + row.cells, 0)
  // A change of the pipeline changes the number of its boundaries: look at what `npm run test:crash-points` prints, then
  // here.
  expect(cells).toBe(2009)
})
