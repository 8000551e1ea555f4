/**
 * @module Abuse at the doors: what strangers can do with wrong MACs, unknown keys and sign-ons, which is to slow themselves,
 * and how often one who proves itself is heard.
 */

import { describe, expect, it } from 'vitest'
import { BEARER_KEY } from '../../src/shed/doorkeeper.ts'
import { UNPROVED } from '../../src/shed/sources.ts'
import { SIGN_ON, TERMINAL, WITHOUT_MAC, WRONG_MACS } from '../../src/shed/terminals.ts'
import { dump } from './book.ts'
import * as s from './support.ts'
import { openTill, sixDigits, type Till } from './till.ts'

const HERE = '203.0.113.7'
const ELSEWHERE = '198.51.100.9'

const sayFrom = (till: Till, address: string, frame: Uint8Array) =>
  till.isolate.fetch('/v1/iso8583', {
    method: 'POST',
    headers: { 'cf-connecting-ip': address },
    body: Uint8Array.from(frame),
  })

/** Status, Retry-After and length of the body: all that a terminal gets when it is turned away. */
async function refusal(response: Response): Promise<[number, string | null, number]> {
  const { byteLength } = await response.arrayBuffer()
  return [response.status, response.headers.get('retry-after'), byteLength]
}

describe('wrong MACs', () => {
  const wrong = (till: Till, n: number) =>
    till.frame(s.aSale({ stan: sixDigits(n) }), { key: { ...till.key, mak: '7'.repeat(16) } })

  it('slow the address that they come from, raise one alert, and change nothing of the terminal', async () => {
    const isolate = await s.openIsolate()
    const till = await openTill(isolate)
    const before = await dump()
    for (let n = 1; n <= UNPROVED.burst; n++) {
      const reply = await s.read(await sayFrom(till, HERE, wrong(till, n)))
      expect(reply.fields.get(39)).toBe('A0')
    }
    expect(await refusal(await sayFrom(till, HERE, wrong(till, 900)))).toEqual([429, '1', 0])
    expect(await dump()).toEqual(before)
    const alerts = isolate.logged.filter(({ event }) => event === 'alert')
    expect(alerts).toEqual([
      { event: 'alert', why: 'wrong_macs', terminalId: till.tid },
      { event: 'alert', why: 'unproved_messages', source: HERE },
    ])
    // Its own messages from elsewhere are heard, under the very numbers that were tried.
    const sale = await s.read(await sayFrom(till, ELSEWHERE, till.frame(s.aSale({ stan: '000001' }))))
    expect(sale.fields.get(39)).toBe('00')
    isolate.clock.now += 1000
    expect((await sayFrom(till, HERE, wrong(till, 901))).status).toBe(200)
  })

  it('do not slow a terminal that proved itself from there, and others there are heard between', async () => {
    const isolate = await s.openIsolate()
    const [till, other, fresh] = [await openTill(isolate), await openTill(isolate), await openTill(isolate)]
    expect((await sayFrom(till, HERE, till.frame(s.aSale({ stan: '000001' })))).status).toBe(200)
    for (let n = 1; n <= 3 * UNPROVED.burst; n++) await sayFrom(other, HERE, wrong(other, n))
    const burst = Array.from({ length: 20 }, (_, n) => sayFrom(other, HERE, wrong(other, 500 + n)))
    const own = await s.read(await sayFrom(till, HERE, till.frame(s.aSale({ stan: '000002' }))))
    expect(own.fields.get(39)).toBe('00')
    const statuses = (await Promise.all(burst)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(15)
    const sale = await s.read(await sayFrom(fresh, HERE, fresh.frame(s.aSale({ stan: '000001' }))))
    expect(sale.fields.get(39)).toBe('00')
  })

  it('and unknown terminals are slowed alike', async () => {
    const fates = async (isUnknown: boolean) => {
      const isolate = await s.openIsolate()
      const till = await openTill(isolate)
      const tid = isUnknown ? 'NOSUCH99' : till.tid
      const statuses: number[] = []
      for (let n = 1; n <= UNPROVED.burst + 3; n++) {
        const message = s.from(s.aSale({ stan: sixDigits(n) }), { mid: till.mid, tid })
        const frame = s.frameOf(isolate, message, { ...till.key, mak: '7'.repeat(16) })
        statuses.push((await sayFrom(till, HERE, frame)).status)
      }
      const alerts = isolate.logged.filter(({ event }) => event === 'alert')
      return { statuses, alerts: alerts.map((alert) => ({ ...alert, terminalId: null })) }
    }
    expect(await fates(true)).toEqual(await fates(false))
    expect(WRONG_MACS).toBeLessThan(UNPROVED.burst)
  })
})

describe('a terminal that asks too often', () => {
  it('is told when to come again, and its copies cost nothing', async () => {
    const isolate = await s.openIsolate()
    const till = await openTill(isolate)
    const copy = till.frame(s.aSale({ stan: '000001' }))
    for (let n = 0; n < 10; n++) expect((await sayFrom(till, HERE, copy)).status).toBe(200)
    // A reversal of what never was is a message like any other, and the cheapest.
    const spend = async (n: number) =>
      (await sayFrom(till, HERE, till.frame(s.aReversal('sale', { stan: sixDigits(n) })))).status
    for (let n = 2; n <= TERMINAL.burst; n++) expect(await spend(n)).toBe(200)
    const next = till.frame(s.aReversal('sale', { stan: '000999' }))
    expect(await refusal(await sayFrom(till, HERE, next))).toEqual([429, '1', 0])
    expect((await sayFrom(till, ELSEWHERE, next)).status).toBe(200)
    isolate.clock.now += TERMINAL.everyMs
    expect(await spend(998)).toBe(200)
  })

  it('by echo, is still heard with a MAC', async () => {
    const isolate = await s.openIsolate()
    const till = await openTill(isolate)
    const echo = (n: number) =>
      sayFrom(till, HERE, till.frame(s.aManagement('0820', '301', { stan: sixDigits(n) }), { key: null }))
    for (let n = 1; n <= WITHOUT_MAC.burst; n++) expect((await echo(n)).status).toBe(200)
    expect((await echo(999)).status).toBe(429)
    expect((await sayFrom(till, HERE, till.frame(s.aSale({ stan: '000001' })))).status).toBe(200)
  })

  it('by signing on, is told so; from elsewhere it can, and what it was given stays', async () => {
    const isolate = await s.openIsolate()
    const till = await openTill(isolate, { planted: false })
    const signOn = (address: string, n: number) =>
      sayFrom(till, address, till.frame(s.aManagement('0800', '003', { stan: sixDigits(n) }), { key: null }))
    for (let n = 1; n <= SIGN_ON.burst; n++) expect((await signOn(HERE, n)).status).toBe(200)
    const before = await dump()
    expect(await refusal(await signOn(HERE, 900))).toEqual([429, '10', 0])
    expect((await s.read(await signOn(ELSEWHERE, 901))).fields.get(39)).toBe('00')
    expect(await dump()).toEqual(before)
  })
})

describe('bearer keys', () => {
  const get = (isolate: s.Isolate, key: string, address = HERE) =>
    s.ask(isolate, key, 'GET', '/v1/sales/000000000000', undefined, { 'cf-connecting-ip': address })

  it('that are guessed slow the address, not the back office beside it', async () => {
    const isolate = await s.openIsolate()
    const key = await s.bearerKey(s.MID)
    expect((await get(isolate, key)).status).toBe(404)
    for (let n = 0; n < UNPROVED.burst; n++)
      expect((await get(isolate, `guess-${n}-0123456789`, ELSEWHERE)).status).toBe(401)
    const refused = await get(isolate, 'guess-again-0123456789', ELSEWHERE)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1'])
    expect(refused.body).toMatchObject({
      reason: 'rate_limited',
      certainty: 'PENDING',
      doNext: 'retry',
      retryAfter: 1,
    })
    expect((await get(isolate, key, ELSEWHERE)).status).toBe(404)
  })

  it('that are used too often wait', async () => {
    const isolate = await s.openIsolate()
    const key = await s.bearerKey(s.MID)
    for (let n = 0; n < BEARER_KEY.burst; n++) expect((await get(isolate, key)).status).toBe(404)
    expect((await get(isolate, key)).status).toBe(429)
    isolate.clock.now += BEARER_KEY.everyMs
    expect((await get(isolate, key)).status).toBe(404)
  })

  it('that nobody knows are none in a feed either', async () => {
    const isolate = await s.openIsolate()
    const feed = (n: number) =>
      isolate.fetch('/v1/sales', {
        method: 'POST',
        headers: {
          authorization: `Bearer guess-${n}-0123456789`,
          'content-type': 'application/x-ndjson',
          'cf-connecting-ip': HERE,
        },
        body: `${JSON.stringify({ merchantId: s.MID, terminalId: s.TID, batchNumber: '000001', stan: '000001', amount: 1, status: 'approved' })}\n`,
      })
    for (let n = 0; n < UNPROVED.burst; n++) expect((await feed(n)).status).toBe(200)
    expect((await feed(99)).status).toBe(429)
  })
})
