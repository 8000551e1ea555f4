/** @module A thread with a service whose bugs can be switched on. It loads the service with each bug in turn, and posts the reports. */

import { parentPort, workerData } from 'node:worker_threads'
import { takeOutAll } from '../simulation/take-out.ts'
import { PLANTED_BUGS } from './planted-bugs.ts'
import { SHORT_LOAD } from './short-load.ts'

const { module, bugs } = workerData as { readonly module: WebAssembly.Module; readonly bugs: number }
takeOutAll(PLANTED_BUGS.flatMap(({ name, changes }) => changes.map((change) => ({ name, ...change }))))
// Loaded here, after the changes.
const { startInProcess } = await import('./in-process.ts')
const { runLoad } = await import('./run-load.ts')

for (const { name, indexes, condition } of PLANTED_BUGS.slice(0, bugs)) {
  const target = await startInProcess(module)
  const { storage } = target
  for (const index of indexes) storage.rows(`drop index ${index}`)
  if (condition !== null) {
    const [trigger] = storage.rows<{ sql: string }>(`select sql from sqlite_master where name = 'arrive'`)
    storage.rows('drop trigger arrive')
    storage.rows(trigger?.sql.replace(condition, '') ?? '')
  }
  globalThis.plantedBug = name
  const report = await runLoad(target, SHORT_LOAD, { step: () => undefined, live: () => undefined })
  globalThis.plantedBug = undefined
  await target.stop()
  parentPort?.postMessage({ name, report })
}
