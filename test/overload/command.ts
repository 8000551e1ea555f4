/**
 * @module `npm run test:overload [-- --d1-ms N] [--times N] [--rounds N] [--seconds N]`: the long form of
 * `overload.test.ts`. Prints the table. The exit code is 1 when a goal is missed.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startRig } from '../rig/rig.ts'
import { goalsOf, linesOf, measureRig } from './measure.ts'

const { values } = parseArgs({
  options: {
    'd1-ms': { type: 'string', default: '25' },
    times: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
  },
})

const dir = mkdtempSync(join(tmpdir(), 'annul-overload-'))
const rig = await startRig({ dir })
try {
  const measured = await measureRig(rig, {
    d1Ms: Number(values['d1-ms']),
    times: Number(values.times),
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    connections: 512,
    terminals: 600,
  })
  console.log(linesOf(measured).join('\n'))
  if (goalsOf(measured).some(({ isMet }) => !isMet)) process.exitCode = 1
} finally {
  await rig.stop()
  rmSync(dir, { recursive: true, force: true })
}
