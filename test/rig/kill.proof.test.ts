/** SIGKILL under load. `npm run test:kill -- --kills N` kills more often. */

import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sizeOf } from '../proofs.ts'
import { linesOf } from './kill-report.ts'
import { runKills } from './kills.ts'

const KILLS = sizeOf('rig/kill')
const NOTHING = 'lose nothing, do nothing twice, tear nothing and leave nothing open'

test.each([
  [KILLS / 3, `without an acquirer ${NOTHING}`, false],
  [(2 * KILLS) / 3, `with an acquirer behind the service ${NOTHING}, and its books are ours`, true],
])(
  '%i kills %s',
  async (kills, _, withAcquirer) => {
    const dir = mkdtempSync(join(tmpdir(), 'annul-kill-'))
    const seed = randomInt(2 ** 31)
    const report = await runKills({ dir, kills, seed, terminals: 6, sales: 2, withAcquirer })
    const lines = [`seed ${seed}, ${kills} kills; its files: ${dir}`, ...linesOf(report)]
    expect(report.violations, lines.join('\n')).toEqual([])
    expect(report.cutOff).toBeGreaterThan(0)
    rmSync(dir, { recursive: true, force: true })
  },
  300_000,
)
