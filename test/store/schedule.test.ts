/**
 * @module The order of the writes of a set, by a small table: a row has a unique value until an update frees it. The statements of
 * any legal list of writes end in the state of its writes one by one.
 */

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { schedule, type Write } from '../../src/store/schedule.ts'

const INSERT = 0
const UPDATE = 1

interface Row {
  readonly id: string
  /** Null: the row frees its value. */
  readonly value: string | null
  readonly number: number
}

/** The table: an upsert, and an update of rows that are there. Throws where two rows would have one value. */
class Table {
  readonly rows = new Map<string, Row>()

  apply(step: number, row: Row): void {
    if (step === UPDATE && !this.rows.has(row.id)) return
    const owner = [...this.rows.values()].find(({ value }) => value !== null && value === row.value)
    if (owner !== undefined && owner.id !== row.id) throw new Error(`${row.value} is taken`)
    this.rows.set(row.id, row)
  }
}

/** Legal writes after `before` rows. The rows of one terminal have values of their own. */
function legalWrites(draws: readonly number[], terminals: readonly Table[]): Write<Row>[] {
  const writes: Write<Row>[] = []
  for (const [number, draw] of draws.entries()) {
    const t = draw % terminals.length
    const table = terminals[t]
    const value = `v${(draw >> 2) % 3}`
    const owner = [...(table?.rows.values() ?? [])].find((row) => row.value === value)
    const isUpdate = owner !== undefined && draw % 5 > 1
    const id = owner?.id ?? `${t}-${number}`
    const row = { id, value: isUpdate && draw % 5 > 2 ? null : value, number }
    const step = isUpdate ? UPDATE : INSERT
    table?.apply(step, row)
    writes.push({ step, stream: `t${t}`, target: id, unique: isUpdate ? [] : [value], row })
  }
  return writes
}

it('keeps the effect of the writes one by one, also on rows of before the set', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1000), { maxLength: 60 }), fc.nat(60), (draws, cut) => {
      const terminals = [new Table(), new Table()]
      const writes = legalWrites(draws, terminals)
      // The first ones were committed before.
      const again = [new Table(), new Table()]
      const tableOf = ({ stream }: Write<Row>) => again[Number(stream.slice(1))]
      const before = writes.slice(0, cut)
      const set = writes.slice(cut)
      for (const write of before) tableOf(write)?.apply(write.step, write.row)
      const scheduled = schedule(set, (step) => step === UPDATE)
      const byRow = new Map(set.map((write) => [write.row, write]))
      for (const { step, rows } of scheduled)
        for (const row of rows) again[Number(byRow.get(row)?.stream.slice(1))]?.apply(step, row)
      expect(again.map(({ rows }) => rows)).toEqual(terminals.map(({ rows }) => rows))
      expect(scheduled.flatMap(({ rows }) => rows)).toHaveLength(set.length)
      for (const { step, rows } of scheduled)
        if (step === UPDATE) expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length)
    }),
    { numRuns: 1000 },
  )
})

it('writes that do not meet share a statement', () => {
  const write = (step: number, target: string, unique: string[] = []): Write<string> => ({
    ...{ step, stream: 's', target, unique },
    row: target,
  })
  const writes = [
    ...[write(INSERT, 'a', ['x']), write(UPDATE, 'a'), write(INSERT, 'b', ['y']), write(UPDATE, 'b')],
    write(INSERT, 'c', ['x']),
  ]
  expect(schedule(writes, (step) => step === UPDATE).map(({ rows }) => rows)).toEqual([
    ['a', 'b'],
    ['a', 'b'],
    ['c'],
  ])
})
