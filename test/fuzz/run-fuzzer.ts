/**
 * @module Starts a fuzzer in a thread and waits for its result. An input that takes too long is a
 * counterexample.
 */

import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Mutant, Target } from './mutants.ts'

export interface Task {
  readonly target: Target
  readonly module: WebAssembly.Module
  readonly seed: number
  /** The earlier one ends the run. */
  readonly seconds: number
  readonly execs: number
  /** For the codec: by the coverage of its source. */
  readonly guided: boolean
  readonly mutant?: Mutant
  /** How long one input may take. */
  readonly deadlineSeconds: number
}

/** The thread's job. `shared` holds a count of inputs, and the length and bytes of the present one. */
export interface Job extends Task {
  readonly shared: SharedArrayBuffer
}

export type Message =
  | { readonly kind: 'done'; readonly note: string; readonly kept: readonly Uint8Array[] }
  | { readonly kind: 'result'; readonly description: string; readonly input: Uint8Array }

export interface Report {
  readonly execs: number
  readonly seconds: number
  readonly note: string
  readonly kept: readonly Uint8Array[]
  readonly result?: { readonly description: string; readonly input: Uint8Array }
}

const SHARED_BYTES = 1 << 20
const CHECK_EVERY_MS = 250
/** Until the first input, when everything is loaded. */
const LONGEST_START_SECONDS = 60
/** An input that fills it is a counterexample too. */
const MEMORY_MB = 1024

export function runFuzzer(task: Task): Promise<Report> {
  const shared = new SharedArrayBuffer(SHARED_BYTES)
  const counter = new Int32Array(shared, 0, 2)
  const job: Job = { ...task, shared }
  const start = performance.now()
  const worker = new Worker(join(import.meta.dirname, 'worker.ts'), {
    workerData: job,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  })
  return new Promise<Report>((resolve) => {
    let seen = 0
    let since = performance.now()
    const present = (): Uint8Array => new Uint8Array(shared, 8).slice(0, Atomics.load(counter, 1))
    const finish = (report: Partial<Report>): void => {
      clearInterval(timer)
      const execs = Atomics.load(counter, 0)
      void worker.terminate()
      resolve({ execs, seconds: (performance.now() - start) / 1000, note: '', kept: [], ...report })
    }
    const timer = setInterval(() => {
      const now = Atomics.load(counter, 0)
      if (now !== seen) {
        seen = now
        since = performance.now()
        return
      }
      const deadline = now === 0 ? LONGEST_START_SECONDS : task.deadlineSeconds
      if (performance.now() - since > 1000 * deadline)
        finish({ result: { description: `hangs: no end after ${deadline} s`, input: present() } })
    }, CHECK_EVERY_MS)
    worker.on('message', (message: Message) =>
      finish(message.kind === 'done' ? message : { result: message }),
    )
    // Usually out of memory: an error that the thread could not catch.
    worker.on('error', (error) => finish({ result: { description: String(error), input: present() } }))
    worker.on('exit', () => finish({ result: { description: 'the thread ended', input: present() } }))
  })
}
