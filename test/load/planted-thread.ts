/** @module A thread that loads a service with a planted bug, and posts its report. The service is loaded here, after the change. */

import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { takeOut } from '../simulation/take-out.ts'
import { readOptions } from './options.ts'
import type { PlantedBug } from './planted-bugs.ts'

const { bug, module, seed } = workerData as {
  readonly bug: PlantedBug | null
  readonly module: WebAssembly.Module
  readonly seed: number
}
for (const change of bug?.changes ?? []) takeOut({ name: bug?.name ?? '', ...change })
const { startInProcess } = await import('./in-process.ts')
const { runLoad } = await import('./run-load.ts')

const options = readOptions(
  [
    ...['--rate', '250', '--duration', '1.2', '--terminals', '18', '--connections', '16', '--floors', '0'],
    ...[
      '--mix',
      'sale=30,void=25,copy=15,reversal=15,rival=8,late=7',
      '--lose',
      '0.05',
      '--seed',
      String(seed),
    ],
  ],
  seed,
)
const target = await startInProcess(module, bug?.sql)
const report = await runLoad(target, options, { step: () => undefined, live: () => undefined })
await target.stop()
parentPort?.postMessage(report)
await sleep(0)
