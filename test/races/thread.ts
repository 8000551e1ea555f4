/** @module A thread of rooms: takes a room's job, does it, asks for the next. */

import { parentPort, workerData } from 'node:worker_threads'
import { type RoomJob, runRoom } from './rooms.ts'

parentPort?.on('message', async (job: RoomJob) => {
  parentPort?.postMessage({ job, report: await runRoom(job, workerData as WebAssembly.Module) })
})
