/** @module One mode of the grid of crash points: no cell ends wrong. */

import { expect, it } from 'vitest'
import { PROOFS, type ProofName } from '../proofs.ts'
import { coreModule } from '../support/load-core.ts'
import type { Mode } from './crash-points.ts'
import { runGrid } from './grid.ts'

export function proveCrashPoints(name: ProofName, mode: Mode): void {
  const { whole } = PROOFS[name]
  it(`a message is struck at every boundary by everything that fits, and recovers: ${whole} cells`, {
    timeout: 600_000,
  }, async () => {
    const rows = await runGrid(coreModule, { threads: 1, modes: [mode] })
    expect(rows.flatMap(({ violations }) => violations)).toEqual([])
    // A change of the pipeline changes the number of boundaries: compare `npm run test:crash-points` with proofs.ts.
    expect(rows.reduce((sum, { cells }) => sum + cells, 0)).toBe(whole)
  })
}
