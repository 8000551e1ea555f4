/** @module A thread of races: receives a job, runs it, requests the next. */

import { parentPort, workerData } from 'node:worker_threads'
import { type RaceJob, runRace } from './settings.ts'

parentPort?.on('message', async (job: RaceJob) => {
  parentPort?.postMessage({ job, report: await runRace(job, workerData as WebAssembly.Module) })
})
