/**
 * @module A fuzzing loop guided by coverage: an input that runs a new piece of source is kept and changed
 * further. V8 counts blocks. Here a piece is a character of a source file.
 */

import { type Profiler, Session } from 'node:inspector'
import type { Random } from '../support/micro-random.ts'

/** Inputs between two reads of the counters, which cost more than an input. */
const BATCH = 256

export class Coverage {
  readonly #session = new Session()
  readonly #isWatched: (url: string) => boolean
  readonly #covered = new Map<string, Uint8Array>()

  constructor(isWatched: (url: string) => boolean) {
    this.#isWatched = isWatched
    this.#session.connect()
    this.#session.post('Profiler.enable')
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** Characters that ran since the last read and are not in the learnt ones. */
  measure({ search: learn }: { readonly search: boolean }): number {
    let fresh = 0
    // The callback runs before `post` returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error !== null) throw error
      for (const script of result) if (this.#isWatched(script.url)) fresh += this.#compare(script, learn)
    })
    return fresh
  }

  #compare({ url, functions }: Profiler.ScriptCoverage, learn: boolean): number {
    const ranges = functions.flatMap((each) => each.ranges)
    const length = Math.max(0, ...ranges.map(({ endOffset }) => endOffset))
    const covered = this.#covered.get(url) ?? new Uint8Array()
    // An inner range follows the outer one that it corrects.
    const now = new Uint8Array(length)
    for (const { startOffset, endOffset, count } of ranges)
      now.fill(count > 0 ? 1 : 0, startOffset, endOffset)
    let fresh = 0
    for (let at = 0; at < length; at++) if (now[at] === 1 && covered[at] !== 1) fresh++
    if (learn && fresh > 0) {
      const all = new Uint8Array(Math.max(length, covered.length))
      all.set(covered)
      for (let at = 0; at < length; at++) if (now[at] === 1) all[at] = 1
      this.#covered.set(url, all)
    }
    return fresh
  }

  /** The number of learnt characters. */
  get size(): number {
    return [...this.#covered.values()].reduce((sum, all) => sum + all.reduce((run, one) => run + one, 0), 0)
  }

  stop(): void {
    this.#session.disconnect()
  }
}

export interface Loop {
  readonly seeds: readonly Uint8Array[]
  /**
   * Returns a short description of the input, which many inputs share. Throws when a property does not hold.
   */
  readonly attempt: (input: Uint8Array) => string
  readonly mutate: (input: Uint8Array, random: Random, other: Uint8Array) => Uint8Array
  readonly random: Random
  /** Without it, only the description shows whether an input is new. */
  readonly coverage?: Coverage
  readonly isDone: () => boolean
}

/** Runs until `isDone`. Returns the inputs that reached something new, in their order. */
export function fuzz({ seeds, attempt, mutate, random, coverage, isDone }: Loop): Uint8Array[] {
  const kept: Uint8Array[] = []
  /** Description → the index in `kept` of the shortest input with it. */
  const byDescription = new Map<string, number>()
  const attemptAll = (inputs: readonly Uint8Array[]): void => {
    for (const input of inputs) {
      const description = attempt(input)
      const at = byDescription.get(description)
      if (at === undefined) byDescription.set(description, kept.push(input) - 1)
      else if (input.length < (kept[at]?.length ?? 0)) kept[at] = input
    }
  }
  /** Finds the inputs that run something new, by halves. */
  const learn = (inputs: readonly Uint8Array[]): void => {
    attemptAll(inputs)
    const isNew = (coverage?.measure({ search: inputs.length === 1 }) ?? 0) > 0
    if (!isNew) return
    if (inputs.length === 1) return void kept.push(...inputs)
    learn(inputs.slice(0, inputs.length >> 1))
    learn(inputs.slice(inputs.length >> 1))
  }
  const any = (): Uint8Array => kept[random.below(kept.length)] ?? Uint8Array.of(0)
  learn(seeds)
  while (!isDone()) learn(Array.from({ length: BATCH }, () => mutate(any(), random, any())))
  return [...new Set(kept)]
}
