/** @module Months of terminals' journals leave the database, and everything that must stay is there. */

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { auditedColumns, plain, replicaOf } from '../../src/cli/lib/audit-tables.ts'
import { findEntries } from '../../src/cli/lib/find-entries.ts'
import { isOver } from '../../src/cli/lib/plan-archive.ts'
import { readJournal } from '../../src/cli/lib/read-journal.ts'
import { COUNT_ENTRIES } from '../../src/store/size.ts'
import { ArchiveWorld, DAY_MS, dayOf, MARCH_IS_OVER, messageOfSale, TERMINALS } from './world.ts'

let world: ArchiveWorld
const worlds = new Map<boolean, ArchiveWorld>()
beforeAll(async () => {
  for (const isForwarded of [true, false])
    worlds.set(isForwarded, await ArchiveWorld.threeMonths(isForwarded))
})
afterEach(() => {
  if (![...worlds.values()].includes(world)) world.close()
})
afterAll(() => {
  for (const one of worlds.values()) one.close()
})

function threeMonths(isForwarded: boolean): void {
  const kept = worlds.get(isForwarded)
  if (kept === undefined) throw new Error('no world')
  world = kept
  world.restart()
}

const ACQUIRERS = [
  ['forwarded', true],
  ['inside', false],
] as const

describe.each(ACQUIRERS)('with the acquirer %s', (_, isForwarded) => {
  it('closed months leave, and all that is left and all that left is sound', async () => {
    threeMonths(isForwarded)
    expect(await world.verify()).toEqual({})
    const told = await world.archive(MARCH_IS_OVER)
    expect(told.map(({ terminalId, month, archived }) => [terminalId, month, archived])).toEqual(
      TERMINALS.flatMap((id) => ['2025-01', '2025-02', '2025-03'].map((month) => [id, month, true])),
    )
    expect(await world.verify()).toEqual({})
    expect(await world.verify(world.folder)).toEqual({})
    for (const table of ['sale', 'void', 'batch', 'reversal']) {
      const [row] = world.rows<{ n: number }>(`select count(*) as n from ${table}`)
      // Two terminals with one batch each are left.
      expect([table, row?.n]).toEqual([table, { sale: 6, void: 4, batch: 2, reversal: 4 }[table]])
    }
  })

  it('the files and the database give the tables that the database had before', async () => {
    threeMonths(isForwarded)
    const everything = new Map(
      (await wholeReplica()).map(([table, columns]) => [
        table,
        world.rows(`select ${columns.map(plain).join(', ')} from ${table}`),
      ]),
    )
    await world.archive(MARCH_IS_OVER)
    const { rows, heads } = await readJournal(world.execute, world.service.keyring, { folder: world.folder })
    const replica = await replicaOf(rows, heads)
    const inOrder = (found: readonly object[]) => found.map((row) => JSON.stringify(row)).toSorted()
    for (const [table, columns] of auditedColumns(replica)) {
      if (table === 'api_key') continue
      const now = replica.rows(`select ${columns.map(plain).join(', ')} from ${table}`)
      expect([table, inOrder(now)]).toEqual([table, inOrder(everything.get(table) ?? [])])
    }
    replica.close()
  })
})

async function wholeReplica() {
  const { rows, heads } = await readJournal(world.execute, world.service.keyring)
  const replica = await replicaOf(rows, heads)
  const columns = auditedColumns(replica)
  replica.close()
  return columns
}

it('the key of an outcome is no name: no message has it', async () => {
  threeMonths(true)
  await world.archive(MARCH_IS_OVER)
  const names = world.rows<{ name: unknown }>(`select name from archived where typeof(name) = 'text'`)
  expect(names.length).toBeGreaterThan(10)
  expect(names.filter(({ name }) => String(name).endsWith('|o'))).toEqual([])
})

it('a run without --apply says what would leave, and changes neither the database nor the folder', async () => {
  threeMonths(false)
  const before = world.dump()
  const told = await world.archive(MARCH_IS_OVER, { isApplied: false })
  expect(told.map(({ archived }) => archived)).toEqual(Array(6).fill(false))
  expect([world.dump(), world.folder.streams()]).toEqual([before, []])
  expect(await world.archive(MARCH_IS_OVER)).toHaveLength(6)
})

it('of a database in which all is old, only the heads stay, and the terminals go on', async () => {
  world = await ArchiveWorld.open(false)
  for (const month of [1, 2]) for (const id of TERMINALS) await world.live(id, dayOf(month, 20))
  await world.archive(dayOf(12, 31))
  expect(
    world.rows('select terminal_id, count(*) as n from journal where length(terminal_id) = 8 group by 1'),
  ).toEqual(TERMINALS.map((id) => ({ terminal_id: id, n: 1 })))
  expect(await world.verify()).toEqual({})
  expect(world.rows(`select ${COUNT_ENTRIES} as n`)).toEqual(world.rows('select count(*) as n from journal'))
  for (const id of TERMINALS) await world.live(id, dayOf(12, 31))
  expect(await world.verify()).toEqual({})
  expect(await world.verify(world.folder)).toEqual({})
  // The segments of a later run follow those of the first.
  await world.archive(dayOf(12, 31) + 300 * DAY_MS)
  expect(await world.verify(world.folder)).toEqual({})
  expect(world.folder.files(TERMINALS[0])).toHaveLength(4)
})

it('the same command again changes nothing', async () => {
  threeMonths(true)
  await world.archive(MARCH_IS_OVER)
  const before = world.dump()
  expect(await world.archive(MARCH_IS_OVER)).toEqual([])
  expect(world.dump()).toEqual(before)
})

describe('what stays', () => {
  const seqs = () =>
    world.rows<{ n: number }>(`select min(seq) as n from journal where terminal_id = '12345678'`)[0]?.n

  it('a month that has been over for 190 days and less', async () => {
    expect(isOver('2025-03', MARCH_IS_OVER - 1)).toBe(false)
    expect(isOver('2025-03', MARCH_IS_OVER)).toBe(true)
    expect(isOver('2024-12', Date.UTC(2025, 0, 1) + 190 * DAY_MS + 1)).toBe(true)
    threeMonths(false)
    const told = await world.archive(MARCH_IS_OVER - 1)
    expect(new Set(told.map(({ month }) => month))).toEqual(new Set(['2025-01', '2025-02']))
  })

  it('a batch that is open, however old it is', async () => {
    world = await ArchiveWorld.open(false)
    await world.live('12345678', dayOf(1, 20), false)
    expect(await world.archive(dayOf(12, 31))).toEqual([])
    expect(seqs()).toBe(1)
  })

  it('a sale that is voided in the next month, with all between both', async () => {
    world = await ArchiveWorld.open(false)
    await world.live('12345678', dayOf(1, 20))
    // In the merchant's time zone both are of one business day.
    const { kept } = await world.live('12345678', Date.UTC(2025, 1, 28, 23), false)
    world.setTime(Date.UTC(2025, 2, 1, 1))
    await world.terminal('12345678').terminal.voidSale(kept)
    await world.terminal('12345678').terminal.settle()
    expect(world.rows(`select state from batch where batch_number = '000002'`)).toEqual([{ state: 'closed' }])
    const februaryIsOver = Date.UTC(2025, 2, 1) + 190 * DAY_MS + 1
    const told = await world.archive(februaryIsOver)
    expect(told.map(({ month }) => month)).toEqual(['2025-01'])
    // Entries that depend on each other stay together.
    expect((await world.archive(MARCH_IS_OVER)).map(({ month }) => month)).toEqual(['2025-03'])
    expect(await world.verify()).toEqual({})
    expect(await world.verify(world.folder)).toEqual({})
  })

  it('the batch that was closed in the next month, until that is over; its sales leave before it', async () => {
    world = await ArchiveWorld.open(false)
    await world.live('12345678', Date.UTC(2025, 1, 28, 23), false)
    world.setTime(Date.UTC(2025, 2, 1, 1))
    await world.terminal('12345678').terminal.settle()
    const told = await world.archive(Date.UTC(2025, 2, 1) + 190 * DAY_MS + 1)
    expect(told.map(({ month }) => month)).toEqual(['2025-01', '2025-02'])
    expect(world.rows('select count(*) as n from sale')).toEqual([{ n: 0 }])
    expect(
      world.rows(`select state from batch where terminal_id = '12345678' order by batch_number`),
    ).toEqual([{ state: 'closed' }, { state: 'open' }])
    expect(await world.verify()).toEqual({})
    expect(await world.verify(world.folder)).toEqual({})
  })

  it.each([
    ['an open case', 'case_opened_at', '1'],
    ['an undecided message', 'state_raw', `'undoing'`],
    ['a reversal that is due at the acquirer', 'state_raw', `'reversing'`],
    ['a try that is due', 'next_at', '1'],
  ])('all from the month with %s on', async (_name, column, value) => {
    threeMonths(true)
    world.rows(messageOfSale(column, value, `sold_at between ${dayOf(2, 1)} and ${dayOf(3, 1)}`))
    const told = await world.archive(MARCH_IS_OVER)
    const of = (id: string) => told.filter(({ terminalId }) => terminalId === id).map(({ month }) => month)
    // The sign-on and the entries before the message are of February too.
    expect(of('12345678')).toEqual(['2025-01'])
    expect(of(TERMINALS[1])).toEqual(['2025-01', '2025-02', '2025-03'])
  })

  it('the streams of merchants and of administrators', async () => {
    threeMonths(false)
    const others = `select terminal_id, seq from journal where length(terminal_id) <> 8`
    const before = world.rows(others)
    await world.archive(MARCH_IS_OVER)
    expect(before.length).toBeGreaterThan(0)
    expect(world.rows(others)).toEqual(before)
    expect(world.folder.streams()).toEqual([...TERMINALS])
  })
})

it('a sale or void is found in the folder by id, RRN, and terminal, batch and trace number', async () => {
  world = await ArchiveWorld.open(true)
  const { voided, kept, saleRrn } = await world.live('12345678', dayOf(1, 20))
  const short = await world.live(TERMINALS[1], dayOf(1, 20))
  const [sale] = world.rows<{ id: string }>(
    `select id from sale where terminal_id = '12345678' and stan = '${kept}'`,
  )
  const [one] = world.rows<{ id: string; saleId: string; rrn: string }>(
    `select void.id, sale_id as saleId, void.rrn from void join sale on sale.id_raw = void.sale_id_raw
     where sale.terminal_id = '12345678' and stan = '${voided}'`,
  )
  await world.archive(dayOf(12, 31))
  const find = async (reference = '') =>
    (await findEntries(world.folder, world.service.keyring, reference)).map(({ entry }) => entry.kind)
  expect(await find(sale?.id)).toEqual(['sale_claim', 'sale'])
  expect(await find(saleRrn)).toEqual(['sale_claim', 'sale'])
  expect(await find(`12345678000001${kept}`)).toEqual(['sale_claim', 'sale'])
  for (const reference of [one?.id, one?.saleId, one?.rrn, `12345678000001${voided}`])
    expect(await find(reference)).toEqual(['sale_claim', 'sale', 'void_claim', 'void'])
  expect(await find(`${TERMINALS[1]}000001${short.kept}`)).toEqual(['sale_claim', 'sale'])
  expect(await find('f'.repeat(32))).toEqual([])
})
