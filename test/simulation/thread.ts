/**
 * @module A thread of worlds, one after the other, each on its seed. It loads the service itself, without the
 * named check, if any.
 */

import { parentPort, workerData } from 'node:worker_threads'
import { takeOut } from './take-out.ts'
import type { Job } from './threads.ts'

const { module, seed, stride, voids, mutant, trace, untilViolation, isMild } = workerData as Job
if (mutant !== null) takeOut(mutant)
// Loaded here, because a mutant's file must not be loaded earlier.
const { World } = await import('./world.ts')

const answers = trace ? (line: string) => parentPort?.postMessage({ line }) : undefined
let done = 0
let world: InstanceType<typeof World> | undefined
process.on('unhandledRejection', (error) => world?.fail(error))
for (let next = seed; done < voids; next += stride) {
  world = new World({ seed: next, module, isMild, ...(answers === undefined ? {} : { trace: answers }) })
  const report = await world.run()
  parentPort?.postMessage({ report })
  done += report.voids
  if (untilViolation && report.violation !== null) break
}
