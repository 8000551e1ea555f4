/**
 * @module A fuzzing loop guided by coverage: an input that runs a piece of source that none had run before is kept, and changed
 * further. V8 counts blocks; here a piece is a character of a source file.
 */

import { type Profiler, Session } from 'node:inspector'
import type { Random } from '../support/micro-random.ts'

/** Inputs between two looks at the counters, which cost more than an input. */
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

  /** Characters run since the last look and in none that was learnt. */
  look({ learn }: { readonly learn: boolean }): number {
    let fresh = 0
    // The callback comes before `post` returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error !== null) throw error
      for (const script of result) if (this.#isWatched(script.url)) fresh += this.#compare(script, learn)
    })
    return fresh
  }

  #compare({ url, functions }: Profiler.ScriptCoverage, learn: boolean): number {
    const ranges = functions.flatMap((each) => each.ranges)
    const length = Math.max(0, ...ranges.map(({ endOffset }) => endOffset))
    const known = this.#covered.get(url) ?? new Uint8Array()
    // An inner range stands behind the outer one that it corrects.
    const now = new Uint8Array(length)
    for (const { startOffset, endOffset, count } of ranges)
      now.fill(count > 0 ? 1 : 0, startOffset, endOffset)
    let fresh = 0
    for (let at = 0; at < length; at++) if (now[at] === 1 && known[at] !== 1) fresh++
    if (learn && fresh > 0) {
      const all = new Uint8Array(Math.max(length, known.length))
      all.set(known)
      for (let at = 0; at < length; at++) if (now[at] === 1) all[at] = 1
      this.#covered.set(url, all)
    }
    return fresh
  }

  /** Characters that were learnt. */
  get size(): number {
    return [...this.#covered.values()].reduce((sum, all) => sum + all.reduce((run, one) => run + one, 0), 0)
  }

  stop(): void {
    this.#session.disconnect()
  }
}

export interface Loop {
  readonly seeds: readonly Uint8Array[]
  /** Says what became of the input, in words that many share; throws where a property does not hold. */
  readonly attempt: (input: Uint8Array) => string
  readonly mutate: (input: Uint8Array, random: Random, other: Uint8Array) => Uint8Array
  readonly random: Random
  /** Without it, only what is said of an input tells whether it is new. */
  readonly coverage?: Coverage
  readonly isOver: () => boolean
}

/** Runs until it is over; returns the inputs that reached something new, in their order. */
export function fuzz({ seeds, attempt, mutate, random, coverage, isOver }: Loop): Uint8Array[] {
  const kept: Uint8Array[] = []
  /** Words → where in `kept` the shortest input lies of which they were said. */
  const said = new Map<string, number>()
  const attemptAll = (inputs: readonly Uint8Array[]): void => {
    for (const input of inputs) {
      const words = attempt(input)
      const at = said.get(words)
      if (at === undefined) said.set(words, kept.push(input) - 1)
      else if (input.length < (kept[at]?.length ?? 0)) kept[at] = input
    }
  }
  /** Finds among inputs those that run something new, by halves. */
  const learn = (inputs: readonly Uint8Array[]): void => {
    attemptAll(inputs)
    const isNew = (coverage?.look({ learn: inputs.length === 1 }) ?? 0) > 0
    if (!isNew) return
    if (inputs.length === 1) return void kept.push(...inputs)
    learn(inputs.slice(0, inputs.length >> 1))
    learn(inputs.slice(inputs.length >> 1))
  }
  const any = (): Uint8Array => kept[random.below(kept.length)] ?? Uint8Array.of(0)
  learn(seeds)
  while (!isOver()) learn(Array.from({ length: BATCH }, () => mutate(any(), random, any())))
  return [...new Set(kept)]
}
