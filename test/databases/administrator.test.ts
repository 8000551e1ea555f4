/**
 * @module An administrator over two databases. Lists cover both, page by page. A query by an RRN or by a key names the merchant, and
 * without it the answer says so.
 */

import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { ADMINISTRATOR, AT_HOME, MERCHANTS, type MerchantId, MOVED, Region } from './region.ts'

const BOTH = [AT_HOME, MOVED] as const
const RRN = 'SAMEINBOTH00'
const EACH = 3

let region: Region
beforeEach(async () => {
  region = new Region()
  await region.open()
  for (const merchantId of BOTH) await region.provision(merchantId)
  await openCases()
  region.takeTrips()
})
afterEach(() => region.close())

/** Cases of both merchants: sales that only the acquirer has. */
async function openCases(): Promise<void> {
  const lines = BOTH.flatMap((merchantId) =>
    Array.from({ length: EACH }, (_, i) => {
      const { terminalId } = MERCHANTS[merchantId]
      const named = { kind: 'sale', merchantId, terminalId, batchNumber: '000001', stan: `70000${i}` }
      return JSON.stringify({ ...named, state: 'approved', amount: 100 + i, currency: '156' })
    }),
  )
  const asOf = encodeURIComponent(new Date(region.clock.now).toISOString())
  const path = `/v1/reconciliations?apply=true&asOf=${asOf}`
  const { status } = await region.json(ADMINISTRATOR, 'POST', path, lines.join('\n'))
  expect(status).toBe(200)
}

const get = (path: string, key: string = ADMINISTRATOR) => region.json(key, 'GET', path)

interface Item {
  readonly merchantId: string
  readonly rrn: string
  readonly stan: string
}

/** All pages of a list, and the databases that they reached. */
async function pagesOf(path: string, limit: number, key?: string): Promise<Item[][]> {
  const pages: Item[][] = []
  for (let cursor: unknown = ''; cursor !== null; ) {
    const at = cursor === '' ? '' : `&cursor=${cursor}`
    const { status, body } = await get(`${path}${path.includes('?') ? '&' : '?'}limit=${limit}${at}`, key)
    expect([status, pages.length < 10]).toEqual([200, true])
    pages.push(body.items as Item[])
    cursor = body.next
  }
  return pages
}

/** The RRNs of a merchant's cases, in the order in which they opened. */
const rrnsOf = (merchantId: MerchantId): string[] =>
  region.storages[MERCHANTS[merchantId].database]
    .rows<{ rrn: string }>('select rrn from acquirer_message order by case_opened_at, rrn')
    .map(({ rrn }) => rrn)

const WITH_EACH_SIZE = [1, 2, 3, 4, 5, 6, 7]

describe('the list of cases', () => {
  it.each(WITH_EACH_SIZE)('has the cases of both databases, each once, in pages of %i', async (limit) => {
    const pages = await pagesOf('/v1/cases', limit)
    expect(pages.flat().map(({ rrn }) => rrn)).toEqual(BOTH.flatMap(rrnsOf))
    expect(pages.slice(0, -1).every(({ length }) => length === limit)).toBe(true)
    expect(region.takeTrips()).toEqual([0, 1])
  })

  it.each(BOTH)('has the cases of merchant %s from its database, if it is named', async (merchantId) => {
    const pages = await pagesOf(`/v1/cases?merchantId=${merchantId}`, 2)
    expect(pages.map((page) => page.map(({ rrn }) => rrn))).toEqual([
      rrnsOf(merchantId).slice(0, 2),
      rrnsOf(merchantId).slice(2),
    ])
    expect(region.takeTrips()).toEqual([MERCHANTS[merchantId].database])
  })

  it.each(BOTH)('has only its own for merchant %s, whoever it names', async (merchantId) => {
    const { key, database } = MERCHANTS[merchantId]
    expect((await pagesOf('/v1/cases', 2, key)).flat().map(({ rrn }) => rrn)).toEqual(rrnsOf(merchantId))
    const other = merchantId === AT_HOME ? MOVED : AT_HOME
    expect(await pagesOf(`/v1/cases?merchantId=${other}`, 2, key)).toEqual([[]])
    expect(region.takeTrips()).toEqual([database])
  })
})

describe('the list of forwarded messages', () => {
  it.each(WITH_EACH_SIZE)('has those of both databases, each once, in pages of %i', async (limit) => {
    const pages = await pagesOf('/v1/acquirer-messages', limit)
    const found = pages.flat().map(({ merchantId, stan }) => [merchantId, stan])
    const each = (merchantId: MerchantId) => ['700000', '700001', '700002'].map((stan) => [merchantId, stan])
    expect(found.toSorted()).toEqual(BOTH.flatMap(each).toSorted())
    // In the order of the claims, and by RRN at one time.
    expect(pages.flat().map(({ rrn }) => rrn)).toEqual(BOTH.flatMap(rrnsOf))
    expect(region.takeTrips()).toEqual([0, 1])
  })

  it('is for no merchant, and the refusal comes from one database', async () => {
    for (const merchantId of BOTH) {
      const { key, database } = MERCHANTS[merchantId]
      expect((await get('/v1/acquirer-messages?cursor=1.0', key)).status).toBe(403)
      expect(region.takeTrips()).toEqual([database])
    }
  })
})

describe('a cursor', () => {
  it.each(['/v1/cases?cursor=7.0-000000000000', '/v1/acquirer-messages?cursor=7.0'])(
    'of a database that the region does not have is refused: %s',
    async (path) => {
      const { status, body } = await get(path)
      expect([status, body.reason]).toEqual([400, 'invalid_request'])
      expect(body.errors).toMatchObject([{ in: 'query', pointer: '/cursor' }])
      expect((await get(path, 'annul_unknown-key-of-nobody')).status).toBe(401)
    },
  )

  it('of a merchant has no database', async () => {
    for (const merchantId of BOTH) {
      const { key, database } = MERCHANTS[merchantId]
      expect((await get('/v1/cases?cursor=0-000000000000', key)).status).toBe(200)
      const other = await get('/v1/cases?cursor=1.0-000000000000', key)
      expect(other.body.errors).toMatchObject([{ pointer: '/cursor' }])
      expect(region.takeTrips()).toEqual([database])
    }
  })
})

/** Captures a sale of each merchant under one RRN. Returns the ids of the sales. */
async function sameRrn(): Promise<Record<MerchantId, string>> {
  const ids = { [AT_HOME]: '', [MOVED]: '' }
  for (const merchantId of BOTH) {
    const { key, terminalId } = MERCHANTS[merchantId]
    const named = { merchantId, terminalId, batchNumber: '000001', stan: '000900', rrn: RRN }
    const { body } = await region.json(key, 'POST', '/v1/sales', { ...named, amount: 100, state: 'approved' })
    ids[merchantId] = String(body.id)
  }
  return ids
}

describe('a query of an administrator', () => {
  it('by an RRN or a key asks for the merchant, once the caller is known', async () => {
    const note = { resolution: 'stands', note: 'Ms Li at the acquirer' }
    for (const [method, path, body] of [
      ['GET', `/v1/sales/${RRN}`],
      ['GET', '/v1/voids/131482795537'],
      ['GET', `/v1/inquiries?rrn=${RRN}`],
      ['GET', '/v1/inquiries?idempotencyKey=k'],
      ['GET', `/v1/cases/${rrnsOf(AT_HOME)[0]}`],
      ['POST', `/v1/cases/${rrnsOf(AT_HOME)[0]}`, note],
    ] as const) {
      const ask = (key: string) => region.json(key, method, path, body, { 'idempotency-key': 'k' })
      const answer = await ask(ADMINISTRATOR)
      expect([path, answer.status, answer.body.errors]).toEqual([
        path,
        400,
        [{ in: 'query', pointer: '/merchantId', why: 'is missing: the region has several databases' }],
      ])
      expect([path, (await ask('annul_unknown-key-of-nobody')).status]).toEqual([path, 401])
    }
  })

  it('by an RRN finds that of the merchant, also when another one has the same', async () => {
    const ids = await sameRrn()
    for (const merchantId of BOTH) {
      const of = `merchantId=${merchantId}`
      region.takeTrips()
      expect((await get(`/v1/sales/${RRN}?${of}`)).body).toMatchObject({ id: ids[merchantId], merchantId })
      expect((await get(`/v1/inquiries?rrn=${RRN}&${of}`)).body).toMatchObject({ saleId: ids[merchantId] })
      expect(region.takeTrips()).toEqual([MERCHANTS[merchantId].database])
      // An id has its place.
      expect((await get(`/v1/sales/${ids[merchantId]}`)).body).toMatchObject({ merchantId })
      expect((await get(`/v1/inquiries?saleId=${ids[merchantId]}`)).body).toMatchObject({ merchantId })
    }
  })

  it('by the key of its own void finds it in the database of the merchant', async () => {
    const ids = await sameRrn()
    for (const merchantId of BOTH) {
      const body = { saleId: ids[merchantId], amount: 100 }
      const made = await region.json(ADMINISTRATOR, 'POST', '/v1/voids', body, { 'idempotency-key': 'k' })
      const found = await get(`/v1/inquiries?idempotencyKey=k&merchantId=${merchantId}`)
      expect(found.body).toMatchObject({ found: true, merchantId, voidId: made.body.id })
      const path = `/v1/voids/${found.body.rrn}?merchantId=${merchantId}`
      expect((await get(path)).body).toMatchObject({ id: made.body.id })
    }
  })

  it('by the RRN of a case reads it, and decides it', async () => {
    for (const merchantId of BOTH) {
      const path = `/v1/cases/${rrnsOf(merchantId)[0]}?merchantId=${merchantId}`
      region.takeTrips()
      expect((await get(path)).body).toMatchObject({ merchantId, state: 'open' })
      const body = { resolution: 'stands', note: 'Ms Li at the acquirer' }
      const decided = await region.json(ADMINISTRATOR, 'POST', path, body, { 'idempotency-key': 'k' })
      expect(decided.body).toMatchObject({ merchantId, state: 'closed' })
      expect(region.takeTrips()).toEqual([MERCHANTS[merchantId].database])
    }
  })

  it('finds nothing of a merchant that is not the named one', async () => {
    const ids = await sameRrn()
    const other = `merchantId=${MOVED}`
    const [rrn] = rrnsOf(AT_HOME)
    for (const path of [`/v1/sales/${ids[AT_HOME]}?${other}`, `/v1/cases/${rrn}?${other}`])
      expect([path, (await get(path)).body.reason]).toEqual([path, 'not_found'])
  })
})

test('with one database an administrator need not name the merchant, and a named one counts', async () => {
  const ids = await sameRrn()
  region.storages[0].rows('delete from bucket')
  await region.openHome()
  region.takeTrips()
  const [rrn] = rrnsOf(AT_HOME)
  for (const [path, answer] of [
    [`/v1/sales/${RRN}`, { id: ids[AT_HOME] }],
    [`/v1/inquiries?rrn=${RRN}`, { saleId: ids[AT_HOME] }],
    [`/v1/cases/${rrn}`, { rrn }],
  ] as const) {
    const and = path.includes('?') ? '&' : '?'
    expect((await get(path)).body).toMatchObject(answer)
    expect((await get(`${path}${and}merchantId=${AT_HOME}`)).body).toMatchObject(answer)
    expect((await get(`${path}${and}merchantId=${MOVED}`)).status).toBe(404)
  }
  expect(await pagesOf('/v1/cases', 2)).toMatchObject([{ length: 2 }, { length: 1 }])
  expect(region.takeTrips()).toEqual([0])
})
