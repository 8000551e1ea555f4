/**
 * @module `npm run bench [-- --rounds N] [--ms N] [--json]`: the core against what a program would use instead. Prints
 * ratios of this one run. The exit code is 1 when a goal is missed.
 */

import { parseArgs } from 'node:util'
import { loadCoreModule } from '../../src/cli/lib/core.ts'
import { coreOver } from '../../src/core/instance.ts'
import { CoreMemory } from '../../src/core/memory.ts'
import { runBench } from './bench.ts'
import { Native } from './native.ts'
import { textOf } from './text-of.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '61' },
    ms: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
})

const memory = new CoreMemory(await loadCoreModule())
const core = coreOver(memory, (bytes) => crypto.getRandomValues(bytes))
const native = Native.start()
try {
  const options = { rounds: Number(values.rounds), ms: Number(values.ms), scale: 1 }
  const results = await runBench({ core, memory, native }, options, (result) => {
    if (!values.json) console.log(textOf(result))
  })
  if (values.json) console.log(JSON.stringify(results, null, 2))
  if (results.some(({ ratios }) => ratios.some(({ isMet }) => isMet === false))) process.exitCode = 1
} finally {
  native?.stop()
}
