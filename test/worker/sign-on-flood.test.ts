/**
 * @module A flood of sign-ons and of false MACs at the POS door: it locks out no terminal, costs no key in clear, and
 * raises alerts.
 */

import { env } from 'cloudflare:workers'
import { expect, it, vi } from 'vitest'
import { WORKING_KEYS_MS } from '../../src/domain/key-lifetime.ts'
import * as s from './support.ts'
import { openTerminal, sixDigits, type TestTerminal } from './terminal.ts'

const OWN_ADDRESS = '198.51.100.9'

/** An address in an IPv6 /48 of its own. */
const anyNetwork = (n: number) => `2001:db8:${n.toString(16)}::1`

const sendFrom = (isolate: s.Isolate, address: string, frame: Uint8Array) =>
  isolate.fetch('/v1/iso8583', {
    method: 'POST',
    headers: { 'cf-connecting-ip': address },
    body: Uint8Array.from(frame),
  })

const signOn = (terminal: TestTerminal, address: string, n: number, layout = '003') =>
  sendFrom(
    terminal.isolate,
    address,
    terminal.frame(s.aManagement('0800', layout, { stan: sixDigits(n) }), { key: null }),
  )

const keysOf = async (response: Response) => {
  const { fields } = await s.read(response)
  return { code: fields.get(39), keys: fields.get(62) }
}

it('sixty sign-ons a second from many networks lock out no terminal, and unwrap keys once', async () => {
  const isolate = await s.openIsolate()
  const [victim, other] = [
    await openTerminal(isolate, { hasKey: false }),
    await openTerminal(isolate, { hasKey: false }),
  ]
  const unwrap = vi.spyOn(isolate.services.keyring, 'unwrap')
  const first = await keysOf(await signOn(victim, OWN_ADDRESS, 1))
  const unwraps = unwrap.mock.calls.length
  expect([first.code, unwraps]).toEqual(['00', 3])
  for (let n = 0; n < 600; n++) {
    const { status } = await signOn(victim, anyNetwork(n), n + 2)
    expect(status).toBe(200)
    isolate.clock.now += 1000 / 60
  }
  expect(unwrap.mock.calls.length).toBe(unwraps)
  expect((await keysOf(await signOn(victim, anyNetwork(9000), 700))).keys).toBe(first.keys)
  expect((await keysOf(await signOn(other, OWN_ADDRESS, 1))).code).toBe('00')
  unwrap.mockRestore()
})

it('made-up terminal numbers from many networks lock out no terminal', async () => {
  const isolate = await s.openIsolate()
  const terminal = await openTerminal(isolate, { hasKey: false })
  for (let n = 0; n < 550; n++) {
    const message = s.from(s.aManagement('0800', '003', { stan: '000001' }), {
      mid: terminal.mid,
      tid: `M${String(n).padStart(7, '0')}`,
    })
    const reply = await s.read(await sendFrom(isolate, anyNetwork(n), s.frameOf(isolate, message, null)))
    expect(reply.fields.get(39)).toBe('97')
  }
  expect((await keysOf(await signOn(terminal, OWN_ADDRESS, 1))).code).toBe('00')
})

it('an answer from memory is the answer of the key set: other layouts, other keys and other master keys have their own', async () => {
  const isolate = await s.openIsolate()
  const terminal = await openTerminal(isolate, { hasKey: false })
  const unwrap = vi.spyOn(isolate.services.keyring, 'unwrap')
  const unwrapsOf = async (layout = '003') => {
    unwrap.mockClear()
    const { code, keys } = await keysOf(await signOn(terminal, OWN_ADDRESS, 1, layout))
    expect(code).toBe('00')
    isolate.clock.now += 10_000
    return { keys, unwraps: unwrap.mock.calls.length }
  }
  const first = await unwrapsOf()
  expect(await unwrapsOf()).toEqual({ keys: first.keys, unwraps: 0 })
  const wider = await unwrapsOf('004')
  expect([wider.unwraps, wider.keys === first.keys]).toEqual([4, false])
  expect(await unwrapsOf('003')).toEqual({ keys: first.keys, unwraps: 0 })

  // A blob that is changed in the database does not open, although its answer is in memory.
  const moved = "update key_set set mak = tpk where terminal_id = ? and layout = '003'"
  await env.DB.prepare(moved).bind(terminal.tid).run()
  expect((await signOn(terminal, OWN_ADDRESS, 1)).status).toBe(503)

  // A pending set that expires has a new one in its place.
  isolate.clock.now += WORKING_KEYS_MS
  const next = await unwrapsOf()
  expect([next.unwraps, next.keys === first.keys]).toEqual([3, false])
  unwrap.mockRestore()
})

it('false MACs from many networks raise alerts, and stop no terminal that has proved itself or comes from elsewhere', async () => {
  const isolate = await s.openIsolate()
  const terminal = await openTerminal(isolate)
  const guess = (n: number) =>
    sendFrom(
      isolate,
      anyNetwork(n % 30),
      terminal.frame(s.aSale({ stan: sixDigits(n) }), { key: { ...terminal.key, mak: '7'.repeat(16) } }),
    )
  const sale = (address: string, n: number) =>
    sendFrom(isolate, address, terminal.frame(s.aSale({ stan: sixDigits(n) })))
  expect((await s.read(await sale(OWN_ADDRESS, 1))).fields.get(39)).toBe('00')
  for (let n = 2; n < 400; n++) expect((await guess(n)).status).toBe(200)
  expect((await s.read(await sale('192.0.2.1', 900))).fields.get(39)).toBe('00')
  expect((await s.read(await sale(OWN_ADDRESS, 901))).fields.get(39)).toBe('00')
  const alerts = isolate.logged.filter(({ event }) => event === 'alert')
  expect(alerts).toEqual([{ event: 'alert', why: 'wrong_macs', terminalId: terminal.tid }])
})
