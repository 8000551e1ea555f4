/**
 * @module The audit of each database of a region. The copy of the administrators' keys and the guards of buckets are sound. Each
 * change of the table of buckets shows.
 */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { auditBuckets, BUCKETS_SQL } from '../../src/cli/lib/audit-buckets.ts'
import { replicaOf } from '../../src/cli/lib/audit-tables.ts'
import { auditTables } from '../../src/cli/lib/compare-tables.ts'
import { readChains } from '../../src/cli/lib/read-chains.ts'
import { faultOfChain } from '../../src/cli/lib/verify-chain.ts'
import { isOwnBucket } from '../../src/store/bucket-mac.ts'
import type { BucketRow } from '../../src/store/databases.ts'
import { DELETE_INSERTED_KEYS } from '../support/api-key-row.ts'
import { ADMINISTRATOR, AT_HOME, MOVED, Region } from './region.ts'

const BOTH = [AT_HOME, MOVED] as const

let region: Region
beforeEach(async () => {
  region = new Region()
  await region.openWithSales()
  for (const merchantId of BOTH) {
    const headers = { 'idempotency-key': merchantId }
    await region.json(ADMINISTRATOR, 'POST', '/v1/keys', { name: 'operations' }, headers)
  }
  for (const storage of region.storages) storage.rows(DELETE_INSERTED_KEYS)
})
afterEach(() => region.close())

/** The faults of database `n`, as `journal verify --database` finds them. */
async function faultsOf(n: 0 | 1): Promise<string[]> {
  const { keyring } = region.services
  const runSql = async (text: string) => text.split(';\n').map((one) => region.storages[n].rows(one))
  const rows = []
  const heads = []
  for await (const chain of readChains(runSql)) {
    expect([chain.stream, await faultOfChain(chain, keyring)]).toEqual([chain.stream, null])
    rows.push(...chain.rows)
    if (chain.head !== null) heads.push(chain.head)
  }
  const replica = await replicaOf(
    rows.toSorted((a, b) => a.number - b.number),
    heads,
  )
  const opens = (wrapped: string, context: Parameters<typeof keyring.unwrap>[1]) =>
    keyring.unwrap(wrapped, context).then(
      () => true,
      () => false,
    )
  const { tables, buckets } = await auditTables(runSql, replica, heads, opens, region.clock.now)
  replica.close()
  const ofBuckets = await auditBuckets(
    region.storages[0].rows<BucketRow>(BUCKETS_SQL),
    { ...buckets, name: `DB_${n}` },
    (row) => isOwnBucket(keyring.verifyJournalMac, row),
  )
  return [...tables, ofBuckets].flatMap(({ table, fault }) =>
    fault === null ? [] : [`${table}: ${fault.why}`],
  )
}

it('finds each database sound, with the copy of the administrators’ keys', async () => {
  expect(await faultsOf(0)).toEqual([])
  expect(await faultsOf(1)).toEqual([])
  expect(region.storages[1].rows('select 1 from api_key where merchant_id is null')).toHaveLength(2)
})

describe('the table of buckets', () => {
  it.each(['bucket = 7', `database = 'DB_0'`, 'version = 2', `mac = 'x' || mac`, 'mac_key = 2'])(
    'shows in each database that %s was written without the key of the service',
    async (change) => {
      region.storages[0].rows(`update bucket set ${change}`)
      expect(await faultsOf(0)).toEqual(['bucket: the MAC of the row is not the service’s'])
      expect(await faultsOf(1)).toEqual([expect.stringMatching(/^bucket: /)])
    },
  )

  it('shows an added row', async () => {
    region.storages[0].rows(`insert into bucket select 0, 'DB_1', version, mac, mac_key from bucket`)
    expect(await faultsOf(0)).toEqual(['bucket: the MAC of the row is not the service’s'])
  })

  it('shows a deleted row in the database that had the bucket', async () => {
    region.storages[0].rows('delete from bucket')
    expect(await faultsOf(1)).toEqual(['bucket: this row is missing'])
    region.storages[1].rows(`delete from guard where key like 'bucket:%'`)
    expect(await faultsOf(1)).toEqual([`bucket: merchant ${MOVED} is not in this database`])
  })

  it.each(['delete from guard where key like ?', 'update guard set version = 7 where key like ?'])(
    'shows a guard that was changed: %s',
    async (sql) => {
      region.storages[1].rows(sql, 'bucket:%')
      expect(await faultsOf(1)).toEqual(['bucket: the guard has another version'])
    },
  )
})
