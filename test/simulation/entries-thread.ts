/**
 * @module A thread of worlds and restored databases, one after the other, each on its seed. It returns the rows of every
 * journal that they leave.
 */

import { parentPort, workerData } from 'node:worker_threads'
import type { JournalRow } from '../../src/store/journal.ts'
import { Storage } from './platform/d1.ts'
import { runRestore } from './restore.ts'
import { World } from './world.ts'

const { module, worlds, restores } = workerData as {
  module: WebAssembly.Module
  worlds: readonly number[]
  restores: readonly number[]
}

const close = Storage.prototype.close
Storage.prototype.close = function () {
  const rows = this.rows<JournalRow>(
    `select terminal_id as terminalId, seq, hash, message_key as messageKey, rrn, body
     from journal order by terminal_id, seq`,
  )
  parentPort?.postMessage(rows.map((row) => ({ ...row })))
  close.call(this)
}

for (const seed of worlds) await new World({ seed, module }).run()
for (const seed of restores) await runRestore(module, seed)
