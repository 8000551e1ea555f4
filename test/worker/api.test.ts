/**
 * @module The JSON API: access, Idempotency-Key, problem details, voids and sales by id and RRN. Both APIs
 * decide alike.
 */

import { beforeAll, describe, expect, it } from 'vitest'
import { effectOf, journalOf, rows } from './book.ts'
import * as s from './support.ts'
import { hexOf, openTerminal, sell, type TestTerminal } from './terminal.ts'

const OTHER_MID = '543210987654321'
const ABSENT = '0'.repeat(32)

let isolate: s.Isolate
let terminal: TestTerminal
let key: string
let otherKey: string
let admin: string

beforeAll(async () => {
  isolate = await s.openIsolate()
  terminal = await openTerminal(isolate)
  await openTerminal(isolate, { mid: OTHER_MID })
  key = await s.bearerKey(terminal.mid)
  otherKey = await s.bearerKey(OTHER_MID)
  admin = await s.bearerKey(null)
})

let stans = 0
/** A sale by the terminal, as the JSON API names it. */
async function aSale(amount = 1234) {
  const stan = String(++stans).padStart(6, '0')
  const { rrn } = await sell(terminal, stan, amount)
  const [row] = await rows('select id from sale where rrn = ?', rrn)
  return { saleId: String(row?.id), amount, rrn, stan }
}

let keys = 0
const fresh = () => ({ 'idempotency-key': `key-${++keys}` })

const voidSale = (
  bearer: string | null,
  { saleId, amount }: { saleId: string; amount: number },
  headers: Record<string, string> = fresh(),
  more: object = {},
  to = isolate,
) => s.ask(to, bearer, 'POST', '/v1/voids', { saleId, amount, ...more }, headers)

/** RFC 9457, with the stable reason, both languages and the certainty. */
function expectProblem({ status, headers, body }: s.JsonReply, expected: [number, string]) {
  expect([status, body.reason]).toEqual(expected)
  expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
  expect(body).toMatchObject({
    type: `urn:annul:problem:${expected[1]}`,
    title: expect.any(String),
    status,
    messages: { zh: expect.stringMatching(/[\u4e00-\u9fff]/), en: expect.stringMatching(/^[\x20-\x7e]+$/) },
    certainty: expect.stringMatching(/^(FINAL|PENDING|UNKNOWN)$/),
    doNext: expect.any(String),
  })
}

const ROUTES: readonly (readonly [string, string, object | undefined])[] = [
  ['POST', '/v1/voids', { saleId: ABSENT, amount: 1 }],
  ['GET', `/v1/voids/${ABSENT}`, undefined],
  ['POST', '/v1/reversals', { saleId: ABSENT, amount: 1, idempotencyKey: 'x' }],
  [
    'POST',
    '/v1/sales',
    { merchantId: s.MID, terminalId: 'T0000001', batchNumber: '000001', stan: '000999', amount: 1 },
  ],
  ['GET', `/v1/sales/${ABSENT}`, undefined],
  ['GET', '/v1/inquiries?rrn=000000000000', undefined],
  ['GET', '/v1/cases', undefined],
  ['GET', '/v1/acquirer-messages', undefined],
  ['GET', '/v1/cases/000000000000', undefined],
  ['POST', '/v1/cases/000000000000', { resolution: 'stands', note: 'x' }],
  ['PUT', `/v1/merchants/${s.MID}/terminals/T0000001`, { state: 'active' }],
]

describe.each(ROUTES)('%s %s', (method, path, body) => {
  it('needs a known bearer key that is not revoked', async () => {
    const revoked = await s.bearerKey(s.MID)
    await rows(
      'update api_key set revoked_at = 1 where hash in (select hash from api_key order by rowid desc limit 1)',
    )
    const bearers = [null, 'short', 'x'.repeat(40), revoked, `${key}x`]
    const texts = new Set<string>()
    for (const bearer of bearers) {
      const reply = await s.ask(isolate, bearer, method, path, body, fresh())
      expectProblem(reply, [401, 'unauthorized'])
      expect(reply.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"')
      texts.add(reply.text)
    }
    expect(texts.size).toBe(1)
    const basic = await s.ask(isolate, null, method, path, body, {
      authorization: `Basic ${btoa(`x:${key}`)}`,
    })
    expect(basic.status).toBe(401)
  })

  it('rejects other methods and names the allowed ones', async () => {
    const taken = ROUTES.filter(([, same]) => same === path).map(([one]) => one)
    for (const other of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'].filter((one) => !taken.includes(one))) {
      const reply = await s.ask(isolate, key, other, path)
      expectProblem(reply, [405, 'method_not_allowed'])
      expect(reply.headers.get('allow')).toBe(taken.join(', '))
    }
  })
})

describe('a missing resource', () => {
  it("and another merchant's resource give the same bytes", async () => {
    const sale = await aSale()
    const voided = await voidSale(key, sale)
    const responseOf = async (bearer: string, ...[method, path, body]: [string, string, object?]) => {
      const { status, text, headers } = await s.ask(isolate, bearer, method, path, body, fresh())
      return JSON.stringify([status, text, [...headers]])
    }
    const pairs: [[string, string, object?], [string, string, object?]][] = [
      [
        ['GET', `/v1/sales/${sale.saleId}`],
        ['GET', `/v1/sales/${ABSENT}`],
      ],
      [
        ['GET', `/v1/sales/${sale.rrn}`],
        ['GET', '/v1/sales/999999999999'],
      ],
      [
        ['GET', `/v1/voids/${voided.body.id}`],
        ['GET', `/v1/voids/${ABSENT}`],
      ],
      [
        ['GET', `/v1/voids/${voided.body.rrn}`],
        ['GET', '/v1/voids/999999999999'],
      ],
      [
        ['POST', '/v1/voids', { saleId: sale.saleId, amount: sale.amount }],
        ['POST', '/v1/voids', { saleId: ABSENT, amount: sale.amount }],
      ],
      [
        ['POST', '/v1/voids', { saleId: sale.saleId, amount: 1 }],
        ['POST', '/v1/voids', { saleId: ABSENT, amount: 1 }],
      ],
      [
        [
          'POST',
          '/v1/sales',
          {
            merchantId: OTHER_MID,
            terminalId: terminal.tid,
            batchNumber: '000001',
            stan: '000999',
            amount: 1,
          },
        ],
        [
          'POST',
          '/v1/sales',
          { merchantId: OTHER_MID, terminalId: 'NOWHERE1', batchNumber: '000001', stan: '000999', amount: 1 },
        ],
      ],
    ]
    const journal = await journalOf(terminal.tid)
    for (const [foreign, absent] of pairs)
      expect(await responseOf(otherKey, ...foreign), foreign.join(' ')).toBe(
        await responseOf(otherKey, ...absent),
      )
    expect(await journalOf(terminal.tid)).toEqual(journal)
  })

  it.each(['/v1', '/v1/', '/v1/nothing', '/v1/voids/a/b', '/v1/merchants'])('%s', async (path) => {
    const reply = await s.ask(isolate, key, 'GET', path)
    expect(reply.status).toBe(404)
  })

  it("an administrator sees every merchant's resources, and a merchant may not provision", async () => {
    const sale = await aSale()
    expect((await s.ask(isolate, admin, 'GET', `/v1/sales/${sale.saleId}`)).status).toBe(200)
    expect((await voidSale(admin, sale)).status).toBe(201)
    const path = `/v1/merchants/${terminal.mid}/terminals/${terminal.tid}`
    expectProblem(await s.ask(isolate, key, 'PUT', path, { state: 'blocked' }), [403, 'forbidden'])
    const captureSales = {
      merchantId: OTHER_MID,
      terminalId: terminal.tid,
      batchNumber: '000001',
      stan: '000998',
      amount: 1,
    }
    expectProblem(await s.ask(isolate, key, 'POST', '/v1/sales', captureSales), [403, 'forbidden'])
  })
})

describe('Idempotency-Key', () => {
  it.each([undefined, '', ' ', 'a b', 'ä', 'x'.repeat(256)])('rejects the key %j', async (value) => {
    const sale = await aSale()
    const headers: Record<string, string> = value === undefined ? {} : { 'idempotency-key': value }
    expectProblem(await voidSale(key, sale, headers), [400, 'idempotency_key_required'])
    expect((await s.ask(isolate, key, 'GET', `/v1/sales/${sale.saleId}`)).body.state).toBe('approved')
  })

  it('returns the same answer for the same content, marked as replayed, in any isolate', async () => {
    const sale = await aSale()
    const headers = fresh()
    const first = await voidSale(key, sale, headers)
    expect([first.status, first.headers.get('idempotent-replayed')]).toEqual([201, null])
    for (const to of [isolate, await s.openIsolate()]) {
      const again = await voidSale(key, sale, headers, {}, to)
      expect([again.status, again.text]).toEqual([201, first.text])
      expect(again.headers.get('idempotent-replayed')).toBe('true')
      expect(again.headers.get('location')).toBe(first.headers.get('location'))
    }
    // The order of members and an explicit default do not change the content.
    const { saleId, amount } = sale
    const explicit = JSON.stringify({ currency: '156', amount, saleId })
    expect((await s.ask(isolate, key, 'POST', '/v1/voids', explicit, headers)).text).toBe(first.text)
  })

  it('rejects other content, though the sale could be voided', async () => {
    const [sale, second] = [await aSale(), await aSale()]
    const headers = fresh()
    await voidSale(key, sale, headers)
    for (const [other, more] of [
      [second, {}],
      [{ ...sale, amount: 1 }, {}],
      [sale, { reason: 'duplicate' }],
      [{ ...sale, saleId: ABSENT }, {}],
    ] as const)
      expectProblem(await voidSale(key, other, headers, more), [422, 'key_reused_with_different_content'])
    expect((await voidSale(key, second)).status).toBe(201)
  })

  it('belongs to its caller', async () => {
    const [sale, second] = [await aSale(), await aSale()]
    const headers = fresh()
    expect((await voidSale(key, sale, headers)).status).toBe(201)
    expect((await voidSale(admin, second, headers)).status).toBe(201)
    expectProblem(await voidSale(otherKey, sale, headers), [404, 'original_not_found'])
  })

  it('keeps a refusal as well', async () => {
    const sale = await aSale()
    const headers = fresh()
    const first = await voidSale(key, { ...sale, amount: 1 }, headers)
    expectProblem(first, [422, 'amount_differs'])
    const again = await voidSale(key, { ...sale, amount: 1 }, headers)
    expect([again.text, again.headers.get('idempotent-replayed')]).toEqual([first.text, 'true'])
  })
})

describe('a void', () => {
  it('returns all that a receipt needs, and is found by id and by RRN', async () => {
    const sale = await aSale(5000)
    const { status, body, headers } = await voidSale(key, sale, fresh(), { reason: 'operator_error' })
    expect(status).toBe(201)
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      saleId: sale.saleId,
      state: 'approved',
      merchantId: terminal.mid,
      terminalId: terminal.tid,
      batchNumber: '000001',
      stan: null,
      amount: 5000,
      currency: '156',
      card: { first6: '622500', last4: '0014' },
      rrn: expect.stringMatching(/^\d{12}$/),
      originalRrn: sale.rrn,
      acquirerRrn: null,
      authorizationCode: expect.stringMatching(/^\d{6}$/),
      reason: 'operator_error',
      fee: 0,
      feeReturned: null,
      destination: 'original_card',
      voidedAt: new Date(s.START).toISOString(),
      reversedAt: null,
      reversedLate: false,
      certainty: 'FINAL',
      doNext: 'print_receipt',
    })
    expect(headers.get('location')).toBe(`/v1/voids/${body.id}`)
    for (const reference of [body.id, body.rrn])
      expect((await s.ask(isolate, key, 'GET', `/v1/voids/${reference}`)).body).toEqual(body)
  })

  it('of a sale that can no longer be voided names the alternative', async () => {
    const sale = await aSale()
    const late = await s.openIsolate()
    late.clock.now = Date.UTC(2026, 5, 1, 15)
    const reply = await voidSale(key, sale, fresh(), {}, late)
    expectProblem(reply, [409, 'window_expired'])
    expect(reply.body).toMatchObject({
      certainty: 'FINAL',
      doNext: 'refund',
      original: { saleId: sale.saleId, rrn: sale.rrn, amount: 1234, currency: '156' },
    })
    const { body } = await s.ask(late, key, 'GET', `/v1/sales/${sale.saleId}`)
    expect(body).toMatchObject({
      state: 'approved',
      voidable: false,
      voidableUntil: '2026-06-01T15:00:00.000Z',
    })
  })

  it('by the terminal is visible here, and one by the JSON API is known to the terminal', async () => {
    const sale = await aSale()
    const names = { original: sale.stan, rrn: sale.rrn }
    await terminal.send(s.aVoid({ stan: '500001', ...names }))
    const seen = await s.ask(isolate, key, 'GET', `/v1/sales/${sale.saleId}`)
    expect(seen.body).toMatchObject({ state: 'voided', voidable: false })
    const voided = await s.ask(isolate, key, 'GET', `/v1/voids/${seen.body.voidId}`)
    expect(voided.body).toMatchObject({ state: 'approved', stan: '500001' })
    expectProblem(await voidSale(key, sale), [409, 'original_already_voided'])
    await terminal.send(s.aReversal('void', { stan: '500001' }))
    expect((await s.ask(isolate, key, 'GET', `/v1/voids/${seen.body.voidId}`)).body).toMatchObject({
      state: 'reversed',
      doNext: 'nothing',
    })
    expect((await voidSale(key, sale)).status).toBe(201)
    expect((await terminal.send(s.aVoid({ stan: '500002', ...names }))).fields.get(39)).toBe('12')
  })

  it('whose sale the terminal reversed is refused from then on, also to a copy of the first request', async () => {
    const sale = await aSale()
    const headers = fresh()
    await voidSale(key, sale, headers)
    await terminal.send(s.aReversal('sale', { stan: sale.stan }))
    expectProblem(await voidSale(key, sale, headers), [409, 'message_reversed'])
    expectProblem(await voidSale(key, sale), [409, 'original_reversed'])
  })
})

describe('bodies', () => {
  const bad: readonly (readonly [string, unknown, number])[] = [
    ['invalid JSON', '{', 400],
    ['an array', '[]', 400],
    ['nothing', '', 400],
    ['an unknown member', { saleId: ABSENT, amount: 1, amout: 1 }, 400],
    ['an amount as text', { saleId: ABSENT, amount: '1' }, 400],
    ['a fraction', { saleId: ABSENT, amount: 1.5 }, 400],
    ['a zero amount', { saleId: ABSENT, amount: 0 }, 400],
    ['more than n12', { saleId: ABSENT, amount: 1e12 }, 400],
    ['a currency by name', { saleId: ABSENT, amount: 1, currency: 'CNY' }, 400],
    ['an unknown reason', { saleId: ABSENT, amount: 1, reason: 'because' }, 400],
    ['an unknown destination', { saleId: ABSENT, amount: 1, destination: '6225000000000014' }, 400],
    ['a body that is too long', `{"saleId":"${'0'.repeat(20_000)}"}`, 413],
  ]
  it.each(bad)('%s', async (_name, body, status) => {
    const reply = await s.ask(isolate, key, 'POST', '/v1/voids', body, fresh())
    expectProblem(reply, [status, status === 413 ? 'body_too_large' : 'invalid_request'])
    expect(reply.text).not.toContain('6225000000000014')
  })

  it('of another media type', async () => {
    const headers = { ...fresh(), 'content-type': 'application/xml' }
    expectProblem(await s.ask(isolate, key, 'POST', '/v1/voids', '<void/>', headers), [
      415,
      'unsupported_media_type',
    ])
  })
})

describe('the adapter `book`', () => {
  it('rejects a sale from a terminal, and lets the terminal void a captured sale', async () => {
    const book = await s.openIsolate({ ACQUIRER: 'book' })
    const own = await openTerminal(book)
    expect((await own.send(s.aSale({ stan: '000001' }))).fields.get(39)).toBe('40')
    const capturedSale = { merchantId: own.mid, terminalId: own.tid, batchNumber: '000001', stan: '000001' }
    const sale = await s.ask(book, key, 'POST', '/v1/sales', { ...capturedSale, amount: 1234, pan: s.PAN })
    expect(sale.status).toBe(201)
    const names = { original: '000001', rrn: String(sale.body.rrn) }
    const voided = await own.send(s.aVoid({ stan: '000002', ...names }))
    expect(voided.fields.get(39)).toBe('00')
    expect((await effectOf(own.tid)).sales).toMatchObject([{ live_voids: 1 }])
    expect(hexOf((await own.send(s.aVoid({ stan: '000002', ...names }))).bytes)).toBe(hexOf(voided.bytes))
  })

  it('has no card when the captured sale has none, so the RRN must name the sale', async () => {
    const book = await s.openIsolate({ ACQUIRER: 'book' })
    const own = await openTerminal(book)
    const captured = { merchantId: own.mid, terminalId: own.tid, batchNumber: '000001', stan: '000001' }
    const { body } = await s.ask(book, key, 'POST', '/v1/sales', { ...captured, amount: 1234 })
    const unnamed = await own.send(s.aVoid({ stan: '000002', original: '000001', rrn: '0'.repeat(12) }))
    expect(unnamed.fields.get(39)).toBe('14')
    const named = await own.send(s.aVoid({ stan: '000003', original: '000001', rrn: String(body.rrn) }))
    expect(named.fields.get(39)).toBe('00')
  })
})
