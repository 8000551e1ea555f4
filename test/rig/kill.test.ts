/** SIGKILL under load, the short form; `npm run test:kill` is the long one. */

import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { linesOf, runKills } from './kills.ts'

test('30 kills lose nothing, do nothing twice, tear nothing and leave nothing open', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'annul-kill-'))
  const seed = randomInt(2 ** 31)
  const report = await runKills({ dir, kills: 30, seed, terminals: 8, sales: 2 })
  const lines = [`npm run test:kill -- --kills 30 --seed ${seed}; its files: ${dir}`, ...linesOf(report)]
  expect(report.violations, lines.join('\n')).toEqual([])
  expect(report.cutOff).toBeGreaterThan(0)
  rmSync(dir, { recursive: true, force: true })
}, 180_000)
