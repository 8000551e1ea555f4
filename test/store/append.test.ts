/**
 * @module The append of several entries of one terminal. A set has the effect of its entries one by one, up to the first
 * that fails. The oracle commits each entry in a set of its own.
 */

import { describe, expect, it } from 'vitest'
import { commit } from '../../src/store/commit.ts'
import { openDb } from '../../src/store/db.ts'
import type { CommitItem } from '../../src/store/step.ts'
import { bindD1, Storage } from '../simulation/platform/d1.ts'
import { Chain } from './chain.ts'
import { Database, insertEntry, seededRandom } from './database.ts'

const chainOf = async (length: number, seed: number): Promise<CommitItem[]> => {
  const chain = new Chain(await new Database().terminal(), seed * 1000)
  const random = seededRandom(seed)
  while (chain.items.length < length) await chain.add(random)
  return chain.items
}

/** Each entry in a set of its own. */
async function oneByOne(items: readonly CommitItem[]): Promise<Database> {
  const database = new Database()
  for (const item of items) expect(await commit(database.db, [item])).toEqual([true])
  return database
}

/** Each fault makes an entry fail, in the database or in the entry. */
const FAULTS: Readonly<Record<string, (item: CommitItem, database: Database) => CommitItem>> = {
  'another head': (item) => ({ ...item, row: { ...item.row, previousHash: 'f'.repeat(64) } }),
  'a place further on': (item) => ({ ...item, row: { ...item.row, seq: item.row.seq + 1 } }),
  'a key in use': (item, { storage }) => {
    insertEntry(storage, item.row.messageKey, null)
    return item
  },
  'an RRN in use': (item, { storage }) => {
    const rrn = item.row.rrn ?? '999999999999'
    insertEntry(storage, 'other', rrn)
    return { ...item, row: { ...item.row, rrn } }
  },
  'a reversal of it': (item, { storage }) => {
    storage.rows(
      `insert into reversal (target_key, terminal_id, seq, kind) values (?, 'other', 1, 'tombstone')`,
      item.row.messageKey,
    )
    return item
  },
  'a guard that moved': (item, { storage }) => {
    storage.rows(`insert into guard (key, version) values ('merchant:M', 2)`)
    return { ...item, needs: [['merchant:M', 1]] }
  },
}

describe('a chain', () => {
  it.each([1, 2, 3, 5, 8, 13, 21, 34, 55, 100])(
    'of %d entries has the effect of its entries one by one',
    async (length) => {
      const items = await chainOf(length, length)
      const database = new Database()
      expect(await commit(database.db, items)).toEqual(items.map(() => true))
      expect(database.dump()).toEqual((await oneByOne(items)).dump())
      expect(await database.faultOfJournal()).toBeNull()
    },
  )

  it('has as many statements as its kinds need, not as its entries', async () => {
    const items = await chainOf(100, 100)
    let statements = 0
    const storage = new Storage()
    const counted = bindD1(storage, (trip, apply) => {
      statements += trip.statements.length
      return Promise.resolve(apply())
    })
    await commit(openDb(counted), items)
    expect(statements).toBeLessThan(60)
  })

  it.each(Object.keys(FAULTS))('ends before an entry with %s, at each place', async (fault) => {
    const length = 12
    const items = await chainOf(length, 7)
    for (let place = 0; place < length; place++) {
      const database = new Database()
      const broken = items.map((item, i) => (i === place ? (FAULTS[fault]?.(item, database) ?? item) : item))
      const before = database.dump()
      expect([place, await commit(database.db, broken)]).toEqual([place, items.map((_, i) => i < place)])
      const expected = (await oneByOne(items.slice(0, place))).dump()
      const mine = (dump: Record<string, unknown>) => ({
        ...dump,
        journal: (dump.journal as { terminal_id: string }[]).filter(
          ({ terminal_id }) => terminal_id !== 'other',
        ),
        reversal: (dump.reversal as { terminal_id: string }[]).filter(
          ({ terminal_id }) => terminal_id !== 'other',
        ),
        guard: [],
      })
      expect(mine(database.dump())).toEqual(mine(expected))
      if (place === 0) expect(database.dump()).toEqual(before)
      // Sent again, the set changes nothing.
      const after = database.dump()
      expect(await commit(database.db, broken)).toEqual(items.map((_, i) => i < place))
      expect(database.dump()).toEqual(after)
    }
  })

  it('that is sent twice changes nothing the second time, also after another writer went on', async () => {
    const items = await chainOf(20, 3)
    const database = new Database()
    await commit(database.db, items)
    const once = database.dump()
    expect(await commit(database.db, items)).toEqual(items.map(() => true))
    expect(database.dump()).toEqual(once)
    const next = new Chain(await database.terminal(), 900_000)
    await next.add(() => 0.8)
    await commit(database.db, next.items)
    const later = database.dump()
    expect(await commit(database.db, items)).toEqual(items.map(() => true))
    expect(database.dump()).toEqual(later)
  })

  it('of two writers on one head: one stands, the other has no effect', async () => {
    const database = new Database()
    const one = await chainOf(9, 11)
    const other = await chainOf(9, 12)
    expect(await commit(database.db, one)).toEqual(one.map(() => true))
    expect(await commit(database.db, other)).toEqual(other.map(() => false))
    expect(database.dump()).toEqual((await oneByOne(one)).dump())
  })

  it('beside the chain of another writer in one set: the first in the set stands', async () => {
    const one = await chainOf(4, 11)
    const other = await chainOf(4, 12)
    const database = new Database()
    const mixed = [one[0], other[0], one[1], other[1], one[2], one[3], other[2]].filter(
      (item) => item !== undefined,
    )
    expect(await commit(database.db, mixed)).toEqual(mixed.map((item) => one.includes(item)))
    expect(database.dump()).toEqual((await oneByOne(one)).dump())
  })

  it('of four isolates that race for one terminal: every message is written once, and the chain is sound', async () => {
    const database = new Database()
    const random = seededRandom(5)
    const written = new Set<string>()
    // Each isolate builds a chain on the head that it saw, and commits it after the others may have gone on.
    for (let round = 0; round < 40; round++) {
      const seen = await database.terminal()
      const chains = [0, 1, 2, 3].map((isolate) => new Chain(seen, 1_000 * (4 * round + isolate + 1)))
      for (const chain of chains) {
        const length = 1 + Math.floor(random() * 6)
        while (chain.items.length < length) await chain.add(random)
      }
      const inOrder = chains.toSorted(() => random() - 0.5)
      const results = await Promise.all(inOrder.map((chain) => commit(database.db, chain.items)))
      // One wins whole. The others began on a head that has moved.
      expect(results.filter((result) => result.every(Boolean))).toHaveLength(1)
      expect(results.filter((result) => !result.some(Boolean))).toHaveLength(3)
      for (const [i, chain] of inOrder.entries())
        for (const [place, { row }] of chain.items.entries()) if (results[i]?.[place]) written.add(row.hash)
    }
    const inJournal = database.storage
      .rows<{ hash: string }>('select hash from journal')
      .map(({ hash }) => hash)
    expect(new Set(inJournal)).toEqual(written)
    expect(await database.faultOfJournal()).toBeNull()
  })
})
