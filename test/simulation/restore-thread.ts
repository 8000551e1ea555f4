/** @module A thread of restores, one after the other, each on its seed. */

import { parentPort, workerData } from 'node:worker_threads'
import { runRestore } from './restore.ts'

const { module, from, count } = workerData as { module: WebAssembly.Module; from: number; count: number }
for (let seed = from; seed < from + count; seed++)
  parentPort?.postMessage({ seed, restored: await runRestore(module, seed) })
