/** @module Statements over a set: built once, prepared once for each database handle, bound again for every set. */

import { DatabaseSync } from 'node:sqlite'
import { sql } from 'drizzle-orm'
import { expect, it } from 'vitest'
import { openDb } from '../../src/store/db.ts'
import { sale } from '../../src/store/schema.ts'
import { overItems, value, withValues } from '../../src/store/statements.ts'

/** The part of D1 that a batch needs, over SQLite in memory. */
function handle() {
  const sqlite = new DatabaseSync(':memory:')
  sqlite.exec('create table sale (id text, stan text); insert into sale values (1, 11), (2, 22), (3, 33)')
  const prepared: string[] = []
  const prepare = (text: string) => {
    prepared.push(text)
    return {
      bind:
        (...params: string[]) =>
        () => ({ results: sqlite.prepare(text).all(...params) }),
    }
  }
  const batch = async (statements: (() => unknown)[]) => statements.map((run) => run())
  return { db: openDb({ prepare, batch } as unknown as D1Database), prepared }
}

let built = 0
const stansOf = overItems((db, items) => {
  built++
  return db
    .select({ i: sql<number>`item.key`.as('i'), stan: sale.stan })
    .from(items)
    .innerJoin(sale, sql`${sale.id} = item.value ->> 'id' and ${'bound once'} = 'bound once'`)
})

it('gives each set its own rows, for two in one batch and for one sent twice', async () => {
  const { db, prepared } = handle()
  const [one, two] = [stansOf(db, [{ id: 1 }, { id: 3 }]), stansOf(db, [{ id: 2 }])]
  const expected = [
    [
      { i: 0, stan: '11' },
      { i: 1, stan: '33' },
    ],
    [{ i: 0, stan: '22' }],
  ]
  expect(await db.batch([one, two])).toEqual(expected)
  expect(await db.batch([one, two])).toEqual(expected)
  expect(await db.batch([stansOf(db, [])])).toEqual([[]])
  expect([built, prepared.length]).toEqual([1, 1])
})

it('prepares the same text for another handle, and reads that database', async () => {
  const before = built
  const [other, third] = [handle(), handle()]
  for (const { db } of [other, third, other])
    expect(await db.batch([stansOf(db, [{ id: 3 }])])).toEqual([[{ i: 0, stan: '33' }]])
  expect(built).toBe(before)
  expect([other.prepared, third.prepared].map(({ length }) => length)).toEqual([1, 1])
  expect(other.prepared).toEqual(third.prepared)
})

it('binds named values, and throws when one is missing', async () => {
  const { db } = handle()
  const stanOf = withValues((on) =>
    on
      .select({ stan: sale.stan })
      .from(sale)
      .where(sql`${sale.id} = ${value('id')}`),
  )
  expect(await db.batch([stanOf(db, { id: '2' }), stanOf(db, { id: '1' })])).toEqual([
    [{ stan: '22' }],
    [{ stan: '11' }],
  ])
  expect(() => stanOf(db, { other: 1 })).toThrow('id')
})
