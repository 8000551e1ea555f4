/** @module Runs worlds on several threads. The same seeds give the same worlds on every machine. */

import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Report } from './report.ts'
import type { Restored } from './restore.ts'
import type { Mutant } from './take-out.ts'

export interface Job {
  readonly module: WebAssembly.Module
  readonly seed: number
  readonly stride: number
  readonly voids: number
  readonly mutant: Mutant | null
  readonly trace: boolean
  readonly untilViolation: boolean
  readonly isMild: boolean
}

type ThreadMessage = { readonly report: Report } | { readonly line: string }

/** Runs worlds on consecutive seeds until this many voids were requested. */
export async function runWorlds(
  options: Pick<Job, 'module' | 'seed' | 'voids'> & Partial<Job> & { readonly threads?: number },
  received: (report: Report) => void,
  line: (text: string) => void = () => {},
): Promise<void> {
  const { threads = 1, voids, seed, ...job } = options
  const each = Array.from({ length: threads }, (_, i) =>
    runThread(
      {
        mutant: null,
        trace: false,
        untilViolation: false,
        isMild: false,
        ...job,
        seed: seed + i,
        stride: threads,
        voids: Math.ceil(voids / threads),
      },
      (message) => ('report' in message ? received(message.report) : line(message.line)),
    ),
  )
  await Promise.all(each)
}

/** One digest over all of them, whatever the order of their ends. */
export function digestOf(reports: readonly Report[]): string {
  const hash = createHash('sha256')
  for (const { seed, transcript } of reports.toSorted((a, b) => a.seed - b.seed))
    hash.update(`${seed} ${transcript}\n`)
  return hash.digest('hex').slice(0, 16)
}

function runThread(job: Job, send: (message: ThreadMessage) => void): Promise<void> {
  const worker = new Worker(join(import.meta.dirname, 'thread.ts'), {
    workerData: job,
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  worker.on('message', send)
  return ended(worker)
}

/** Restores on consecutive seeds, in their own thread. */
export function runRestores(
  module: WebAssembly.Module,
  seeds: { readonly from: number; readonly count: number },
): Promise<{ readonly seed: number; readonly restored: Restored }[]> {
  const done: { seed: number; restored: Restored }[] = []
  const worker = new Worker(join(import.meta.dirname, 'restore-thread.ts'), {
    workerData: { module, ...seeds },
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  worker.on('message', (one: { seed: number; restored: Restored }) => done.push(one))
  return ended(worker).then(() => done)
}

/** Resolves when the thread has finished. */
export const ended = (worker: Worker): Promise<void> =>
  new Promise((resolve, reject) => {
    worker.on('error', reject)
    worker.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a thread ended with ${code}`))))
  })
