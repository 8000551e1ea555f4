/** @module The statements that `annul journal rebuild` writes, on a database with settled messages. */

import { afterEach, beforeEach, expect, it } from 'vitest'
import { insertsOf } from '../../src/cli/lib/write-tables.ts'
import { HEADS, type HeadRow, PROJECTIONS } from '../../src/store/rebuild.ts'
import { type AuditedDay, openAuditedDay } from './audited-day.ts'

let day: AuditedDay
beforeEach(async () => {
  day = await openAuditedDay()
}, 30_000)
afterEach(() => day.close())

const WRONGS = [
  PROJECTIONS.map((table) => `delete from ${table}`),
  ['update sale set acquirer_stan_raw = acquirer_stan_raw + 1', 'delete from acquirer_message'],
  [
    'update void set acquirer_rrn_raw = null, settled_after = 1',
    'update acquirer_message set state_raw = null',
  ],
  ['update journal set void_of = 1 where seq = 2', 'update guard set version = 9'],
]

/** The tables of keys show a missing terminal too. The journal does not give them. */
const GIVEN: readonly string[] = [...PROJECTIONS, 'guard', 'journal']

const wrongTables = async () =>
  (await day.audit()).tables.filter(({ table, fault }) => fault !== null && GIVEN.includes(table))
const run = (sql: string): void => {
  for (const statement of sql.split('\n')) day.service.storage.rows(statement)
}
const headsNow = () => day.service.storage.rows<HeadRow>(HEADS)

it('make every wrong table what the journal gives, whichever are wrong', async () => {
  const { storage } = day.service
  expect(storage.rows('select 1 from settled_sale').length).toBeGreaterThan(4)
  for (const tampering of WRONGS) {
    for (const sql of tampering) storage.rows(sql)
    const wrong = await wrongTables()
    expect(wrong.length).toBeGreaterThan(1)
    run(insertsOf(day.replica, wrong, headsNow()))
    expect((await wrongTables()).map(({ table }) => table)).toEqual([])
  }
})

it('write nothing when a head has moved since it was read', async () => {
  const { storage } = day.service
  storage.rows('update sale set amount = amount + 1')
  const [first, ...others] = headsNow()
  if (first === undefined) throw new Error('no head')
  const sql = insertsOf(day.replica, await wrongTables(), [{ ...first, seq: first.seq - 1 }, ...others])
  expect(() => run(sql)).toThrow('NOT NULL constraint failed: guard.key')
  expect((await wrongTables()).map(({ table }) => table)).toEqual(['sale'])
})

it('delete no entry of the journal and no guard of a bucket', async () => {
  const { storage } = day.service
  storage.rows('update journal set void_of = 1 where seq = 2')
  storage.rows('update guard set version = 9')
  storage.rows(`insert into guard values ('bucket:7', 3)`)
  const sql = insertsOf(day.replica, await wrongTables(), headsNow())
  expect(sql).not.toContain('delete from journal')
  run(sql)
  expect(storage.rows(`select version from guard where key = 'bucket:7'`)).toEqual([{ version: 3 }])
})
