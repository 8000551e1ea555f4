/**
 * @module The cap on guesses of MACs: what an attacker can try in a day, however many messages are under way at once. The
 * page SECURITY.md has the probability.
 */

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Proof } from '../../src/admission/callers.ts'
import { GUESSES_OF_NETWORK, MAC_GUESSES } from '../../src/admission/mac-guesses.ts'
import { createSources, type Limits } from '../../src/admission/sources.ts'
import { createTerminals } from '../../src/admission/terminals.ts'

/** The rates of addresses are not under test. */
const ANY = { burst: 1e9, everyMs: 1 }
const NO_LIMITS: Limits = { address: ANY, site: ANY, network: ANY }

function open() {
  const clock = { now: 1_000_000 }
  const now = () => clock.now
  const alerts: string[] = []
  const terminals = createTerminals(
    createSources(now, () => undefined, NO_LIMITS),
    now,
    ({ why }) => alerts.push(why),
  )
  const allow = (source: string, terminalId = 'victim') =>
    terminals.allow({ terminalId, source, kind: 'with_mac' })
  const send = (source: string, proof: Proof, terminalId?: string): boolean => {
    const allowance = allow(source, terminalId)
    if (allowance.kind === 'allowed') allowance.done(proof)
    return allowance.kind === 'allowed'
  }
  return { clock, alerts, allow, send }
}

/** An address in an IPv6 /48 of its own. */
const anyNetwork = (n: number) => `2001:${(n >> 16).toString(16)}:${(n & 0xffff).toString(16)}:0::/64`
const count = (times: number, one: (n: number) => boolean): number =>
  Array.from({ length: times }, (_, n) => one(n)).filter(Boolean).length

describe('guesses under one terminal number', () => {
  it('from one network, with all its addresses, have a share', () => {
    const { clock, send } = open()
    const guess = (n: number) => send(`2001:db8:1:${(n % 60_000).toString(16)}::/64`, 'unproved')
    expect(count(500, guess)).toBe(GUESSES_OF_NETWORK.burst)
    clock.now += 10 * GUESSES_OF_NETWORK.everyMs
    expect(count(500, guess)).toBe(10)
  })

  it('from any number of networks have a cap, with an alert', () => {
    const { clock, alerts, send } = open()
    expect(count(3000, (n) => send(anyNetwork(n), 'unproved'))).toBe(MAC_GUESSES.burst)
    expect(alerts).toEqual(['wrong_macs', 'mac_guesses'])
    clock.now += 10 * MAC_GUESSES.everyMs
    expect(count(3000, (n) => send(anyNetwork(9000 + n), 'unproved'))).toBe(10)
  })

  it('that are under way at once are no more', () => {
    const { allow } = open()
    const all = Array.from({ length: 3000 }, (_, n) => allow(anyNetwork(n)))
    expect(all.filter(({ kind }) => kind === 'allowed')).toHaveLength(MAC_GUESSES.burst)
    const ofOne = open()
    const own = Array.from({ length: 500 }, () => ofOne.allow('203.0.113.7'))
    expect(own.filter(({ kind }) => kind === 'allowed')).toHaveLength(GUESSES_OF_NETWORK.burst)
  })

  it('hurt no terminal that has proved itself, no other terminal, and no new address of the terminal', () => {
    const { send } = open()
    expect(send('203.0.113.7', 'proved')).toBe(true)
    for (let n = 0; n < 19; n++) count(100, () => send(anyNetwork(n), 'unproved'))
    // Nineteen networks send what they can.
    expect(send('198.51.100.9', 'proved')).toBe(true)
    count(3000, (n) => send(anyNetwork(100 + n), 'unproved'))
    expect(send('192.0.2.1', 'proved')).toBe(false)
    for (const address of ['203.0.113.7', '198.51.100.9']) expect(send(address, 'proved')).toBe(true)
    expect(send('192.0.2.1', 'proved', 'other')).toBe(true)
  })

  it('are not counted when the MAC was right, or when nothing is known of it', () => {
    const { allow, send } = open()
    for (let n = 0; n < 5000; n++) {
      const allowance = allow(anyNetwork(n))
      if (allowance.kind === 'allowed') allowance.done(n % 2 === 0 ? 'proved' : undefined)
    }
    expect(count(3000, (n) => send(anyNetwork(n + 9000), 'unproved'))).toBe(MAC_GUESSES.burst)
  })
})

it('no schedule of guesses exceeds the cap, whatever right messages come between', () => {
  const step = fc.record({
    network: fc.nat({ max: 3 }),
    together: fc.nat({ max: 70 }),
    proof: fc.constantFrom<Proof[]>('unproved', 'unproved', 'tolerated'),
    thenMs: fc.nat({ max: 20_000 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { clock, allow } = open()
      const start = clock.now
      let guesses = 0
      for (const { network, together, proof, thenMs } of steps) {
        const all = Array.from({ length: together }, () => allow(anyNetwork(network)))
        for (const allowance of all)
          if (allowance.kind === 'allowed') {
            allowance.done(proof)
            if (proof === 'unproved') guesses++
          }
        clock.now += thenMs
      }
      const passed = clock.now - start
      expect(guesses).toBeLessThanOrEqual(MAC_GUESSES.burst + passed / MAC_GUESSES.everyMs)
      expect(guesses).toBeLessThanOrEqual(
        4 * (GUESSES_OF_NETWORK.burst + passed / GUESSES_OF_NETWORK.everyMs),
      )
    }),
    { numRuns: 30 },
  )
})

it('SECURITY.md has the probability that a day of guesses finds a MAC of 32 bits', () => {
  const page = readFileSync('SECURITY.md', 'utf8').replace(/\s+/g, ' ')
  const DAY_MS = 86_400_000
  const inADay = ({ burst, everyMs }: { burst: number; everyMs: number }) => burst + DAY_MS / everyMs
  for (const limit of [MAC_GUESSES, GUESSES_OF_NETWORK]) {
    const tries = inADay(limit)
    const oneIn = Number((2 ** 32 / tries).toPrecision(2)).toLocaleString('en-US')
    expect(page).toContain(
      `${tries.toLocaleString('en-US')} tries in a day, and one of them is right with a probability of 1 in ${oneIn}`,
    )
  }
})
