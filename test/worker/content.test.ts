/** @module The content of JSON requests: one key quoted or not, one instant in any notation. Refusals name what to query. */

import { beforeAll, describe, expect, it } from 'vitest'
import { journalOf } from './book.ts'
import { aSale as soldSale } from './merchant-client.ts'
import * as s from './support.ts'
import { openTerminal, type TestTerminal } from './terminal.ts'

let isolate: s.Isolate
let terminal: TestTerminal
let key: string
let admin: string

beforeAll(async () => {
  isolate = await s.openIsolate()
  terminal = await openTerminal(isolate)
  key = await s.bearerKey(terminal.mid)
  admin = await s.bearerKey(null)
})

let keys = 0
const fresh = () => ({ 'idempotency-key': `content-${++keys}` })

const request = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
  isolate.fetch(path, { ...init, headers: { authorization: `Bearer ${key}`, ...headers } })

const voidOf = (body: string, headers: Record<string, string> = {}) =>
  request(
    '/v1/voids',
    { 'content-type': 'application/json', ...fresh(), ...headers },
    { method: 'POST', body },
  )

const problemOf = async (response: Response) => {
  const { reason } = (await response.json()) as Record<string, unknown>
  return { status: response.status, reason }
}

describe('Idempotency-Key', () => {
  it('is one key, quoted or not', async () => {
    const { saleId, amount } = await soldSale(terminal)
    const body = JSON.stringify({ saleId, amount })
    const first = await voidOf(body, { 'idempotency-key': 'one-key' })
    const text = await first.text()
    for (const name of ['"one-key"', 'one-key']) {
      const again = await voidOf(body, { 'idempotency-key': name })
      expect([again.status, await again.text()]).toEqual([201, text])
      expect(again.headers.get('idempotent-replayed')).toBe('true')
    }
    for (const idempotencyKey of ['one-key', '"one-key"']) {
      const path = `/v1/inquiries?${new URLSearchParams({ idempotencyKey })}`
      expect(await (await request(path)).json()).toMatchObject({ found: true, saleId })
    }
    const undo = { saleId, amount, idempotencyKey: '"one-key"' }
    expect((await s.ask(isolate, key, 'POST', '/v1/reversals', undo, fresh())).body).toMatchObject({
      state: 'reversed',
    })
  })

  it.each(['"', '"k', '"k"x', '"k";p=1', '"a\\b"', 'two words', '""'])(
    'is none where it is %s',
    async (name) => {
      const { status, reason } = await problemOf(await voidOf('{}', { 'idempotency-key': name }))
      expect([status, reason]).toEqual([400, 'idempotency_key_required'])
    },
  )
})

describe('times', () => {
  it('are the same content where they are the same instant', async () => {
    const sale = {
      merchantId: terminal.mid,
      terminalId: terminal.tid,
      batchNumber: '000001',
      stan: '900001',
      amount: 100,
      soldAt: '2026-06-01T10:00:00+08:00',
    }
    const post = (soldAt: string) => s.ask(isolate, key, 'POST', '/v1/sales', { ...sale, soldAt })
    const first = await post(sale.soldAt)
    expect(first.status).toBe(201)
    const entries = await journalOf(terminal.tid)
    for (const same of ['2026-06-01T02:00:00Z', '2026-06-01T02:00:00.000Z', '2026-05-31T21:00:00-05:00']) {
      const again = await post(same)
      expect([again.status, again.text, again.headers.get('idempotent-replayed')]).toEqual([
        201,
        first.text,
        'true',
      ])
    }
    const other = await post('2026-06-01T02:00:00.001Z')
    expect([other.status, other.body.reason]).toEqual([422, 'key_reused_with_different_content'])
    expect(await journalOf(terminal.tid)).toEqual(entries)
  })

  it('without an offset are none', async () => {
    const query = '/v1/reconciliations?asOf=2026-06-01T02:00:00'
    const reply = await s.ask(isolate, admin, 'POST', query, '', { 'content-type': 'application/x-ndjson' })
    expect(reply.body.errors).toEqual([
      { in: 'query', pointer: '/asOf', why: 'expected a time in ISO 8601 with Z or an offset' },
    ])
  })
})

describe('a refusal that says `query`', () => {
  const follow = async (reply: s.JsonReply) => {
    expect(reply.body.doNext).toBe('query')
    return s.ask(isolate, key, 'GET', String(reply.body.location))
  }

  it('says where: what is there answers', async () => {
    const [sale, other] = [await soldSale(terminal), await soldSale(terminal)]
    const post = (path: string, body: object, name: string) =>
      s.ask(isolate, key, 'POST', path, body, { 'idempotency-key': name })
    const named = ({ saleId, amount }: typeof sale) => ({ saleId, amount })
    const voided = await post('/v1/voids', named(sale), '"follow \\"1\\""')
    const twice = await post('/v1/voids', named(sale), 'follow-2')
    expect([twice.body.reason, twice.body.saleId]).toEqual(['original_already_voided', sale.saleId])
    expect((await follow(twice)).body).toMatchObject({ id: sale.saleId, voidId: voided.body.id })
    const reused = await post('/v1/voids', named(other), '"follow \\"1\\""')
    expect(reused.body.reason).toBe('key_reused_with_different_content')
    expect((await follow(reused)).body).toMatchObject({ found: true, voidId: voided.body.id })
    const undo = { ...named(other), idempotencyKey: '"follow \\"1\\""' }
    const crossed = await post('/v1/reversals', undo, 'follow-3')
    expect(crossed.body.reason).toBe('reference_differs')
    expect((await follow(crossed)).body).toMatchObject({ found: true, saleId: sale.saleId })
  })

  it('about the key of a reversal says where that reversal is, and not the void of the new content', async () => {
    const [sale, other] = [await soldSale(terminal), await soldSale(terminal)]
    const post = (path: string, { saleId, amount }: typeof sale, name: string, more: object = {}) =>
      s.ask(isolate, key, 'POST', path, { saleId, amount, ...more }, { 'idempotency-key': name })
    await post('/v1/voids', sale, 'mine-1')
    await post('/v1/voids', other, 'mine-2')
    const undone = await post('/v1/reversals', sale, 'mine-1', { idempotencyKey: 'mine-1' })
    expect(undone.status).toBe(200)
    const reused = await post('/v1/reversals', other, 'mine-1', { idempotencyKey: 'mine-2' })
    expect(reused.body).toMatchObject({
      reason: 'key_reused_with_different_content',
      location: '/v1/inquiries?idempotencyKey=mine-1&kind=void_reversal',
    })
    expect((await follow(reused)).body).toMatchObject({
      found: true,
      kind: 'void_reversal',
      saleId: sale.saleId,
      rrn: undone.body.rrn,
    })
  })

  it('of a captured sale says which sale has the number', async () => {
    const line = { merchantId: terminal.mid, terminalId: terminal.tid, batchNumber: '000001', amount: 5 }
    const post = (more: object) => s.ask(isolate, key, 'POST', '/v1/sales', { ...line, ...more })
    const first = await post({ stan: '900002', rrn: 'CAPTURED0001' })
    const sameStan = await post({ stan: '900002', rrn: 'CAPTURED0002' })
    expect((await follow(sameStan)).body).toMatchObject({ found: true, saleId: first.body.id })
    const sameRrn = await post({ stan: '900003', rrn: 'CAPTURED0001' })
    expect((await follow(sameRrn)).body).toMatchObject({ id: first.body.id })
  })
})

it('a void and its reversal are found by the same key, each by its kind', async () => {
  const { saleId, amount } = await soldSale(terminal)
  const post = (path: string, more: object = {}) =>
    s.ask(isolate, key, 'POST', path, { saleId, amount, ...more }, { 'idempotency-key': 'both' })
  const inquire = (query: string, bearer = key) => s.ask(isolate, bearer, 'GET', `/v1/inquiries?${query}`)
  const reversal = 'idempotencyKey=both&kind=void_reversal'
  expect((await inquire(reversal)).body).toMatchObject({ found: false, doNext: 'retry' })
  await post('/v1/voids')
  expect((await inquire(reversal)).status).toBe(404)
  const undone = await post('/v1/reversals', { idempotencyKey: 'both' })
  expect((await inquire(reversal)).body).toMatchObject({
    kind: 'void_reversal',
    saleId,
    rrn: undone.body.rrn,
    certainty: 'FINAL',
  })
  for (const query of ['idempotencyKey=both', 'idempotencyKey=both&kind=void'])
    expect((await inquire(query)).body).toMatchObject({ kind: 'void', state: 'reversed' })
  expect((await inquire(reversal, admin)).status).toBe(404)
})

it('a refusal never tells the right value', async () => {
  const sale = await soldSale(terminal, 7650)
  const post = (more: object, name: string) =>
    s.ask(isolate, key, 'POST', '/v1/voids', { saleId: sale.saleId, ...more }, { 'idempotency-key': name })
  const amount = await post({ amount: 1 }, 'right-1')
  expect(amount.body).toMatchObject({
    reason: 'amount_differs',
    original: { saleId: sale.saleId, rrn: sale.rrn },
  })
  const currency = await post({ amount: 7650, currency: '840' }, 'right-2')
  expect(currency.body.reason).toBe('currency_differs')
  const reversal = { saleId: sale.saleId, amount: 1, idempotencyKey: 'right-3' }
  await post({ amount: 7650 }, 'right-3')
  const undone = await s.ask(isolate, key, 'POST', '/v1/reversals', reversal, fresh())
  expect(undone.body.reason).toBe('amount_differs')
  for (const { text } of [amount, undone]) expect(text).not.toContain('7650')
  expect(currency.text).not.toContain('156')
})

describe('a refusal for a reason that comes before the amount never tells the amount of the sale', () => {
  const wrong = [
    { amount: 1 },
    { amount: 1, currency: '156' },
    { amount: 7650, currency: '840' },
    { amount: 1, currency: '840' },
  ]
  const reasons: readonly (readonly [string, (own: TestTerminal) => Promise<s.Isolate>])[] = [
    [
      'window_expired',
      async () => {
        const late = await s.openIsolate()
        late.clock.now = s.START + 86_400_000
        return late
      },
    ],
    [
      'original_settled',
      async (own) => {
        await own.send(s.aSettlement({ stan: '900000' }, s.totalsOf(7650, 1, 0, 0)), { key: null })
        return isolate
      },
    ],
  ]
  it.each(reasons)('%s', async (reason, arrange) => {
    const own = await openTerminal(isolate)
    const { saleId, rrn } = await soldSale(own, 7650)
    const to = await arrange(own)
    const post = (more: object, name: string) =>
      s.ask(to, key, 'POST', '/v1/voids', { saleId, ...more }, { 'idempotency-key': name })
    for (const [i, more] of wrong.entries()) {
      const name = `${reason}-${i}`
      const refused = await post(more, name)
      expect(refused.body).toMatchObject({ reason, original: { saleId, rrn } })
      expect(refused.body.original).not.toHaveProperty('amount')
      expect(refused.body.original).not.toHaveProperty('currency')
      expect((await post(more, name)).text).toBe(refused.text)
      const { body } = await s.ask(to, key, 'GET', `/v1/inquiries?idempotencyKey=${name}`)
      expect(body.answer).toEqual({ httpStatus: 409, body: refused.body })
    }
    for (const [i, more] of [{ amount: 7650 }, { amount: 7650, currency: '156' }].entries()) {
      const refused = await post(more, `${reason}-right-${i}`)
      expect(refused.body).toMatchObject({ reason, original: { saleId, rrn, amount: 7650, currency: '156' } })
      const { body } = await s.ask(to, key, 'GET', `/v1/inquiries?idempotencyKey=${reason}-right-${i}`)
      expect(body.answer).toEqual({ httpStatus: 409, body: refused.body })
    }
  })
})
