/**
 * @module Overload at the POS door and the JSON API: which request is refused first and how, and which bodies
 * are not awaited or read.
 */

import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { AcquirerResponse } from '../../src/acquirer/port.ts'
import { dump } from './book.ts'
import { scriptedAcquirer, YES } from './scripted-acquirer.ts'
import * as s from './support.ts'
import { openTerminal, sell, type TestTerminal } from './terminal.ts'
import { watchD1 } from './watched-d1.ts'

const PATH = '/unp/webtrans/WPOS'
const post = (isolate: s.Isolate, body: BodyInit, headers: Record<string, string> = {}) =>
  isolate.fetch(PATH, { method: 'POST', headers: { 'content-type': 'x-ISO-TPDU/x-auth', ...headers }, body })

const frameBody = (frame: Uint8Array) => Uint8Array.from(frame)

/** Status, Retry-After and length of the body: the whole content of a refusal. */
async function refusal(response: Response): Promise<[number, string | null, number]> {
  const { byteLength } = await response.arrayBuffer()
  return [response.status, response.headers.get('retry-after'), byteLength]
}

/** An isolate that admits ten requests, whose database answers after `release`. */
async function openHeldIsolate() {
  const watched = watchD1(env.DB)
  const isolate = await s.openIsolate({ database: watched.database, mostInside: 10 })
  const terminals: TestTerminal[] = []
  for (let n = 0; n < 12; n++) terminals.push(await openTerminal(isolate))
  const sales = await Promise.all(terminals.slice(0, 2).map((terminal) => sell(terminal, '000001')))
  const key = await s.bearerKey(s.MID)
  const hold = Promise.withResolvers<void>()
  watched.watch = { before: () => hold.promise }
  watched.trips.length = 0
  const terminal = (n: number): TestTerminal => terminals[n] ?? terminals[0] ?? expect.fail('no terminal')
  const sale = (n: number) => s.post(isolate, terminal(n).frame(s.aSale({ stan: '000009' })))
  const report = () => s.ask(isolate, key, 'GET', '/v1/sales/000000000000')
  return { watched, isolate, terminal, sales, key, release: hold.resolve, sale, report }
}

describe('at the concurrency limit', () => {
  it('refuses look-ups before sales, sales before voids and reversals, at once and without a write', async () => {
    const { watched, isolate, terminal, sales, key, release, sale, report } = await openHeldIsolate()
    const before = await dump()
    // Three of ten are more than a quarter, eight are four fifths.
    const lookUps = [report(), report(), report()]
    await vi.waitFor(() => expect(watched.trips).toHaveLength(3))
    const refused = await report()
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
    const problem = { reason: 'overloaded', certainty: 'PENDING', doNext: 'retry', retryAfter: 5 }
    expect(refused.body).toMatchObject(problem)

    const salesUnderWay = [2, 3, 4, 5, 6].map(sale)
    expect(await refusal(await sale(7))).toEqual([503, '2', 0])

    const [original = expect.fail('no sale')] = sales
    const aVoid = terminal(0).frame(s.aVoid({ stan: '000002', ...original }))
    const aReversal = terminal(1).frame(s.aReversal('sale', { stan: '000001' }))
    const undoing = [aVoid, aReversal].map((frame) => s.post(isolate, frame))
    expect(await refusal(await s.post(isolate, aReversal))).toEqual([503, '1', 0])
    const body = { saleId: '0'.repeat(32), amount: 1 }
    const inJson = await s.ask(isolate, key, 'POST', '/v1/voids', body, { 'idempotency-key': 'a' })
    expect([inJson.status, inJson.body.reason, inJson.headers.get('retry-after')]).toEqual([
      503,
      'overloaded',
      '1',
    ])

    // The look-ups and the first set. Refused requests do not reach the database.
    expect(watched.trips).toHaveLength(4)
    expect(await dump()).toEqual(before)
    release()
    for (const response of await Promise.all([...salesUnderWay, ...undoing]))
      expect((await s.read(response)).fields.get(39)).toBe('00')
    for (const { status } of await Promise.all(lookUps)) expect(status).toBe(404)
    expect([(await sale(7)).status, (await report()).status]).toEqual([200, 404])
    const overloads = isolate.logged.filter(({ event }) => event === 'overloaded')
    expect(overloads.map(({ priority }) => priority)).toEqual(['other', 'sale', 'undo'])
  })

  it('a request that waits for the acquirer takes no slot from others', async () => {
    const acquirer = scriptedAcquirer()
    const answer = Promise.withResolvers<AcquirerResponse>()
    acquirer.script.sale = () => answer.promise
    const isolate = await s.openIsolate({ acquirer: acquirer.port, mostInside: 4 })
    const terminals: TestTerminal[] = []
    for (let n = 0; n < 8; n++) terminals.push(await openTerminal(isolate))
    const sales: Promise<s.Reply>[] = []
    for (const [n, terminal] of terminals.entries()) {
      sales.push(terminal.send(s.aSale({ stan: '000001' })))
      await vi.waitFor(() => expect(acquirer.requests).toHaveLength(n + 1))
    }
    answer.resolve(YES)
    for (const sale of await Promise.all(sales)) expect(sale.fields.get(39)).toBe('00')
  })

  it('refuses a request first when its first bytes show no priority', async () => {
    const { watched, isolate, release, report } = await openHeldIsolate()
    const inside = [report(), report(), report()]
    await vi.waitFor(() => expect(watched.trips).toHaveLength(3))
    expect(await refusal(await post(isolate, 'GET / HTTP/1.1'))).toEqual([503, '5', 0])
    release()
    await Promise.all(inside)
    expect((await post(isolate, 'GET / HTTP/1.1')).status).toBe(400)
  })
})

describe('bodies', () => {
  afterEach(() => void vi.useRealTimers())

  /** Half of a frame, and then nothing. */
  const half = (frame: Uint8Array) =>
    new ReadableStream({ start: (controller) => controller.enqueue(frame.slice(0, 40)) })

  it('that do not arrive are not awaited, and take no slot meanwhile', async () => {
    const isolate = await s.openIsolate({ mostInside: 2 })
    const terminal = await openTerminal(isolate)
    const key = await s.bearerKey(s.MID)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const statuses: number[] = []
    const slow = Array.from({ length: 20 }, () =>
      Promise.resolve(post(isolate, half(terminal.frame(s.aSale({ stan: '000001' }))))).then((response) => {
        statuses.push(response.status)
        return response
      }),
    )
    const slowJson = isolate.fetch('/v1/voids', {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'idempotency-key': 'a', 'content-type': 'application/json' },
      body: half(new TextEncoder().encode(`{"saleId":"${'0'.repeat(32)}","amount":1}`)),
    })
    expect((await sell(terminal, '000002')).rrn).toMatch(/^\d{12}$/)
    await vi.advanceTimersByTimeAsync(4_999)
    expect(statuses).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    for (const response of await Promise.all(slow))
      expect([response.status, response.body]).toEqual([408, null])
    await vi.advanceTimersByTimeAsync(5_000)
    const late = await slowJson
    expect([
      late.status,
      late.headers.get('retry-after'),
      (await late.json<{ reason: string }>()).reason,
    ]).toEqual([408, '1', 'body_too_slow'])
  })

  it('that break off are not messages', async () => {
    const isolate = await s.openIsolate()
    const broken = new ReadableStream({
      pull(controller) {
        controller.error(new Error('gone'))
      },
    })
    expect(await refusal(await post(isolate, broken))).toEqual([400, null, 0])
  })

  it('with an encoding are not decoded', async () => {
    const isolate = await s.openIsolate()
    const terminal = await openTerminal(isolate)
    const frame = terminal.frame(s.aSale({ stan: '000001' }))
    for (const encoding of ['gzip', 'br', 'deflate, gzip', 'Identity, gzip'])
      expect(await refusal(await post(isolate, frameBody(frame), { 'content-encoding': encoding }))).toEqual([
        415,
        null,
        0,
      ])
    expect((await post(isolate, frameBody(frame), { 'content-encoding': 'Identity' })).status).toBe(200)
    const key = await s.bearerKey(s.MID)
    const reply = await s.ask(
      isolate,
      key,
      'POST',
      '/v1/voids',
      {},
      { 'content-encoding': 'gzip', 'idempotency-key': 'a' },
    )
    expect([reply.status, reply.body.reason]).toEqual([415, 'unsupported_media_type'])
  })

  it.each(['99999999999999999999', 'Infinity', 'abc', '0x1001', '4097'])(
    'of %s bytes are not read',
    async (length) => {
      const isolate = await s.openIsolate()
      expect(await refusal(await post(isolate, new Uint8Array(10), { 'content-length': length }))).toEqual([
        413,
        null,
        0,
      ])
    },
  )

  it('longer than their Content-Length are rejected', async () => {
    const isolate = await s.openIsolate()
    expect((await post(isolate, new Uint8Array(5000), { 'content-length': '10' })).status).toBe(413)
  })

  it('without a length are read to the limit and no further', async () => {
    const isolate = await s.openIsolate()
    const key = await s.bearerKey(s.MID)
    let pulls = 0
    const endless = new ReadableStream({
      pull(controller) {
        pulls++
        controller.enqueue(new Uint8Array(1024))
      },
    })
    const response = await isolate.fetch('/v1/voids', {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'idempotency-key': 'a', 'content-type': 'application/json' },
      body: endless,
    })
    expect(response.status).toBe(413)
    expect(pulls).toBeLessThan(30)
  })
})
