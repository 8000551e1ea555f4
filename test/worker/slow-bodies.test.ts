/**
 * @module Slow bodies before anyone is known. One address with 512 sockets and a made-up key, or slow frames, keeps
 * neither voids nor lists out. It has alerts, and its failures count for it. A made-up key costs no trip while it is
 * remembered, and a real one no trip more.
 */

import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { NOT_FOUND_MS } from '../../src/admission/bearers.ts'
import { GIVE_WAY_MS } from '../../src/admission/body-space.ts'
import { UNPROVED } from '../../src/admission/sources.ts'
import { API_BODY_MS } from '../../src/api/limits.ts'
import * as s from './support.ts'
import { openTerminal, sell, type TestTerminal } from './terminal.ts'
import { watchD1 } from './watched-d1.ts'

const ATTACKER = '203.0.113.7'
const OTHER = '198.51.100.9'
const MADE_UP = 'made-up-key-0123456789'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

/** A body that begins and never ends. */
const unending = (bytes = 1) =>
  new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(bytes).fill(0x20)) })

interface Socket {
  readonly path?: string
  readonly address?: string
  readonly key?: string
  readonly type?: string
  readonly body?: BodyInit
  readonly idempotencyKey?: string
}

const open = (
  isolate: s.Isolate,
  { path, address, key, type, body, idempotencyKey }: Socket,
): Promise<Response> =>
  isolate.fetch(path ?? '/v1/voids', {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key ?? MADE_UP}`,
      'idempotency-key': idempotencyKey ?? 'a',
      'content-type': type ?? 'application/json',
      'cf-connecting-ip': address ?? ATTACKER,
    },
    body: body ?? unending(),
  })

/** Opens sockets that stay open, and collects what is answered at once. */
async function flood(isolate: s.Isolate, count: number, socketOf: (n: number) => Socket = () => ({})) {
  const statuses: number[] = []
  const all = Array.from({ length: count }, async (_, n) => {
    const { status } = await open(isolate, socketOf(n))
    statuses.push(status)
  })
  await vi.advanceTimersByTimeAsync(0)
  return { statuses, all: Promise.all(all) }
}

const saleLine = (terminal: TestTerminal, n: number) =>
  `${JSON.stringify({ merchantId: terminal.mid, terminalId: terminal.tid, batchNumber: '000001', stan: String(900_000 + n), amount: 100, state: 'approved' })}\n`

const alertsOf = ({ logged }: s.Isolate) => logged.filter(({ event }) => event === 'alert')

/** A merchant's day beside an attack: a terminal's sale and void, a void by JSON, and a list. */
async function expectService(terminal: TestTerminal, key: string, from: number): Promise<void> {
  const { isolate } = terminal
  const stan = (n: number) => String(from + n).padStart(6, '0')
  const sold = await sell(terminal, stan(0))
  const terminalVoid = await terminal.send(s.aVoid({ stan: stan(1), ...sold }))
  expect(terminalVoid.fields.get(39)).toBe('00')
  const other = await sell(terminal, stan(2))
  const found = await s.ask(isolate, key, 'GET', `/v1/sales/${other.rrn}`, undefined, {
    'cf-connecting-ip': OTHER,
  })
  const body = JSON.stringify({ saleId: found.body.id, amount: 1234 })
  const jsonVoid = await open(isolate, {
    key,
    address: OTHER,
    body,
    idempotencyKey: `${terminal.tid}-${from}`,
  })
  expect(jsonVoid.status).toBe(201)
  const list = await open(isolate, {
    path: '/v1/sales',
    key,
    address: OTHER,
    type: 'application/x-ndjson',
    body: saleLine(terminal, from) + ' '.repeat(200_000),
  })
  expect(list.status).toBe(200)
}

describe('one address with 512 sockets and a made-up key', () => {
  it('keeps no void and no list out, raises alerts, and is refused afterwards', async () => {
    const isolate = await s.openIsolate()
    const terminal = await openTerminal(isolate)
    const key = await s.bearerKey(terminal.mid)
    const { statuses, all } = await flood(isolate, 512)
    // A quarter of them is in hand; the rest is refused at once.
    expect(statuses.length).toBeGreaterThan(300)
    expect(new Set(statuses)).toEqual(new Set([503]))
    expect(alertsOf(isolate)).toEqual([{ event: 'alert', why: 'bodies_full', source: ATTACKER }])
    // The isolate does not know the key of the merchant yet.
    await expectService(terminal, key, 1)
    await vi.advanceTimersByTimeAsync(API_BODY_MS)
    await all
    expect(alertsOf(isolate)).toContainEqual({ event: 'alert', why: 'unproved_messages', source: ATTACKER })
    const again = await flood(isolate, 512, (n) => ({ key: `${MADE_UP}-${n}` }))
    expect(new Set(again.statuses)).toEqual(new Set([429]))
    expect(again.statuses).toHaveLength(512)
    await expectService(terminal, key, 11)
  })

  it('keeps a merchant at its own address in, with a key that the isolate knows', async () => {
    const isolate = await s.openIsolate()
    const key = await s.bearerKey(s.MID)
    const get = () =>
      s.ask(isolate, key, 'GET', '/v1/sales/000000000000', undefined, { 'cf-connecting-ip': ATTACKER })
    expect((await get()).status).toBe(404)
    await flood(isolate, 512)
    const body = JSON.stringify({ saleId: '0'.repeat(32), amount: 1 })
    expect((await open(isolate, { key, body })).status).toBe(404)
  })
})

it('slow sockets of many addresses with made-up keys keep neither terminals nor known keys out', async () => {
  const isolate = await s.openIsolate()
  const terminal = await openTerminal(isolate)
  const key = await s.bearerKey(terminal.mid)
  await expectService(terminal, key, 1)
  const { statuses } = await flood(isolate, 600, (n) => ({ address: `${n >> 8}.${n & 255}.0.1` }))
  expect(statuses.length).toBeGreaterThan(300)
  await expectService(terminal, key, 11)
  expect(alertsOf(isolate)).toEqual([{ event: 'alert', why: 'bodies_full', space: 'unknown' }])
})

it.each(['application/json', 'application/x-ndjson'])(
  'eight slow sockets with %s keep no list out, and announce as much as they like',
  async (type) => {
    const isolate = await s.openIsolate()
    const terminal = await openTerminal(isolate)
    const key = await s.bearerKey(terminal.mid)
    await flood(isolate, 8, () => ({ path: '/v1/sales', type, body: unending(16_000) }))
    await expectService(terminal, key, 1)
  },
)

it('slow frames of one address keep neither a terminal elsewhere nor the JSON API out', async () => {
  const isolate = await s.openIsolate()
  const terminal = await openTerminal(isolate)
  const key = await s.bearerKey(terminal.mid)
  const { statuses } = await flood(isolate, 512, () => ({
    path: '/v1/iso8583',
    type: 'application/octet-stream',
  }))
  expect(new Set(statuses)).toEqual(new Set([503]))
  await expectService(terminal, key, 1)
  expect(alertsOf(isolate)).toEqual([{ event: 'alert', why: 'bodies_full', source: ATTACKER }])
})

it('a quick frame of the same address takes the place of a slow one that is half a second old', async () => {
  const isolate = await s.openIsolate()
  const terminal = await openTerminal(isolate)
  const statuses: number[] = []
  for (let n = 0; n < 256; n++)
    void open(isolate, { path: '/v1/iso8583', type: 'application/octet-stream' }).then(({ status }) =>
      statuses.push(status),
    )
  await vi.advanceTimersByTimeAsync(0)
  const send = () =>
    open(isolate, {
      path: '/v1/iso8583',
      type: 'application/octet-stream',
      body: Uint8Array.from(terminal.frame(s.aSale({ stan: '000001' }))),
    })
  expect((await send()).status).toBe(503)
  isolate.clock.now += GIVE_WAY_MS
  expect((await s.read(await send())).fields.get(39)).toBe('00')
  await vi.advanceTimersByTimeAsync(0)
  expect(statuses).toEqual([503])
})

describe('what fails before its sender is known counts for its address', () => {
  const frame = (body: BodyInit, length?: string) => (isolate: s.Isolate) =>
    isolate.fetch('/v1/iso8583', {
      method: 'POST',
      headers: {
        'content-type': 'application/octet-stream',
        'cf-connecting-ip': ATTACKER,
        ...(length === undefined ? {} : { 'content-length': length }),
      },
      body,
    })
  const json = (socket: Socket) => (isolate: s.Isolate, n: number) =>
    open(isolate, { ...socket, key: `${MADE_UP}-${n}` })
  const broken = () =>
    new ReadableStream({
      pull: (controller) => controller.error(new Error('gone')),
    })

  it.each([
    ['a frame that no one can read', 400, () => frame('GET / HTTP/1.1')],
    ['a frame that is too long', 413, () => frame(new Uint8Array(10), '5000')],
    ['a frame that breaks off', 400, () => frame(broken())],
    ['JSON that breaks off', 401, () => json({ body: broken() })],
    ['JSON that is no JSON', 401, () => json({ body: '{' })],
    ['JSON that is too long', 401, () => json({ body: 'x'.repeat(20_000) })],
    [
      'a list that is too long',
      401,
      () => json({ path: '/v1/sales', type: 'application/x-ndjson', body: 'x'.repeat(300_000) }),
    ],
    [
      'a long body for a path that does not exist',
      404,
      () => json({ path: '/v1/nothing', body: 'x'.repeat(20_000) }),
    ],
  ])('%s', async (_, status, sendOf) => {
    const isolate = await s.openIsolate()
    for (let n = 0; n < UNPROVED.burst; n++) expect((await sendOf()(isolate, n)).status).toBe(status)
    expect(alertsOf(isolate)).toContainEqual({ event: 'alert', why: 'unproved_messages', source: ATTACKER })
    expect((await open(isolate, { key: `${MADE_UP}-last`, body: '{}' })).status).toBe(429)
    expect((await open(isolate, { key: `${MADE_UP}-last`, body: '{}', address: OTHER })).status).toBe(401)
  })

  it('but not what a known key sends', async () => {
    const isolate = await s.openIsolate()
    const key = await s.bearerKey(s.MID)
    for (let n = 0; n < UNPROVED.burst + 5; n++)
      expect((await open(isolate, { key, body: '{' })).status).toBe(400)
    expect(alertsOf(isolate)).toEqual([])
  })
})

describe('a key', () => {
  async function openWatched() {
    const watched = watchD1(env.DB)
    const isolate = await s.openIsolate({ database: watched.database })
    const trips = async (
      key: string,
      body: BodyInit = '{"saleId":"0","amount":1}',
    ): Promise<[number, number]> => {
      watched.trips.length = 0
      const { status } = await open(isolate, { key, body })
      return [status, watched.trips.length]
    }
    return { isolate, trips }
  }

  it('that was not found is refused without its body and without a trip, and looked up again after five seconds', async () => {
    const { isolate, trips } = await openWatched()
    expect(await trips(MADE_UP)).toEqual([401, 1])
    expect(await trips(MADE_UP, unending())).toEqual([401, 0])
    expect(await trips(MADE_UP)).toEqual([401, 0])
    isolate.clock.now += NOT_FOUND_MS
    expect(await trips(MADE_UP)).toEqual([401, 1])
  })

  // A sale that is not there costs a second trip: it may wait for the acquirer.
  it('that is valid costs no trip of its own, the first time and later', async () => {
    const { trips } = await openWatched()
    const key = await s.bearerKey(s.MID)
    const body = JSON.stringify({ saleId: '0'.repeat(32), amount: 1 })
    for (let n = 0; n < 3; n++) expect(await trips(key, body)).toEqual([404, 2])
  })

  it('that is revoked loses its place with its next message', async () => {
    const { trips } = await openWatched()
    const key = await s.bearerKey(s.MID)
    const body = JSON.stringify({ saleId: '0'.repeat(32), amount: 1 })
    expect(await trips(key, body)).toEqual([404, 2])
    await env.DB.prepare('update api_key set revoked_at = ? where name is not null').bind(s.START).run()
    expect(await trips(key, body)).toEqual([401, 1])
  })

  it('that makes the first keys is never taken for one that was not found', async () => {
    const bootstrap = 'b'.repeat(40)
    const isolate = await s.openIsolate({ BOOTSTRAP_KEY: bootstrap })
    for (let n = 0; n < 3; n++) {
      expect((await open(isolate, { key: bootstrap, body: '{}' })).status).toBe(401)
      expect((await open(isolate, { key: bootstrap, path: '/v1/keys', body: '{}' })).status).toBe(400)
    }
  })
})
