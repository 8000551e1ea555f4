/**
 * @module Two databases, a merchant in each, and whole days by terminal and by JSON. No request of a terminal or of a merchant
 * reaches two databases, and equal RRNs and keys do not mix.
 */

import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { bucketOf, bucketOfId } from '../../src/domain/bucket.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import type { ExchangeResult, VirtualTerminal } from '../../src/terminal/virtual-terminal.ts'
import { ADMINISTRATOR, AT_HOME, MERCHANTS, type MerchantId, MOVED, PLAIN_KEYS, Region } from './region.ts'

const BOTH = [AT_HOME, MOVED] as const
const CARD = testCard(1)

let region: Region
beforeEach(async () => {
  region = new Region()
  await region.open()
  for (const merchantId of BOTH) await region.provision(merchantId)
  region.takeTrips()
})
afterEach(() => region.close())

/** The trips of one request went to this merchant's database, and there was one. */
const expectOwn = (merchantId: MerchantId, what: string): void =>
  expect([what, region.takeTrips()]).toEqual([what, [MERCHANTS[merchantId].database]])

const isApproved = (result: ExchangeResult): boolean => result.ok && result.value.outcome === 'approved'

async function signedOn(merchantId: MerchantId): Promise<VirtualTerminal> {
  const terminal = region.terminal(merchantId)
  expect(await terminal.signOn()).toMatchObject({ outcome: 'approved' })
  return terminal
}

/** The id of the newest sale. */
function newestSale(merchantId: MerchantId): string {
  const [sale] = region.storages[MERCHANTS[merchantId].database].rows<{ id: string }>(
    'select id from sale where merchant_id = ? order by rowid desc limit 1',
    merchantId,
  )
  return sale?.id ?? ''
}

async function soldOn(terminal: VirtualTerminal, amount = 1234): Promise<string> {
  expect(isApproved(await terminal.sale(amount, CARD))).toBe(true)
  return newestSale(terminal.state.merchantId as MerchantId)
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const named = (key: string) => ({ 'idempotency-key': key })

describe.each(BOTH)('merchant %s', (merchantId) => {
  const { key, terminalId } = MERCHANTS[merchantId]

  it('provisions in its own database only', () => {
    const counts = region.rowsOf(merchantId)
    expect(counts.map((count) => count > 0)).toEqual(
      [0, 1].map((number) => number === MERCHANTS[merchantId].database),
    )
  })

  it('has a whole day of a terminal in its own database', async () => {
    const terminal = region.terminal(merchantId)
    const steps: [string, () => Promise<unknown>, object][] = [
      ['sign-on', () => terminal.signOn(), { outcome: 'approved' }],
      ['echo', () => terminal.echo(), { outcome: 'approved' }],
      ['sale', () => terminal.sale(1234, CARD), { value: { outcome: 'approved' } }],
      ['sale', () => terminal.sale(500, CARD), { value: { outcome: 'approved' } }],
      ['void', () => terminal.voidSale('000002'), { value: { outcome: 'approved' } }],
      ['reversal', () => terminal.reverse('000003'), { value: { outcome: 'approved' } }],
      ['settlement', () => terminal.settle(), { value: { outcome: 'approved' } }],
      ['sign-off', () => terminal.signOff(), { value: { outcome: 'approved' } }],
    ]
    for (const [what, step, result] of steps) {
      expect(await step()).toMatchObject(result)
      expectOwn(merchantId, what)
    }
  })

  it.each([
    ['with the bucket in its key', key],
    ['with a plain key', PLAIN_KEYS[merchantId]],
  ])('has its JSON requests about sales and voids in its own database, %s', async (_, bearer) => {
    const terminal = await signedOn(merchantId)
    const saleId = await soldOn(terminal)
    expect(bucketOfId(saleId)).toBe(bucketOf(merchantId))
    region.takeTrips()

    const ask = async (what: string, status: number, ...request: [string, string, unknown?, object?]) => {
      const [method, path, body, headers] = request
      const answer = await region.json(bearer, method, path, body, headers as Record<string, string>)
      expect([what, answer.status, answer.body]).toEqual([what, status, expect.anything()])
      expectOwn(merchantId, what)
      return answer.body
    }
    const body = { saleId, amount: 1234 }
    const made = await ask('void', 201, 'POST', '/v1/voids', body, named('k'))
    expect(bucketOfId(text(made.id))).toBe(bucketOf(merchantId))
    expect(await ask('its copy', 201, 'POST', '/v1/voids', body, named('k'))).toEqual(made)
    await ask('a void by id', 200, 'GET', `/v1/voids/${made.id}`)
    await ask('a sale by id', 200, 'GET', `/v1/sales/${saleId}`)
    await ask('an inquiry by sale', 200, 'GET', `/v1/inquiries?saleId=${saleId}`)
    await ask('an inquiry by void', 200, 'GET', `/v1/inquiries?voidId=${made.id}`)
    const pos = `merchantId=${merchantId}&terminalId=${terminalId}&batchNumber=000001&stan=000002&kind=sale`
    expect(await ask('an inquiry by the message', 200, 'GET', `/v1/inquiries?${pos}`)).toMatchObject({
      found: true,
    })
    const undo = { saleId, amount: 1234, idempotencyKey: 'k' }
    await ask('a reversal', 200, 'POST', '/v1/reversals', undo, named('r'))
    const capture = {
      merchantId,
      terminalId,
      batchNumber: '000001',
      stan: '000900',
      amount: 100,
      state: 'approved',
    }
    await ask('a captured sale', 201, 'POST', '/v1/sales', capture)
    const lines = [
      { ...capture, stan: '000901' },
      { ...capture, stan: '000902' },
    ].map((line) => JSON.stringify(line))
    await ask('captured sales', 200, 'POST', '/v1/sales', lines.join('\n'))
  })

  it('has its requests by RRN and its lists in its own database, by the bucket in its key', async () => {
    const terminal = await signedOn(merchantId)
    const saleId = await soldOn(terminal)
    const rrn = terminal.state.log.at(-1)?.rrn ?? ''
    region.takeTrips()
    for (const [path, answer] of [
      [`/v1/sales/${rrn}`, { id: saleId }],
      [`/v1/inquiries?rrn=${rrn}`, { found: true, saleId }],
      ['/v1/inquiries?idempotencyKey=never-sent', { found: false }],
      ['/v1/cases?state=open', { items: [] }],
      ['/v1/cases/000000000001', { reason: 'not_found' }],
      ['/v1/voids/no-such-form', { reason: 'not_found' }],
      ['/v1/inquiries?saleId=no-such-form', { reason: 'invalid_request' }],
    ] as const) {
      expect([path, (await region.json(key, 'GET', path)).body]).toEqual([
        path,
        expect.objectContaining(answer),
      ])
      expectOwn(merchantId, path)
    }
  })
})

it('a batch of packets has each one in the database of its merchant', async () => {
  const frames: number[] = []
  const answers: number[] = []
  for (const merchantId of BOTH) {
    const sold = await (await signedOn(merchantId)).sale(1234, CARD)
    if (!sold.ok) throw new Error(sold.error)
    frames.push(...sold.value.request)
    answers.push(...(sold.value.answer ?? []))
  }
  region.takeTrips()
  const response = await region.fetch('/v1/iso8583/batch', { method: 'POST', body: Uint8Array.from(frames) })
  expect([...new Uint8Array(await response.arrayBuffer())]).toEqual(answers)
  expect(region.takeTrips()).toEqual([0, 1])
})

it('a list of voids has each line in the database of its sale', async () => {
  const sales = [await soldOn(await signedOn(MOVED)), await soldOn(await signedOn(AT_HOME), 500)]
  const lines = sales.map((saleId, i) =>
    JSON.stringify({ saleId, amount: i === 0 ? 1234 : 500, idempotencyKey: `void-${i}` }),
  )
  const { body } = await region.json(ADMINISTRATOR, 'POST', '/v1/voids', lines.join('\n'))
  expect(body.lines).toMatchObject([
    { line: 1, status: 201, saleId: sales[0], merchantId: MOVED },
    { line: 2, status: 201, saleId: sales[1], merchantId: AT_HOME },
  ])
  region.takeTrips()
  const own = await region.json(MERCHANTS[MOVED].key, 'POST', '/v1/voids', lines.join('\n'))
  expect(own.body.lines).toMatchObject([{ status: 409 }, { status: 404, reason: 'original_not_found' }])
  expect(region.takeTrips()).toEqual([1])
})

it('a merchant gets the same refusals about another database as about its own', async () => {
  const saleId = await soldOn(await signedOn(AT_HOME))
  region.takeTrips()
  const { key } = MERCHANTS[MOVED]
  const about = { merchantId: AT_HOME, terminalId: MERCHANTS[AT_HOME].terminalId, batchNumber: '000001' }
  const capture = { ...about, stan: '000900', amount: 100, state: 'approved' }
  const foreign: [number, string, string, string, unknown?][] = [
    [404, 'not_found', 'GET', `/v1/sales/${saleId}`],
    [404, 'original_not_found', 'POST', '/v1/voids', { saleId, amount: 1234 }],
    [403, 'forbidden', 'POST', '/v1/sales', capture],
    [403, 'forbidden', 'PUT', `/v1/merchants/${AT_HOME}`, {}],
  ]
  for (const [status, reason, method, path, body] of foreign) {
    const answer = await region.json(key, method, path, body, named(path))
    expect([path, answer.status, answer.body.reason]).toEqual([path, status, reason])
    expectOwn(MOVED, path)
  }
})

test('the same RRN in both databases is the sale of whoever asks', async () => {
  const rrn = 'SAMEINBOTH00'
  for (const [i, merchantId] of BOTH.entries()) {
    const { key, terminalId } = MERCHANTS[merchantId]
    const sale = {
      merchantId,
      terminalId,
      batchNumber: '000001',
      stan: '000900',
      amount: 100 + i,
      state: 'approved',
      rrn,
    }
    expect((await region.json(key, 'POST', '/v1/sales', sale)).status).toBe(201)
  }
  for (const [i, merchantId] of BOTH.entries()) {
    const found = await region.json(MERCHANTS[merchantId].key, 'GET', `/v1/sales/${rrn}`)
    expect(found.body).toMatchObject({ merchantId, amount: 100 + i, rrn })
  }
})

test('the same Idempotency-Key in both databases is two voids', async () => {
  const sales = new Map<MerchantId, string>()
  for (const merchantId of BOTH) sales.set(merchantId, await soldOn(await signedOn(merchantId)))
  const ids = []
  for (const merchantId of BOTH) {
    const body = { saleId: sales.get(merchantId), amount: 1234 }
    const { key } = MERCHANTS[merchantId]
    const made = await region.json(key, 'POST', '/v1/voids', body, named('same'))
    expect([made.status, made.headers.get('idempotent-replayed')]).toEqual([201, null])
    const inquired = await region.json(key, 'GET', '/v1/inquiries?idempotencyKey=same')
    expect(inquired.body).toMatchObject({ found: true, merchantId, voidId: made.body.id })
    ids.push(made.body.id)
  }
  expect(new Set(ids).size).toBe(2)
})

test('messages of both merchants at once go to both databases, each in its own set', async () => {
  const terminals = []
  for (const merchantId of BOTH) terminals.push(await signedOn(merchantId))
  const results = await Promise.all(terminals.map((terminal) => terminal.sale(1234, CARD)))
  expect(results.map(isApproved)).toEqual([true, true])
  expect(region.takeTrips()).toEqual([0, 1])
  for (const merchantId of BOTH) {
    const { database } = MERCHANTS[merchantId]
    const sold = region.storages[database].rows('select merchant_id from sale')
    expect(sold).toEqual([{ merchant_id: merchantId }])
  }
})

test('a list of an administrator brings the sales of both merchants to their databases', async () => {
  const lines = BOTH.map((merchantId) => {
    const { terminalId } = MERCHANTS[merchantId]
    return JSON.stringify({
      merchantId,
      terminalId,
      batchNumber: '000001',
      stan: '000900',
      amount: 100,
      state: 'approved',
    })
  })
  const { body } = await region.json(ADMINISTRATOR, 'POST', '/v1/sales', lines.join('\n'))
  expect(body.lines).toMatchObject([
    { line: 1, status: 201, merchantId: AT_HOME },
    { line: 2, status: 201, merchantId: MOVED },
  ])
  for (const merchantId of BOTH) expect(newestSale(merchantId)).toMatch(/^[0-9a-f]{32}$/)
})

test("an acquirer's list with lines of both merchants is compared with the records of both databases", async () => {
  const lines = BOTH.map((merchantId) => {
    const { terminalId } = MERCHANTS[merchantId]
    const named = { kind: 'sale', merchantId, terminalId, batchNumber: '000001', stan: '700001' }
    return JSON.stringify({ ...named, state: 'approved', amount: 100, currency: '156' })
  })
  const asOf = encodeURIComponent(new Date(region.clock.now).toISOString())
  const path = `/v1/reconciliations?apply=true&asOf=${asOf}`
  const { body } = await region.json(ADMINISTRATOR, 'POST', path, lines.join('\n'))
  const differs = { result: 'differs', difference: 'only_acquirer', applied: true }
  expect(body.lines).toMatchObject([
    { line: 1, merchantId: AT_HOME, ...differs },
    { line: 2, merchantId: MOVED, ...differs },
  ])
  for (const merchantId of BOTH) {
    const cases = region.storages[MERCHANTS[merchantId].database].rows(
      'select merchant_id from acquirer_record where case_reason is not null',
    )
    expect(cases).toEqual([{ merchant_id: merchantId }])
  }
})

test('a merchant that may not reconcile reaches one database', async () => {
  const lines = BOTH.map((merchantId) => {
    const { terminalId } = MERCHANTS[merchantId]
    const named = { kind: 'sale', merchantId, terminalId, batchNumber: '000001', stan: '700001' }
    return JSON.stringify({ ...named, state: 'approved', amount: 100, currency: '156' })
  })
  const path = `/v1/reconciliations?asOf=${encodeURIComponent(new Date(region.clock.now).toISOString())}`
  const { status } = await region.json(PLAIN_KEYS[AT_HOME], 'POST', path, lines.join('\n'))
  expect([status, region.takeTrips()]).toEqual([403, [0]])
  const own = await region.json(MERCHANTS[MOVED].key, 'POST', path, lines.join('\n'))
  expect([own.status, region.takeTrips()]).toEqual([403, [1]])
})
