/** @module The typed client against the service: keys of acts, retries, `doNext` until an outcome is final, lists, and its types. */

import { beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import {
  type ApiVoid,
  type CallInput,
  type ClientOptions,
  createClient,
  NoAnswer,
  Refused,
} from '../../src/client/index.ts'
import { rows } from './book.ts'
import { aSale, openWithAcquirer } from './merchant-client.ts'
import { SILENT, scriptedAcquirer, YES } from './scripted-acquirer.ts'
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

type Fetch = NonNullable<ClientOptions['fetch']>

/** A client of an isolate, in the time of its clock. `lose` decides the fate of each request. */
function clientOf(to: s.Isolate, bearer: string, options: Partial<ClientOptions> = {}, lose: Fetch[] = []) {
  const sent: { readonly route: string; readonly headers: Headers }[] = []
  const slept: number[] = []
  const direct: Fetch = (url, init) => to.fetch(`${url.pathname}${url.search}`, init)
  const client = createClient({
    url: 'https://annul.example',
    key: bearer,
    fetch: (url, init) => {
      sent.push({ route: `${init.method} ${url.pathname}`, headers: new Headers(init.headers) })
      return (lose.shift() ?? direct)(url, init)
    },
    now: () => to.clock.now,
    sleep: async (ms) => {
      slept.push(ms)
      to.clock.now += ms
    },
    ...options,
  })
  return { client, sent, slept, direct }
}

const broken: Fetch = async () => {
  throw new TypeError('fetch failed')
}

const named = ({ saleId, amount }: { saleId: string; amount: number }) => ({ saleId, amount })

describe('a void', () => {
  it('has a key that the client makes, and an answer of the route’s type', async () => {
    const { client, sent } = clientOf(isolate, key)
    const sale = await aSale(terminal)
    const result = await client.void({ body: { ...named(sale), reason: 'operator_error' } })
    expect(result).toMatchObject({ ok: true, status: 201, replayed: false, attempts: 1 })
    if (!result.ok) throw new Error(result.body.reason)
    expect(result.body).toMatchObject({ state: 'approved', saleId: sale.saleId, certainty: 'FINAL' })
    expect(result.idempotencyKey).toMatch(/^[0-9a-f-]{36}$/)
    expect(sent[0]?.headers.get('idempotency-key')).toBe(`"${result.idempotencyKey}"`)
    expect([result.location, result.requestId]).toEqual([`/v1/voids/${result.body.id}`, expect.any(String)])
    const again = await client.void({
      body: { ...named(sale), reason: 'operator_error' },
      idempotencyKey: result.idempotencyKey ?? '',
    })
    expect(again).toMatchObject({ ok: true, replayed: true, body: result.body })
  })

  it('whose answer is lost is sent again under its key, and happens once', async () => {
    const sale = await aSale(terminal)
    const lost: Fetch = async (url, init) => {
      await isolate.fetch(`${url.pathname}`, init)
      throw new TypeError('the connection was lost')
    }
    const { client, sent, slept } = clientOf(isolate, key, {}, [broken, lost])
    const result = await client.void({ body: named(sale) })
    expect(result).toMatchObject({ ok: true, replayed: true, attempts: 3 })
    expect(new Set(sent.map(({ headers }) => headers.get('idempotency-key'))).size).toBe(1)
    expect(slept).toEqual([500, 1000])
    expect(await rows('select 1 from void where sale_id = ?', sale.saleId)).toHaveLength(1)
  })

  it('that is refused is a refusal with its reason', async () => {
    const { client, sent } = clientOf(isolate, key)
    const sale = await aSale(terminal)
    const result = await client.void({ body: { saleId: sale.saleId, amount: 1 } })
    expect(result).toMatchObject({
      ok: false,
      status: 422,
      body: { reason: 'amount_differs', doNext: 'refund' },
    })
    expect(sent).toHaveLength(1)
  })

  it('that the acquirer has not decided is queried until it is final', async () => {
    const acquirer = scriptedAcquirer()
    const behind = await openWithAcquirer(acquirer)
    const own = await openTerminal(behind)
    const sale = await aSale(own)
    let inquiries = 0
    acquirer.script = { void: SILENT, inquiry: async () => (++inquiries < 3 ? SILENT : YES) }
    const { client, sent, slept } = clientOf(behind, key)
    const result = await client.void({ body: named(sale) })
    expect(result).toMatchObject({ ok: true, body: { state: 'approved', certainty: 'FINAL' } })
    expect(sent[0]?.route).toBe('POST /v1/voids')
    expect(new Set(sent.slice(1).map(({ route }) => route.replace(/[0-9a-f]{32}$/, '')))).toEqual(
      new Set(['GET /v1/voids/']),
    )
    expect(slept.every((ms) => ms === 2000)).toBe(true)
  })

  it('is given back unfinished when its time is over', async () => {
    const acquirer = scriptedAcquirer()
    const behind = await openWithAcquirer(acquirer)
    const own = await openTerminal(behind)
    const sale = await aSale(own)
    acquirer.script = { void: SILENT, inquiry: SILENT, reversal: SILENT }
    const { client } = clientOf(behind, key, { finalMs: 5000 })
    const result = await client.void({ body: named(sale) })
    expect(result).toMatchObject({
      ok: true,
      body: { state: 'pending', certainty: 'PENDING', doNext: 'query' },
    })
  })
})

it('a reversal names the void by its key', async () => {
  const { client } = clientOf(isolate, key)
  const sale = await aSale(terminal)
  const { idempotencyKey } = await client.void({ body: named(sale) })
  const result = await client.reverse({ body: { ...named(sale), idempotencyKey: idempotencyKey ?? '' } })
  expect(result).toMatchObject({ ok: true, body: { state: 'reversed', certainty: 'FINAL' } })
})

describe('a request', () => {
  const answer =
    (status: number, body: object, headers: Record<string, string> = {}): Fetch =>
    async () =>
      new Response(JSON.stringify(body), {
        status,
        headers: { 'content-type': 'application/problem+json', ...headers },
      })
  const busy = (headers: Record<string, string> = {}, status = 503) =>
    answer(
      status,
      { reason: 'overloaded', doNext: 'retry', certainty: 'PENDING', retryAfter: 1, title: '' },
      headers,
    )

  it('that is refused for a while waits `Retry-After` each time', async () => {
    const lose = [busy({ 'retry-after': '3' }), busy({ 'retry-after': '7' }, 429)]
    const { client, slept } = clientOf(isolate, key, {}, lose)
    const result = await client.request('GET /v1/cases')
    expect([result.ok, result.attempts, slept]).toEqual([true, 3, [3000, 7000]])
  })

  it('is not sent again where only another request helps', async () => {
    const { client, sent } = clientOf(isolate, key)
    const missing = await client.request('GET /v1/sales/{reference}', { path: { reference: '0'.repeat(32) } })
    expect(missing).toMatchObject({ ok: false, body: { reason: 'not_found' } })
    const unseen = await client.request('GET /v1/inquiries', { query: { idempotencyKey: 'never-used' } })
    expect(unseen).toMatchObject({ ok: false, body: { found: false, doNext: 'retry' } })
    expect(sent).toHaveLength(2)
  })

  it('without an answer ends with the key of its act, by which it goes on', async () => {
    const sale = await aSale(terminal)
    const gateway: Fetch = async () =>
      new Response('<h1>Bad gateway</h1>', { status: 502, headers: { 'content-type': 'text/html' } })
    const { client, slept } = clientOf(isolate, key, { maxAttempts: 3 }, [broken, gateway, broken])
    const failed = await client.void({ body: named(sale) }).catch((error: unknown) => error)
    if (!(failed instanceof NoAnswer)) throw new Error('expected NoAnswer')
    expect([failed.route, failed.attempts, slept]).toEqual(['POST /v1/voids', 3, [500, 1000]])
    const idempotencyKey = failed.idempotencyKey ?? ''
    const result = await client.void({ body: named(sale), idempotencyKey })
    expect(result).toMatchObject({ ok: true, replayed: false, idempotencyKey })
  })

  it('gives back the last refusal when its time is over', async () => {
    const lose = [busy({ 'retry-after': '40' }), busy({ 'retry-after': '40' })]
    const { client } = clientOf(isolate, key, {}, lose)
    expect(await client.request('GET /v1/cases')).toMatchObject({ ok: false, status: 503, attempts: 2 })
  })

  it('that is aborted is not sent again', async () => {
    const controller = new AbortController()
    const abort: Fetch = async () => {
      controller.abort(new Error('no longer wanted'))
      throw new TypeError('aborted')
    }
    const { client, sent } = clientOf(isolate, key, {}, [abort])
    const input = { signal: controller.signal }
    await expect(client.request('GET /v1/cases', input)).rejects.toThrow('no longer wanted')
    expect(sent).toHaveLength(1)
  })

  it('carries lines, a query, and an id for the log', async () => {
    const line = {
      merchantId: terminal.mid,
      terminalId: terminal.tid,
      batchNumber: '000001',
      amount: 70,
    } as const
    const lines = ['910001', '910002'].map((stan) => ({ ...line, stan }))
    const { client, sent } = clientOf(isolate, key)
    const result = await client.request('POST /v1/sales', { lines, requestId: 'a-request-of-mine' })
    if (!result.ok || result.status !== 200) throw new Error('lines are answered with 200')
    expect(result.body.map((one) => ('reason' in one ? one.reason : one.state))).toEqual([
      'approved',
      'approved',
    ])
    expect([result.requestId, sent[0]?.headers.get('content-type')]).toEqual([
      'a-request-of-mine',
      'application/x-ndjson',
    ])
    const named = { ...line, stan: '910001', kind: 'sale' } as const
    const { amount: _, ...reference } = named
    expect(await client.request('GET /v1/inquiries', { query: reference })).toMatchObject({
      ok: true,
      body: { found: true },
    })
  })
})

describe('a list', () => {
  it('comes page by page', async () => {
    const behind = await openWithAcquirer(scriptedAcquirer())
    const own = await openTerminal(behind)
    for (let i = 0; i < 5; i++) await aSale(own)
    const { client, sent } = clientOf(behind, admin)
    const rrns: string[] = []
    for await (const { rrn, terminalId } of client.items('GET /v1/acquirer-messages', { limit: 2 }))
      if (terminalId === own.tid) rrns.push(rrn)
    expect(new Set(rrns).size).toBe(5)
    expect(sent.length).toBeGreaterThan(2)
  })

  it('that is refused throws the refusal', async () => {
    const { client } = clientOf(isolate, key)
    await expect(client.items('GET /v1/acquirer-messages').next()).rejects.toThrow(Refused)
  })
})

it('the types are those of the contract', async () => {
  const { client } = clientOf(isolate, key)
  expectTypeOf<NonNullable<CallInput<'POST /v1/voids'>['body']>['saleId']>().toEqualTypeOf<string>()
  expectTypeOf<NonNullable<ApiVoid['reason']>>().toEqualTypeOf<
    'customer_changed_mind' | 'operator_error' | 'duplicate' | 'system_error'
  >()
  const found = await client.request('GET /')
  if (found.ok) expectTypeOf(found.body.name).toEqualTypeOf<'annul'>()
  expect(found).toMatchObject({ ok: true, body: { name: 'annul' } })
  const page = await client.request('GET /docs')
  if (page.ok) expectTypeOf(page.body).toEqualTypeOf<string>()
  expectTypeOf(client.request<'GET /v1/cases'>)
    .parameter(1)
    .toEqualTypeOf<CallInput<'GET /v1/cases'> | undefined>()
})
