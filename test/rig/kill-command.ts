/** @module `npm run test:kill [-- --kills N] [--seed N]`: the long form of `kill.test.ts`. Keeps its files where it fails. */

import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { linesOf, runKills } from './kills.ts'

const { values } = parseArgs({ options: { kills: { type: 'string' }, seed: { type: 'string' } } })
const kills = Number(values.kills ?? 1000)
const seed = Number(values.seed ?? randomInt(2 ** 31))
const dir = mkdtempSync(join(tmpdir(), 'annul-kill-'))
console.log(`seed ${seed}`)
const since = performance.now()
const progress = (line: string) => void (process.stderr.isTTY && process.stderr.write(`\r${line}`))
const report = await runKills({ dir, kills, seed, progress })
for (const line of linesOf(report)) console.log(line)
console.log(`${Math.round((performance.now() - since) / 1000)} s`)
if (report.violations.length === 0) rmSync(dir, { recursive: true, force: true })
else {
  console.log(`npm run test:kill -- --kills ${kills} --seed ${seed}; its files: ${dir}`)
  process.exitCode = 1
}
