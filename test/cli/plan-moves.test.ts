/** @module The plan of moves between databases: they become even, no move makes it worse, and even ones stay as they are. */

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { planMoves } from '../../src/cli/lib/plan-moves.ts'

const load = (name: string, entries: readonly (readonly [number, number])[]) => ({
  name,
  entries: new Map(entries),
})

const sums = (loads: readonly { readonly entries: ReadonlyMap<number, number> }[]): number[] =>
  loads.map(({ entries }) => [...entries.values()].reduce((sum, one) => sum + one, 0))

it('a new database gets half of the entries', () => {
  const full = load(
    'DB_0',
    Array.from({ length: 8 }, (_, bucket) => [bucket, 100] as const),
  )
  const moves = planMoves([full, load('DB_1', [])])
  expect(moves).toEqual([0, 1, 2, 3].map((bucket) => ({ bucket, from: 'DB_0', to: 'DB_1', entries: 100 })))
})

it.each([
  ['one database', [load('DB_0', [[1, 100]])]],
  ['a bucket that is the whole difference', [load('DB_0', [[1, 100]]), load('DB_1', [])]],
  [
    'databases that differ by less than a tenth',
    [
      load('DB_0', [
        [1, 52],
        [2, 52],
      ]),
      load('DB_1', [[3, 100]]),
    ],
  ],
  ['empty databases', [load('DB_0', []), load('DB_1', [])]],
])('nothing moves: %s', (_, loads) => {
  expect(planMoves(loads)).toEqual([])
})

const LOADS = fc
  .array(fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 30 }), { minLength: 1, maxLength: 6 })
  .map((databases) => {
    let bucket = 0
    return databases.map((counts, i) =>
      load(
        `DB_${i}`,
        counts.map((count) => [bucket++, count] as const),
      ),
    )
  })

it('each move takes a bucket from where it is, once, and makes the databases more even', () => {
  fc.assert(
    fc.property(LOADS, (loads) => {
      const now = loads.map(({ name, entries }) => ({ name, entries: new Map(entries) }))
      const squares = () => sums(now).reduce((sum, one) => sum + one * one, 0)
      const seen = new Set<number>()
      for (const { bucket, from, to, entries } of planMoves(loads)) {
        const before = squares()
        const [source, target] = [from, to].map((name) => now.find((one) => one.name === name))
        expect([source?.entries.get(bucket), seen.has(bucket)]).toEqual([entries, false])
        seen.add(bucket)
        source?.entries.delete(bucket)
        target?.entries.set(bucket, entries)
        expect(squares()).toBeLessThan(before)
      }
    }),
  )
})
