/** Loss of power. `npm run test:power -- --cuts N` makes more cuts. */

import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sizeOf } from '../proofs.ts'
import { linesOf, runPowerCuts } from './power.ts'

const CUTS = sizeOf('rig/power')

test(`survives ${CUTS} cuts of the write-ahead log with nothing torn or done twice, and noise after its end loses nothing`, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'annul-power-'))
  const seed = randomInt(2 ** 31)
  const report = await runPowerCuts({ dir, cuts: CUTS, seed, startEvery: 10 })
  const lines = [`npm run test:power -- --cuts ${CUTS} --seed ${seed}; its files: ${dir}`, ...linesOf(report)]
  expect(report.violations, lines.join('\n')).toEqual([])
  expect(report.entriesLost).toBeGreaterThan(0)
  rmSync(dir, { recursive: true, force: true })
}, 180_000)
