/**
 * @module Bearer keys over two databases. A merchant's key and its id begin with its bucket. The keys of administrators are the same
 * in each database, also after a time in which one of them did not answer.
 */

import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { bucketOf, bucketOfId, bucketOfKey } from '../../src/domain/bucket.ts'
import { copyAdministratorKeys } from '../../src/pipeline/administrator-keys.ts'
import { headContent } from '../../src/store/head-mac.ts'
import { HEADS, type HeadRow } from '../../src/store/rebuild.ts'
import { ADMINISTRATOR, AT_HOME, MERCHANTS, type MerchantId, MOVED, Region } from './region.ts'

const BOTH = [AT_HOME, MOVED] as const

let region: Region
let acts = 0
beforeEach(async () => {
  region = new Region()
  await region.open()
  for (const merchantId of BOTH) await region.provision(merchantId)
  region.takeTrips()
})
afterEach(() => region.close())

const make = (body: object, name = `act-${++acts}`) =>
  region.json(ADMINISTRATOR, 'POST', '/v1/keys', body, { 'idempotency-key': name })
const revoke = (id: unknown) => region.json(ADMINISTRATOR, 'POST', `/v1/keys/${id}/revoke`)

/** The statuses of a request of an administrator to each database. */
async function statusesOf(key: unknown): Promise<number[]> {
  const statuses = []
  for (const merchantId of BOTH)
    statuses.push((await region.json(String(key), 'PUT', `/v1/merchants/${merchantId}`, {})).status)
  return statuses
}

/** Keys, entries and guard of the region, as each database has them. */
const regions = () =>
  region.storages.map((storage) => ({
    keys: storage.rows(`select * from api_key where merchant_id is null and name <> 'test' order by id`),
    entries: storage.rows(
      `select seq, hash, message_key, body from journal where terminal_id = 'region' order by seq`,
    ),
    head: storage.rows('select * from region'),
    guard: storage.rows(`select version from guard where key = 'region'`),
  }))

function expectTheSame(entries: number): void {
  const [home, other] = regions()
  expect(home?.entries).toHaveLength(entries)
  expect(other).toEqual(home)
}

const expectAlert = (error: string): void =>
  expect(region.logged).toContainEqual(
    expect.objectContaining({ event: 'alert', why: 'keys_not_copied', database: 'DB_1', error }),
  )

describe.each(BOTH)('a key of merchant %s', (merchantId: MerchantId) => {
  const own = [MERCHANTS[merchantId].database]

  it('and its id begin with its bucket, and each of its requests reaches its own database', async () => {
    const { body } = await make({ merchantId, name: 'back-office' })
    expect(region.takeTrips()).toEqual(own)
    expect(bucketOfKey(String(body.key))).toBe(bucketOf(merchantId))
    expect(bucketOfId(String(body.id))).toBe(bucketOf(merchantId))
    for (const path of ['/v1/cases', '/v1/sales/131482795537', '/v1/inquiries?rrn=131482795537']) {
      const { status } = await region.json(String(body.key), 'GET', path)
      expect([path, status === 401, region.takeTrips()]).toEqual([path, false, own])
    }
  })

  it('is listed and revoked in its own database', async () => {
    const { body } = await make({ merchantId, name: 'back-office' })
    region.takeTrips()
    const listed = await region.json(ADMINISTRATOR, 'GET', `/v1/keys?merchantId=${merchantId}`)
    expect(listed.body.items).toMatchObject([{ name: 'test' }, { name: 'test' }, { id: body.id }])
    expect(region.takeTrips()).toEqual(own)
    expect(await revoke(body.id)).toMatchObject({ status: 200, body: { state: 'revoked' } })
    expect(region.takeTrips()).toEqual(own)
    expect((await region.json(String(body.key), 'GET', '/v1/cases')).status).toBe(401)
  })
})

describe('a key of an administrator', () => {
  it('has no bucket, and is the same in each database from its first answer on', async () => {
    const { body } = await make({ name: 'operations' })
    expect([bucketOfKey(String(body.key)), bucketOfId(String(body.id))]).toEqual([null, null])
    expectTheSame(1)
    expect(await statusesOf(body.key)).toEqual([200, 200])
  })

  it('expires in each database', async () => {
    const expiresAt = new Date(region.clock.now + 60_000).toISOString()
    const { body } = await make({ name: 'operations', expiresAt })
    expect(await statusesOf(body.key)).toEqual([200, 200])
    region.clock.now += 60_000
    expect(await statusesOf(body.key)).toEqual([401, 401])
  })

  it('is revoked in each database at once', async () => {
    const { body } = await make({ name: 'operations' })
    expect(await revoke(body.id)).toMatchObject({ status: 200, body: { state: 'revoked' } })
    expectTheSame(2)
    expect(await statusesOf(body.key)).toEqual([401, 401])
  })

  it('has its heads with MACs of the service in each database', async () => {
    await make({ name: 'operations' })
    for (const storage of region.storages) {
      const head = storage.rows<HeadRow>(HEADS).find(({ stream }) => stream === 'region')
      if (head === undefined) throw new Error('no head')
      const mac = Uint8Array.fromHex(head.mac)
      const { keyring } = region.services
      expect(await keyring.verifyJournalMac(headContent('region', head), mac, head.keyId)).toBe(true)
    }
  })
})

describe('while a database does not answer', () => {
  it('a revocation is not confirmed. It is repeated until each database has it', async () => {
    const { body } = await make({ name: 'operations' })
    region.down.add(1)
    expect(await revoke(body.id)).toMatchObject({ status: 503, body: { reason: 'outcome_unknown' } })
    expect(await revoke(body.id)).toMatchObject({ status: 503, body: { reason: 'outcome_unknown' } })
    expectAlert('D1_ERROR: overloaded')
    region.down.clear()
    expect(await revoke(body.id)).toMatchObject({ status: 200, body: { state: 'revoked' } })
    expectTheSame(2)
    expect(await statusesOf(body.key)).toEqual([401, 401])
  })

  it('a revocation reaches the database with the next run of the cron', async () => {
    const { body } = await make({ name: 'operations' })
    region.down.add(1)
    await revoke(body.id)
    expect(await copyAdministratorKeys(region.services)).toBe(false)
    region.down.clear()
    expect(await copyAdministratorKeys(region.services)).toBe(true)
    expectTheSame(2)
    expect(await statusesOf(body.key)).toEqual([401, 401])
  })

  it('a new key is made, because only its answer has the key. The cron copies it', async () => {
    region.down.add(1)
    const { status, body } = await make({ name: 'operations' })
    expect(status).toBe(201)
    region.down.clear()
    expect(await statusesOf(body.key)).toEqual([200, 401])
    expect(await copyAdministratorKeys(region.services)).toBe(true)
    expect(await statusesOf(body.key)).toEqual([200, 200])
  })

  it('a revocation in database 0 is not possible, and the key stays as it is', async () => {
    const { body } = await make({ name: 'operations' })
    region.down.add(0)
    expect((await revoke(body.id)).status).toBe(503)
    region.down.clear()
    expectTheSame(1)
  })
})

describe('the copy', () => {
  it('brings all keys to a new database, of more than one page, while other copies run', async () => {
    region.down.add(1)
    for (let i = 0; i < 120; i++) await make({ name: `key ${i}` })
    region.down.clear()
    const copies = Array.from({ length: 3 }, () => copyAdministratorKeys(region.services))
    expect(await Promise.all(copies)).toEqual([true, true, true])
    expectTheSame(120)
  })

  it('needs one trip to each database when nothing is missing', async () => {
    await make({ name: 'operations' })
    region.countTrips()
    await copyAdministratorKeys(region.services)
    expect(region.countTrips()).toBe(2)
  })

  it('stops at a database with other keys, and says so', async () => {
    const { body } = await make({ name: 'operations' })
    region.storages[1].rows(`update region set head_hash = '${'0'.repeat(64)}'`)
    expect((await revoke(body.id)).body.reason).toBe('outcome_unknown')
    expectAlert('the keys of administrators differ from those of database 0')
  })
})

test('one Idempotency-Key makes one key, of an administrator or of a merchant', async () => {
  const first = await make({ name: 'operations' }, 'same')
  expect(first.status).toBe(201)
  expect(await make({ name: 'operations' }, 'same')).toMatchObject({
    status: 200,
    body: { id: first.body.id },
  })
  for (const merchantId of BOTH) {
    const other = await make({ merchantId, name: 'back-office' }, 'same')
    expect(other.body.reason).toBe('key_reused_with_different_content')
    expect((await make({ merchantId, name: 'back-office' }, 'back-office')).status).toBe(201)
  }
  const later = await make({ name: 'operations' }, 'back-office')
  expect(later.body.reason).toBe('key_reused_with_different_content')
  expectTheSame(1)
  // The key of a merchant in another database is in nobody's way.
  expect((await make({ merchantId: MOVED, name: 'back-office' }, 'moved')).status).toBe(201)
  expect((await make({ name: 'operations' }, 'moved')).status).toBe(201)
  expectTheSame(2)
})
