/**
 * @module Limits per terminal: what an attacker can do to a terminal, against a model that knows each sender.
 */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Allowance, Proof } from '../../src/admission/callers.ts'
import { MAC_GUESSES } from '../../src/admission/mac-guesses.ts'
import { SIGN_ON } from '../../src/admission/sign-ons.ts'
import { createSources, UNPROVED } from '../../src/admission/sources.ts'
import {
  createTerminals,
  TERMINAL,
  type TerminalClaim,
  WITHOUT_MAC,
  WRONG_MACS,
} from '../../src/admission/terminals.ts'

function open() {
  const clock = { now: 1_000_000 }
  const alerts: string[] = []
  const now = () => clock.now
  const sources = createSources(now, (source) => alerts.push(`source ${source}`))
  const terminals = createTerminals(sources, now, ({ why, ...about }) =>
    alerts.push(`${why} ${Object.values(about).join()}`),
  )
  const allow = (terminalId: string, source: string, kind: TerminalClaim['kind'] = 'with_mac'): Allowance =>
    terminals.allow({ terminalId, source, kind })
  /** Sends a message with its result. False when it was not allowed. */
  const send = (terminalId: string, source: string, proof?: Proof, kind?: TerminalClaim['kind']): boolean => {
    const allowance = allow(terminalId, source, kind)
    if (allowance.kind === 'allowed') allowance.done(proof)
    return allowance.kind === 'allowed'
  }
  const count = (times: number, one: (n: number) => boolean): number =>
    Array.from({ length: times }, (_, n) => one(n)).filter(Boolean).length
  return { clock, alerts, allow, send, count }
}

describe('a terminal', () => {
  it('is allowed at the rate of its bucket, and gets the time to wait', () => {
    const { clock, send, allow, count } = open()
    expect(count(1000, () => send('t', 'own address', 'proved'))).toBe(TERMINAL.burst)
    expect(allow('t', 'own address')).toEqual({ kind: 'retry_after', waitMs: TERMINAL.everyMs })
    clock.now += 10 * TERMINAL.everyMs
    expect(count(1000, () => send('t', 'own address', 'proved'))).toBe(10)
  })

  it('spends nothing on messages without a conclusive answer', () => {
    const { send, count } = open()
    expect(count(1000, () => send('t', 'own address', undefined))).toBe(1000)
  })

  it('gains nothing in the long run from bursts', () => {
    const { clock, allow } = open()
    let allowed = 0
    for (let second = 0; second < 100; second++) {
      const allowances = Array.from({ length: 64 }, () => allow('t', 'own address'))
      for (const allowance of allowances)
        if (allowance.kind === 'allowed') {
          allowed++
          allowance.done('proved')
        }
      clock.now += 1000
    }
    expect(allowed).toBeLessThanOrEqual(2 * TERMINAL.burst + 100 * (1000 / TERMINAL.everyMs) + 64)
  })
})

describe('an attacker with a terminal’s number', () => {
  it('takes nothing from its budget with wrong MACs, from any address', () => {
    const { send, count } = open()
    expect(send('t', 'own address', 'proved')).toBe(true)
    for (const source of ['other address', 'own address']) count(10_000, () => send('t', source, 'unproved'))
    expect(count(1000, () => send('t', 'own address', 'proved'))).toBe(TERMINAL.burst - 1)
  })

  it('takes nothing from its budget with captured messages from another address', () => {
    const { send, count } = open()
    count(10_000, () => send('t', 'other address', 'proved'))
    expect(count(1000, () => send('t', 'own address', 'proved'))).toBe(TERMINAL.burst)
  })

  it('does not prevent its sign-on from another address', () => {
    const { send, count } = open()
    expect(count(1000, () => send('t', 'other address', 'tolerated', 'sign_on'))).toBe(SIGN_ON.burst)
    expect(send('t', 'own address', 'tolerated', 'sign_on')).toBe(true)
  })

  it('is slowed, while a new terminal at the same address is still allowed in between', () => {
    const { send, allow, count } = open()
    send('known', 'own address', 'proved')
    const allowed = count(1000, (n) => send(`guess ${n}`, 'own address', 'unproved'))
    expect(allowed).toBe(1000)
    const guess = allow('t', 'own address')
    expect(guess.kind).toBe('allowed')
    expect(allow('new', 'own address').kind).toBe('retry_after')
    if (guess.kind === 'allowed') guess.done('unproved')
    expect(send('new', 'own address', 'proved')).toBe(true)
    expect(allow('new', 'own address').kind).toBe('allowed')
  })

  it('is refused after its burst when it is alone at its address, whatever numbers it tries', () => {
    const { send, count } = open()
    expect(count(1000, (n) => send(`guess ${n}`, 'attacker', 'unproved'))).toBe(UNPROVED.burst)
    expect(send('t', 'own address', 'proved')).toBe(true)
  })
})

describe('messages without a MAC', () => {
  it('are limited by number and address, sign-ons more strictly, and block no signed-on terminal', () => {
    const { send, count } = open()
    expect(count(1000, () => send('t', 'own address', 'tolerated', 'without_mac'))).toBe(WITHOUT_MAC.burst)
    expect(count(1000, () => send('t', 'own address', 'tolerated', 'sign_on'))).toBe(SIGN_ON.burst)
    expect(send('t', 'own address', 'proved')).toBe(true)
  })
})

describe('alerts', () => {
  it('name a terminal once when wrong MACs arrive under its number from many addresses', () => {
    const { clock, alerts, send, count } = open()
    count(WRONG_MACS - 1, (n) => send('t', `address ${n}`, 'unproved'))
    expect(alerts).toEqual([])
    count(2000, (n) => send('t', `address ${n + 1000}`, 'unproved'))
    expect(alerts).toEqual(['wrong_macs t', 'mac_guesses t'])
    clock.now += MAC_GUESSES.burst * MAC_GUESSES.everyMs
    count(1000, (n) => send('t', `address ${n}`, 'unproved'))
    expect(alerts).toEqual(['wrong_macs t', 'mac_guesses t', 'wrong_macs t'])
  })

  it('are not raised by right MACs, nor by messages without a MAC', () => {
    const { alerts, send, count } = open()
    count(200, () => send('t', 'own address', 'proved'))
    count(40, (n) => send('t', `address ${n}`, 'unproved', 'without_mac'))
    expect(alerts).toEqual([])
  })
})

it('a terminal within its rate is always allowed, whatever attackers send from other addresses', () => {
  const burst = fc.record({
    terminalId: fc.constantFrom('t', 'u', 'v'),
    source: fc.constantFrom('other address', 'attacker', ''),
    proof: fc.constantFrom<Proof[]>('proved', 'tolerated', 'unproved'),
    kind: fc.constantFrom('sign_on' as const, 'without_mac' as const, 'with_mac' as const),
    times: fc.integer({ min: 1, max: 400 }),
    thenMs: fc.nat({ max: 500 }),
  })
  fc.assert(
    fc.property(fc.array(burst, { maxLength: 30 }), (bursts) => {
      const { clock, send, count } = open()
      for (const { terminalId, source, proof, kind, times, thenMs } of bursts) {
        count(times, () => send(terminalId, source, proof, kind))
        clock.now += thenMs
        expect(send('t', 'own address', 'proved')).toBe(true)
      }
    }),
    { numRuns: 200 },
  )
})
