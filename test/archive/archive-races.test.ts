/** @module The service works while the archiver runs. A month in which something changes stays, and no entry is written about what left. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ArchiveFolder } from '../../src/cli/lib/archive-folder.ts'
import type { Execute } from '../../src/cli/lib/archived-chain.ts'
import { emptySegment, insertSegment } from '../../src/store/archive/move-out.ts'
import { append, type IncomingRow } from '../../src/store/commit.ts'
import { openDb } from '../../src/store/db.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { bindD1 } from '../simulation/platform/d1.ts'
import { ArchiveWorld, dayOf, MARCH_IS_OVER, messageOfSale, TERMINALS } from './world.ts'

const [TID] = TERMINALS

/** A segment with the hash of no entry. */
const UNKNOWN = {
  terminalId: TID,
  firstSeq: 1,
  lastSeq: 1,
  month: '2025-01',
  lastHash: 'ab'.repeat(32),
  openBatch: '000002',
  digest: '',
  names: '',
  state: '{}',
  archivedAt: 0,
  mac: '',
  macKey: 1,
}

let world: ArchiveWorld
beforeAll(async () => {
  world = await ArchiveWorld.open(true)
  for (const month of [1, 2]) for (const id of TERMINALS) await world.live(id, dayOf(month, 20))
  await world.live(TID, dayOf(10, 20), false)
  world.service.storage.backUp()
})
afterAll(() => world.close())

const start = (): ArchiveFolder => world.restart()

describe('while it runs', () => {
  it('the service appends to the same terminals between any two of its steps', async () => {
    const folder = start()
    world.setTime(dayOf(10, 21))
    await world.terminal(TID).terminal.signOn()
    let sales = 0
    const execute: Execute = async (statements) => {
      const sold = await world.terminal(TID).terminal.sale(1000 + 100 * sales++, testCard(1))
      if (!sold.ok || sold.value.outcome !== 'approved') throw new Error('no sale')
      return world.execute(statements)
    }
    const told = await world.archive(MARCH_IS_OVER, { folder, execute })
    expect(
      told.filter(({ archived }) => archived).map(({ terminalId, month }) => `${terminalId} ${month}`),
    ).toEqual([
      `${TERMINALS[0]} 2025-01`,
      `${TERMINALS[0]} 2025-02`,
      `${TERMINALS[1]} 2025-01`,
      `${TERMINALS[1]} 2025-02`,
    ])
    expect(sales).toBeGreaterThan(6)
    expect(await world.verify()).toEqual({})
    expect(await world.verify(folder)).toEqual({})
  })

  it('a case that opens on a planned month keeps it, and the next run says so', async () => {
    const folder = start()
    const opens = messageOfSale('case_opened_at', '1', 'true')
    const execute: Execute = async (statements) => {
      if (statements[0]?.startsWith('insert into archive_segment')) world.rows(opens)
      return world.execute(statements)
    }
    const told = await world.archive(MARCH_IS_OVER, { folder, execute })
    expect(told.map(({ terminalId, archived }) => [terminalId, archived])).toEqual([
      [TERMINALS[0], false],
      [TERMINALS[0], false],
      [TERMINALS[1], true],
      [TERMINALS[1], true],
    ])
    // The files without a row go with the next run.
    const again = (await world.archive(MARCH_IS_OVER, { folder })).filter(
      ({ terminalId }) => terminalId === TID,
    )
    expect(again.map(({ last }) => last)).toEqual([1])
    expect(folder.files(TID)).toEqual(['2025-01-000000001-000000001.ndjson'])
  })

  it.each([
    ['follows an entry of it', (key: string) => `'${key}|case|999', null`],
    ['voids a sale of it', () => `'another', 2`],
    ['ends a void of it', () => `'another', -2`],
  ])('an entry that %s keeps the month', async (_, values) => {
    const folder = start()
    const [sale] = world.rows<{ key: string }>(
      `select message_key as key from sale where terminal_id = '${TID}' limit 1`,
    )
    const execute: Execute = async (statements) => {
      if (statements[0]?.startsWith('insert into archive_segment'))
        world.rows(`insert into journal (terminal_id, seq, hash_raw, body, message_key, void_of)
          values ('${TID}', 9999, x'00', '[]', ${values(sale?.key ?? '')})`)
      return world.execute(statements)
    }
    const told = await world.archive(MARCH_IS_OVER, { folder, execute })
    expect(told.filter(({ archived }) => archived).map(({ terminalId }) => terminalId)).toEqual([
      TERMINALS[1],
      TERMINALS[1],
    ])
    world.rows('delete from journal where seq = 9999')
  })

  it('two runs at once move each month once', async () => {
    const folder = start()
    await Promise.allSettled([
      world.archive(MARCH_IS_OVER, { folder }),
      world.archive(MARCH_IS_OVER, { folder }),
    ])
    await world.archive(MARCH_IS_OVER, { folder })
    expect(await world.verify(folder)).toEqual({})
    expect(world.rows('select count(*) as n from archive_segment')).toEqual([{ n: 4 }])
  })
})

describe('an entry that was decided before the month left', () => {
  const row = (more: Partial<IncomingRow>): IncomingRow => {
    const [head] = world.rows<{ seq: number; hash: string }>(
      `select head_seq as seq, head_hash as hash from terminal where terminal_id = '${TID}'`,
    )
    return {
      terminalId: TID,
      seq: Number(head?.seq) + 1,
      hash: 'ab'.repeat(32),
      previousHash: String(head?.hash),
      messageKey: 'new',
      rrn: null,
      body: '[]',
      needs: [],
      moves: [],
      ...more,
    }
  }

  it.each([
    ['has its key', (key: string) => ({ messageKey: key })],
    ['follows an entry in it', (key: string) => ({ messageKey: `${key}|case|9`, baseKey: key })],
    ['tombstones a message in it', (key: string) => ({ tombstonedKey: key })],
    ['draws the number of a captured sale in it', (key: string) => ({ claimSaleKey: key })],
    ['has an RRN in it', (_: string, rrn: string) => ({ rrn })],
    ['voids a sale in it', (key: string) => ({ voidSign: 1 as const, voidedSaleKey: key })],
  ])('is not written when it %s', async (_, more) => {
    const folder = start()
    const [sale] = world.rows<{ key: string; rrn: string }>(
      `select message_key as key, rrn from sale where terminal_id = '${TID}' order by sold_at limit 1`,
    )
    await world.archive(MARCH_IS_OVER, { folder })
    const db = openDb(bindD1(world.service.storage, async (_trip, apply) => apply()))
    const written = async (item: IncomingRow) => {
      await db.batch([append(db, [item])])
      return world.rows(`select 1 from journal where hash = '${item.hash}'`).length
    }
    expect(await written(row(more(sale?.key ?? '', sale?.rrn ?? '')))).toBe(0)
    expect(await written(row({}))).toBe(1)
  })
})

it('a stream begins once, also when its terminal is lost and its first month is in the archive', async () => {
  const folder = start()
  await world.archive(MARCH_IS_OVER, { folder })
  const begins = () => {
    world.rows(`insert into incoming (terminal_id, seq, previous_hash_raw, hash_raw, message_key, body, needs, moves)
      values ('${TID}', 1, zeroblob(32), x'ab', 'new', '[]', '[]', '[]')`)
    return world.rows(`select 1 from journal where terminal_id = '${TID}' and seq = 1`).length
  }
  expect(begins()).toBe(0)
  world.rows(`delete from journal where terminal_id = '${TID}'`)
  expect(begins()).toBe(0)
  world.rows(`delete from archive_segment where terminal_id = '${TID}'`)
  expect(begins()).toBe(1)
})

it('each statement of a segment finds its rows by an index', () => {
  start()
  const plans = [insertSegment(UNKNOWN), ...emptySegment(UNKNOWN)].flatMap((sql) =>
    world.rows<{ detail: string }>(`explain query plan ${sql}`),
  )
  expect(plans.length).toBeGreaterThan(20)
  expect(plans.filter(({ detail }) => detail.startsWith('SCAN'))).toEqual([])
})

it('the statements of a segment do nothing without its row', async () => {
  const folder = start()
  const before = world.dump()
  const [segment] = await world.archive(MARCH_IS_OVER, { folder, isApplied: false })
  const row = { ...UNKNOWN, firstSeq: segment?.first ?? 1, lastSeq: segment?.last ?? 1 }
  // The hash is not that of the entry, so the row is not written either.
  for (const sql of [insertSegment(row), ...emptySegment(row)]) await world.execute([sql])
  expect(world.dump()).toEqual(before)
})
