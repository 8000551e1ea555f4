/** @module Starts a fuzzer in a thread and waits for what it finds; an input that takes too long is a finding. */

import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Mutant, Target } from './mutants.ts'

export interface Task {
  readonly target: Target
  readonly module: WebAssembly.Module
  readonly seed: number
  /** Whichever comes first. */
  readonly seconds: number
  readonly execs: number
  /** Of the codec: by the coverage of its source. */
  readonly guided: boolean
  readonly mutant?: Mutant
  /** How long one input may take. */
  readonly deadlineSeconds: number
}

/** What the thread is given: a count of inputs, the length of the present one and its bytes lie in `shared`. */
export interface Job extends Task {
  readonly shared: SharedArrayBuffer
}

export type Message =
  | { readonly kind: 'done'; readonly note: string; readonly kept: readonly Uint8Array[] }
  | { readonly kind: 'result'; readonly words: string; readonly input: Uint8Array }

export interface Report {
  readonly execs: number
  readonly seconds: number
  readonly note: string
  readonly kept: readonly Uint8Array[]
  readonly result?: { readonly words: string; readonly input: Uint8Array }
}

const SHARED_BYTES = 1 << 20
const LOOK_EVERY_MS = 250
/** Until the first input: everything is loaded then. */
const LONGEST_START_SECONDS = 60
/** An input that fills it is a finding, too. */
const MEMORY_MB = 1024

export function hunt(task: Task): Promise<Report> {
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
        finish({ result: { words: `hangs: no end after ${deadline} s`, input: present() } })
    }, LOOK_EVERY_MS)
    worker.on('message', (message: Message) =>
      finish(message.kind === 'done' ? message : { result: message }),
    )
    // Out of memory, as a rule: an error that the thread could not catch.
    worker.on('error', (error) => finish({ result: { words: String(error), input: present() } }))
    worker.on('exit', () => finish({ result: { words: 'the thread ended', input: present() } }))
  })
}
