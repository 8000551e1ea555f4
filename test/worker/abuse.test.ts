/**
 * @module Abuse at the POS door and the JSON API: an attacker with wrong MACs, unknown keys and sign-ons
 * slows only itself. Proved senders have a rate limit too.
 */

import { describe, expect, it } from 'vitest'
import { BEARER_KEY } from '../../src/admission/admission-controller.ts'
import { GUESSES_OF_NETWORK } from '../../src/admission/mac-guesses.ts'
import { SIGN_ON } from '../../src/admission/sign-ons.ts'
import { UNPROVED } from '../../src/admission/sources.ts'
import { TERMINAL, WITHOUT_MAC, WRONG_MACS } from '../../src/admission/terminals.ts'
import { dump } from './book.ts'
import * as s from './support.ts'
import { openTerminal, sixDigits, type TestTerminal } from './terminal.ts'

const ATTACKER_ADDRESS = '203.0.113.7'
const OTHER_ADDRESS = '198.51.100.9'

const sendFrom = (terminal: TestTerminal, address: string, frame: Uint8Array) =>
  terminal.isolate.fetch('/v1/iso8583', {
    method: 'POST',
    headers: { 'cf-connecting-ip': address },
    body: Uint8Array.from(frame),
  })

/** Status, Retry-After and length of the body: the whole content of a refusal. */
async function refusal(response: Response): Promise<[number, string | null, number]> {
  const { byteLength } = await response.arrayBuffer()
  return [response.status, response.headers.get('retry-after'), byteLength]
}

describe('wrong MACs', () => {
  const wrong = (terminal: TestTerminal, n: number) =>
    terminal.frame(s.aSale({ stan: sixDigits(n) }), { key: { ...terminal.key, mak: '7'.repeat(16) } })

  it('slow their own address, raise one alert, and change nothing of the terminal', async () => {
    const isolate = await s.openIsolate()
    const terminal = await openTerminal(isolate)
    const before = await dump()
    for (let n = 1; n <= UNPROVED.burst; n++) {
      const reply = await s.read(await sendFrom(terminal, ATTACKER_ADDRESS, wrong(terminal, n)))
      expect(reply.fields.get(39)).toBe('A0')
    }
    expect(await refusal(await sendFrom(terminal, ATTACKER_ADDRESS, wrong(terminal, 900)))).toEqual([
      429,
      '1',
      0,
    ])
    expect(await dump()).toEqual(before)
    const alerts = isolate.logged.filter(({ event }) => event === 'alert')
    expect(alerts).toEqual([
      { event: 'alert', why: 'wrong_macs', terminalId: terminal.tid },
      { event: 'alert', why: 'unproved_messages', source: ATTACKER_ADDRESS },
    ])
    // Its own messages from another address are accepted, under the attacked STANs.
    const sale = await s.read(
      await sendFrom(terminal, OTHER_ADDRESS, terminal.frame(s.aSale({ stan: '000001' }))),
    )
    expect(sale.fields.get(39)).toBe('00')
    // The cap on guesses under this terminal number lasts longer than the rate of the address.
    isolate.clock.now += 1000
    expect((await sendFrom(terminal, ATTACKER_ADDRESS, wrong(terminal, 901))).status).toBe(429)
    isolate.clock.now += GUESSES_OF_NETWORK.everyMs
    expect((await sendFrom(terminal, ATTACKER_ADDRESS, wrong(terminal, 902))).status).toBe(200)
  })

  it('do not slow a terminal proved from that address, and others there are still accepted in between', async () => {
    const isolate = await s.openIsolate()
    const [terminal, other, fresh] = [
      await openTerminal(isolate),
      await openTerminal(isolate),
      await openTerminal(isolate),
    ]
    expect(
      (await sendFrom(terminal, ATTACKER_ADDRESS, terminal.frame(s.aSale({ stan: '000001' })))).status,
    ).toBe(200)
    for (let n = 1; n <= 3 * UNPROVED.burst; n++) await sendFrom(other, ATTACKER_ADDRESS, wrong(other, n))
    const burst = Array.from({ length: 20 }, (_, n) =>
      sendFrom(other, ATTACKER_ADDRESS, wrong(other, 500 + n)),
    )
    const own = await s.read(
      await sendFrom(terminal, ATTACKER_ADDRESS, terminal.frame(s.aSale({ stan: '000002' }))),
    )
    expect(own.fields.get(39)).toBe('00')
    const statuses = (await Promise.all(burst)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(15)
    const sale = await s.read(
      await sendFrom(fresh, ATTACKER_ADDRESS, fresh.frame(s.aSale({ stan: '000001' }))),
    )
    expect(sale.fields.get(39)).toBe('00')
  })

  it('and unknown terminals are slowed alike', async () => {
    const responsesFor = async (isUnknown: boolean) => {
      const isolate = await s.openIsolate()
      const terminal = await openTerminal(isolate)
      const tid = isUnknown ? 'NOSUCH99' : terminal.tid
      const statuses: number[] = []
      for (let n = 1; n <= UNPROVED.burst + 3; n++) {
        const message = s.from(s.aSale({ stan: sixDigits(n) }), { mid: terminal.mid, tid })
        const frame = s.frameOf(isolate, message, { ...terminal.key, mak: '7'.repeat(16) })
        statuses.push((await sendFrom(terminal, ATTACKER_ADDRESS, frame)).status)
      }
      const alerts = isolate.logged.filter(({ event }) => event === 'alert')
      return { statuses, alerts: alerts.map((alert) => ({ ...alert, terminalId: null })) }
    }
    expect(await responsesFor(true)).toEqual(await responsesFor(false))
    expect(WRONG_MACS).toBeLessThan(UNPROVED.burst)
  })
})

describe('a terminal above its rate', () => {
  it('gets 429 with Retry-After, and its copies cost nothing', async () => {
    const isolate = await s.openIsolate()
    const terminal = await openTerminal(isolate)
    const copy = terminal.frame(s.aSale({ stan: '000001' }))
    for (let n = 0; n < 10; n++) expect((await sendFrom(terminal, ATTACKER_ADDRESS, copy)).status).toBe(200)
    // A reversal of an unseen message counts like any other message, and is the cheapest.
    const spend = async (n: number) =>
      (
        await sendFrom(
          terminal,
          ATTACKER_ADDRESS,
          terminal.frame(s.aReversal('sale', { stan: sixDigits(n) })),
        )
      ).status
    for (let n = 2; n <= TERMINAL.burst; n++) expect(await spend(n)).toBe(200)
    const next = terminal.frame(s.aReversal('sale', { stan: '000999' }))
    expect(await refusal(await sendFrom(terminal, ATTACKER_ADDRESS, next))).toEqual([429, '1', 0])
    expect((await sendFrom(terminal, OTHER_ADDRESS, next)).status).toBe(200)
    isolate.clock.now += TERMINAL.everyMs
    expect(await spend(998)).toBe(200)
  })

  it('by echo still sends messages with a MAC', async () => {
    const isolate = await s.openIsolate()
    const terminal = await openTerminal(isolate)
    const echo = (n: number) =>
      sendFrom(
        terminal,
        ATTACKER_ADDRESS,
        terminal.frame(s.aManagement('0820', '301', { stan: sixDigits(n) }), { key: null }),
      )
    for (let n = 1; n <= WITHOUT_MAC.burst; n++) expect((await echo(n)).status).toBe(200)
    expect((await echo(999)).status).toBe(429)
    expect(
      (await sendFrom(terminal, ATTACKER_ADDRESS, terminal.frame(s.aSale({ stan: '000001' })))).status,
    ).toBe(200)
  })

  it('by sign-on gets 429, can sign on from another address, and keeps its keys', async () => {
    const isolate = await s.openIsolate()
    const terminal = await openTerminal(isolate, { hasKey: false })
    const signOn = (address: string, n: number) =>
      sendFrom(
        terminal,
        address,
        terminal.frame(s.aManagement('0800', '003', { stan: sixDigits(n) }), { key: null }),
      )
    for (let n = 1; n <= SIGN_ON.burst; n++) expect((await signOn(ATTACKER_ADDRESS, n)).status).toBe(200)
    const before = await dump()
    expect(await refusal(await signOn(ATTACKER_ADDRESS, 900))).toEqual([429, '10', 0])
    expect((await s.read(await signOn(OTHER_ADDRESS, 901))).fields.get(39)).toBe('00')
    expect(await dump()).toEqual(before)
  })
})

describe('bearer keys', () => {
  const get = (isolate: s.Isolate, key: string, address = ATTACKER_ADDRESS) =>
    s.ask(isolate, key, 'GET', '/v1/sales/000000000000', undefined, { 'cf-connecting-ip': address })

  it('when guessed slow their address, but not the back office at the same one', async () => {
    const isolate = await s.openIsolate()
    const key = await s.bearerKey(s.MID)
    expect((await get(isolate, key)).status).toBe(404)
    for (let n = 0; n < UNPROVED.burst; n++)
      expect((await get(isolate, `guess-${n}-0123456789`, OTHER_ADDRESS)).status).toBe(401)
    const refused = await get(isolate, 'guess-again-0123456789', OTHER_ADDRESS)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1'])
    expect(refused.body).toMatchObject({
      reason: 'rate_limited',
      certainty: 'PENDING',
      doNext: 'retry',
      retryAfter: 1,
    })
    expect((await get(isolate, key, OTHER_ADDRESS)).status).toBe(404)
  })

  it('above their rate get 429', async () => {
    const isolate = await s.openIsolate()
    const key = await s.bearerKey(s.MID)
    for (let n = 0; n < BEARER_KEY.burst; n++) expect((await get(isolate, key)).status).toBe(404)
    expect((await get(isolate, key)).status).toBe(429)
    isolate.clock.now += BEARER_KEY.everyMs
    expect((await get(isolate, key)).status).toBe(404)
  })

  it('when unknown are limited for captured sales too', async () => {
    const isolate = await s.openIsolate()
    const captureSales = (n: number) =>
      isolate.fetch('/v1/sales', {
        method: 'POST',
        headers: {
          authorization: `Bearer guess-${n}-0123456789`,
          'content-type': 'application/x-ndjson',
          'cf-connecting-ip': ATTACKER_ADDRESS,
        },
        body: `${JSON.stringify({ merchantId: s.MID, terminalId: s.TID, batchNumber: '000001', stan: '000001', amount: 1, state: 'approved' })}\n`,
      })
    for (let n = 0; n < UNPROVED.burst; n++) expect((await captureSales(n)).status).toBe(401)
    expect((await captureSales(99)).status).toBe(429)
  })
})
