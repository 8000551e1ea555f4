/** @module The bindings of databases and the table of buckets, as an isolate reads them when it starts. */

import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { BUCKETS, bucketOf } from '../../src/domain/bucket.ts'
import { openDatabases, withBuckets } from '../../src/store/databases.ts'
import { bindD1, Storage } from '../simulation/platform/d1.ts'
import { AT_HOME, MOVED, Region } from './region.ts'

describe('the databases of the bindings', () => {
  const storage = new Storage()
  const d1 = () => bindD1(storage, async (_, apply) => apply())
  const unread = () => Promise.reject(new Error('nothing reads the table'))
  const bindings = (others: object) => ({ DB: d1(), ...others })

  it('are DB and each DB_n, under the names that the table has', () => {
    const all = openDatabases(
      bindings({ DB_12: d1(), MASTER_KEY: 'x', DB_1: d1(), DB_LIMIT: '1', DB_01: '1' }),
    )
    expect(all.map(({ name }) => name)).toEqual(['DB_0', 'DB_12', 'DB_1'])
  })

  it.each(['a text', 1, null, {}])('are D1 databases: %j is none', (binding) => {
    expect(() => openDatabases(bindings({ DB_1: binding }))).toThrow(
      RangeError('DB_1: expected a D1 binding'),
    )
  })

  it('have every bucket: database 0 has those without a row', () => {
    const all = openDatabases(bindings({ DB_1: d1() }))
    const rows = [
      { bucket: 7, database: 'DB_1', version: 3 },
      { bucket: 8, database: 'DB_0', version: 4 },
    ]
    const databases = withBuckets(all, rows, unread)
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      expect(databases.of(bucket).name).toBe(bucket === 7 ? 'DB_1' : 'DB_0')
      const version = bucket === 7 ? 3 : bucket === 8 ? 4 : 0
      expect(databases.needsOf(bucket)).toEqual([[`bucket:${bucket}`, version]])
    }
  })

  it('need no guard of a bucket if there is one', () => {
    const databases = withBuckets(openDatabases(bindings({})), [], unread)
    for (let bucket = 0; bucket < BUCKETS; bucket++) expect(databases.needsOf(bucket)).toEqual([])
  })

  it.each([
    [{ bucket: 7, database: 'DB_2', version: 1 }, 'bucket: the row 7 names a database without a binding'],
    [{ bucket: 7, database: 'DB', version: 1 }, 'bucket: the row 7 names a database without a binding'],
    [{ bucket: 1024, database: 'DB_1', version: 1 }, 'bucket: there is no bucket 1024'],
    [{ bucket: -1, database: 'DB_1', version: 1 }, 'bucket: there is no bucket -1'],
  ])('refuse the row %j', (row, why) => {
    expect(() => withBuckets(openDatabases(bindings({ DB_1: d1() })), [row], unread)).toThrow(RangeError(why))
  })

  it('take the places of the table that is read again, and keep the old ones after an error', async () => {
    let rows = [{ bucket: 7, database: 'DB_1', version: 1 }]
    const databases = withBuckets(openDatabases(bindings({ DB_1: d1() })), rows, async () => rows)
    const databaseAndVersion = (bucket: number) => [
      databases.of(bucket).name,
      databases.needsOf(bucket)[0]?.[1],
    ]
    rows = [
      { bucket: 7, database: 'DB_0', version: 2 },
      { bucket: 8, database: 'DB_1', version: 1 },
    ]
    await databases.readAgain()
    expect([7, 8, 9].map(databaseAndVersion)).toEqual([
      ['DB_0', 2],
      ['DB_1', 1],
      ['DB_0', 0],
    ])
    rows = [{ bucket: 8, database: 'DB_2', version: 2 }]
    await expect(databases.readAgain()).rejects.toThrow(RangeError)
    expect(databaseAndVersion(8)).toEqual(['DB_1', 1])
  })

  it('have no table to read again if there is one', async () => {
    await withBuckets(openDatabases(bindings({})), [], unread).readAgain()
  })
})

describe('an isolate', () => {
  let region: Region
  beforeEach(() => {
    region = new Region()
  })
  afterEach(() => region.close())

  it('reads data keys and buckets in one trip to database 0', async () => {
    await region.open()
    region.takeTrips()
    await region.open()
    expect(region.countTrips()).toBe(1)
    const { databases } = region.services
    expect([AT_HOME, MOVED].map((merchantId) => databases.of(bucketOf(merchantId)).name)).toEqual([
      'DB_0',
      'DB_1',
    ])
  })

  it('does not open without the binding of a bucket, so no merchant begins anew in database 0', async () => {
    const why = `bucket: the row ${bucketOf(MOVED)} names a database without a binding`
    await expect(region.openHome()).rejects.toThrow(RangeError(why))
  })

  it('has the data keys of database 0 for all databases', async () => {
    await region.open()
    for (const merchantId of [AT_HOME, MOVED] as const) await region.provision(merchantId)
    const counts = region.storages.map((storage) => storage.rows('select purpose from data_key').length)
    expect(counts).toEqual([7, 0])
    // A fresh isolate opens the master key of a terminal in database 1.
    await region.open()
    expect(await region.terminal(MOVED).signOn()).toMatchObject({ outcome: 'approved' })
  })
})

test('the table takes no other bucket than 0 to 1023', () => {
  const storage = new Storage()
  const insert = (bucket: number) =>
    storage.apply({ statements: [{ sql: `insert into bucket values (?, 'DB_1', 1)`, params: [bucket] }] })
  for (const bucket of [0, 1023]) expect(() => insert(bucket)).not.toThrow()
  for (const bucket of [-1, 1024]) expect(() => insert(bucket)).toThrow('bucket_number')
  storage.close()
})
