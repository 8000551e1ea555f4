/** @module Runs the bench: every row, every entrant, and the ratios of one run. */

import { alternate, type Rounds } from './alternate.ts'
import { duplicateTables, heapOf } from './duplicate-tables.ts'
import { goalOf } from './goals.ts'
import { VOIDS } from './messages.ts'
import { rowsOf, type Subjects } from './rows.ts'

export interface Ratio {
  readonly entrant: string
  /** The entrant’s time or memory divided by ours: the median of the rounds. Null when not measured. */
  readonly ratio: number | null
  /** The quartiles of the rounds. */
  readonly low: number | null
  readonly high: number | null
  readonly goal: number | null
  readonly isMet: boolean | null
}

export interface Result {
  readonly row: string
  readonly ratios: readonly Ratio[]
}

export interface BenchOptions extends Rounds {
  /** The part of the fixed numbers of operations that is done, from 0 to 1. */
  readonly scale: number
}

const missed = (row: string, entrant: string): Ratio => ({
  entrant,
  ratio: null,
  low: null,
  high: null,
  goal: goalOf(row, entrant) ?? null,
  isMet: null,
})

function ratioOf(row: string, entrant: string, ratios: readonly number[]): Ratio {
  const sorted = ratios.toSorted((a, b) => a - b)
  const ratio = sorted[sorted.length >> 1] ?? 0
  const goal = goalOf(row, entrant)
  return {
    entrant,
    ratio,
    low: sorted[sorted.length >> 2] ?? 0,
    high: sorted[(3 * sorted.length) >> 2] ?? 0,
    goal: goal ?? null,
    isMet: goal === undefined ? null : ratio >= goal,
  }
}

/** The heap of the full JavaScript tables, divided by the bytes of ours, which never change. */
function memoryResult({ core, memory }: Subjects): Result {
  const row = 'memory of a full table'
  const own = memory.exports.DUPLICATES_BYTES.value
  const capacity = core.duplicates.capacity
  const ratios = duplicateTables(core)
    .slice(1)
    .map((make) => {
      let name = ''
      const heap = heapOf(() => {
        const table = make()
        name = table.name
        for (let number = 0; number < capacity; number++) {
          const message = VOIDS[number % VOIDS.length]?.frame.slice() ?? new Uint8Array()
          new DataView(message.buffer).setUint32(40, number)
          table.lookupOrInsert(message, number)
        }
        return table
      })
      return ratioOf(row, name, [heap / own])
    })
  return { row, ratios }
}

/** Measures every row. `onRow` is called as each is done. */
export async function runBench(
  subjects: Subjects,
  options: BenchOptions,
  onRow: (result: Result) => void = () => {},
): Promise<readonly Result[]> {
  const results: Result[] = []
  const add = (result: Result) => {
    results.push(result)
    onRow(result)
  }
  for (const { name, entrants, missing = [], operations } of rowsOf(subjects, options.scale)) {
    const all = entrants()
    const isLong = (operations ?? 0) >= 1_000_000
    const rounds = isLong ? Math.min(options.rounds, 5) : options.rounds
    const [ours = [], ...others] = await alternate(all, { ...options, rounds }, operations)
    const ratios = others.map((times, at) =>
      ratioOf(
        name,
        all[at + 1]?.name ?? '',
        times.map((time, round) => time / (ours[round] ?? 1)),
      ),
    )
    add({ row: name, ratios: [...ratios, ...missing.map((entrant) => missed(name, entrant))] })
  }
  add(memoryResult(subjects))
  return results
}
