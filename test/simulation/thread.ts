/** @module A thread of worlds: one after the other, each on its seed. Loads the service itself, with a check taken out where one is named. */

import { parentPort, workerData } from 'node:worker_threads'
import { takeOut } from './take-out.ts'
import type { Job } from './threads.ts'

const { module, seed, stride, voids, mutant, trace, untilViolation, isMild } = workerData as Job
if (mutant !== null) takeOut(mutant)
// Only now: what a mutant changes must not be loaded yet.
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
