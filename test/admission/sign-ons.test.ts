/**
 * @module Sign-ons carry no proof. No flood of them, from any number of addresses and under any terminal number, refuses
 * the sign-on of another terminal. While its answer is in memory, it does not refuse the same terminal either.
 */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ALL_SIGN_ONS,
  createSignOns,
  SIGN_ON,
  SIGN_ON_SHARE,
  SIGN_ONS_OF_ADDRESS,
  type SignOnClaim,
} from '../../src/admission/sign-ons.ts'

function open() {
  const clock = { now: 1_000_000 }
  const alerts: object[] = []
  const signOns = createSignOns(
    () => clock.now,
    (about) => alerts.push(about),
  )
  const send = (terminalId: string, source: string, more: Partial<SignOnClaim> = {}): boolean => {
    const { waitMs, leave } = signOns.enter({ terminalId, source, isKnown: false, isReady: false, ...more })
    leave()
    return waitMs === 0
  }
  const count = (times: number, one: (n: number) => boolean): number =>
    Array.from({ length: times }, (_, n) => one(n)).filter(Boolean).length
  return { clock, alerts, signOns, send, count }
}

/** An address in an IPv6 /48 of its own. */
const anyNetwork = (n: number) => `2001:${(n >> 16).toString(16)}:${(n & 0xffff).toString(16)}:0::/64`

describe('a flood from many networks', () => {
  it.each([
    ['one terminal number', () => 'victim'],
    ['many terminal numbers', (n: number) => `terminal ${n % 50}`],
    ['made-up terminal numbers', (n: number) => `made-up ${n}`],
  ])('under %s, sixty a second for minutes, refuses no other terminal', (_, numberOf) => {
    const { clock, send } = open()
    for (let second = 0; second < 180; second++) {
      for (let n = 0; n < 60; n++) send(numberOf(60 * second + n), anyNetwork(60 * second + n))
      expect(send(`other ${second}`, '198.51.100.9')).toBe(true)
      clock.now += 1000
    }
  })

  it('refuses not even the terminal that it names, while its answer is in memory', () => {
    const { send, count } = open()
    expect(count(10_000, (n) => send('victim', anyNetwork(n), { isReady: true }))).toBe(10_000)
    expect(send('victim', '198.51.100.9', { isReady: true })).toBe(true)
  })

  it('takes the work of its terminal number’s share and of the pool, and no more', () => {
    const { alerts, send, count } = open()
    expect(count(2000, (n) => send('victim', anyNetwork(n)))).toBe(SIGN_ON_SHARE.burst + ALL_SIGN_ONS.burst)
    expect(alerts).toEqual([{ terminalId: 'victim' }])
    expect(count(10, (n) => send('other', anyNetwork(5000 + n)))).toBe(SIGN_ON_SHARE.burst)
  })
})

describe('an address', () => {
  it('has a rate for all terminal numbers together, and an alert', () => {
    const { clock, alerts, send, count } = open()
    expect(count(1000, (n) => send(`terminal ${n}`, '203.0.113.7'))).toBe(SIGN_ONS_OF_ADDRESS.burst)
    expect(alerts).toEqual([{ source: '203.0.113.7' }])
    expect(send('other', '203.0.114.7')).toBe(true)
    clock.now += 10 * SIGN_ONS_OF_ADDRESS.everyMs
    expect(count(1000, (n) => send(`later ${n}`, '203.0.113.7'))).toBe(10)
  })

  it.each([
    ['an IPv6 /56', (n: number) => `2001:db8:1:2${(256 + (n % 256)).toString(16).slice(1)}::/64`, 750],
    ['an IPv6 /48', (n: number) => `2001:db8:1:${((n << 4) & 0xffff).toString(16)}::/64`, 1000],
    ['an IPv4 /24', (n: number) => `203.0.113.${n % 256}`, 1000],
  ])('counts for %s around it too', (_, sourceOf, burst) => {
    const { send, count } = open()
    expect(count(3000, (n) => send(`terminal ${n}`, sourceOf(n)))).toBe(burst)
  })

  it('with proved terminals is slowed to one sign-on at a time, and a proved terminal notices nothing', () => {
    const { signOns, send, count } = open()
    signOns.proved('203.0.113.7')
    count(1000, (n) => send(`terminal ${n}`, '203.0.113.7'))
    const first = signOns.enter({ terminalId: 'a', source: '203.0.113.7', isKnown: false, isReady: false })
    expect([first.waitMs, send('b', '203.0.113.7')]).toEqual([0, false])
    expect(count(SIGN_ON.burst, () => send('known', '203.0.113.7', { isKnown: true }))).toBe(SIGN_ON.burst)
    first.leave()
    expect(send('b', '203.0.113.7')).toBe(true)
  })
})

it('a refused sign-on takes nothing', () => {
  const { clock, signOns, send, count } = open()
  signOns.proved('203.0.113.7')
  count(2000, (n) => send('victim', anyNetwork(n)))
  // The address is not slowed, and the work of this number is used up.
  for (let n = 0; n < 100; n++) expect(send('victim', '203.0.113.7')).toBe(false)
  clock.now += SIGN_ON_SHARE.everyMs
  expect(send('victim', '203.0.113.7')).toBe(true)
})

it('a sign-on that is answered with a refusal takes no work, because it needs no key in clear', () => {
  const { signOns, send, count } = open()
  const refused = (n: number): boolean => {
    const claim = { terminalId: 'victim', source: anyNetwork(n), isKnown: false, isReady: false }
    const { waitMs, leave } = signOns.enter(claim)
    leave('unproved')
    return waitMs === 0
  }
  expect(count(2000, refused)).toBe(2000)
  expect(send('victim', '198.51.100.9')).toBe(true)
})

it('the work of all unproved sign-ons of a terminal stays within its share and the pool, in any schedule', () => {
  const step = fc.record({
    from: fc.nat({ max: 5000 }),
    times: fc.nat({ max: 40 }),
    thenMs: fc.nat({ max: 3000 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { clock, send, count } = open()
      const start = clock.now
      let allowed = 0
      for (const { from, times, thenMs } of steps) {
        allowed += count(times, (n) => send('victim', anyNetwork(from + n)))
        clock.now += thenMs
      }
      const passed = clock.now - start
      const most =
        SIGN_ON_SHARE.burst +
        passed / SIGN_ON_SHARE.everyMs +
        ALL_SIGN_ONS.burst +
        passed / ALL_SIGN_ONS.everyMs
      expect(allowed).toBeLessThanOrEqual(most)
    }),
  )
})
