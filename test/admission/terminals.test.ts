/** @module Who is heard: what a stranger can do to a terminal, against a model that knows who is who. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Allowance, Proof } from '../../src/admission/callers.ts'
import { createSources, UNPROVED } from '../../src/admission/sources.ts'
import {
  ALL_SIGN_ONS,
  createTerminals,
  SIGN_ON,
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
  const terminals = createTerminals(sources, now, (id) => alerts.push(`terminal ${id}`))
  const allow = (terminalId: string, source: string, kind: TerminalClaim['kind'] = 'with_mac'): Allowance =>
    terminals.allow({ terminalId, source, kind })
  /** Says a message and how it ended; false where it was not heard. */
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
  it('is heard as often as its bucket allows, and tells how long to wait', () => {
    const { clock, send, allow, count } = open()
    expect(count(1000, () => send('t', 'shop', 'proved'))).toBe(TERMINAL.burst)
    expect(allow('t', 'shop')).toEqual({ kind: 'retry_after', waitMs: TERMINAL.everyMs })
    clock.now += 10 * TERMINAL.everyMs
    expect(count(1000, () => send('t', 'shop', 'proved'))).toBe(10)
  })

  it('whose messages get no answer that says anything spends nothing', () => {
    const { send, count } = open()
    expect(count(1000, () => send('t', 'shop', undefined))).toBe(1000)
  })

  it('in a burst at once is not heard more often in the long run', () => {
    const { clock, allow } = open()
    let heard = 0
    for (let second = 0; second < 100; second++) {
      const allowances = Array.from({ length: 64 }, () => allow('t', 'shop'))
      for (const allowance of allowances)
        if (allowance.kind === 'allowed') {
          heard++
          allowance.done('proved')
        }
      clock.now += 1000
    }
    expect(heard).toBeLessThanOrEqual(2 * TERMINAL.burst + 100 * (1000 / TERMINAL.everyMs) + 64)
  })
})

describe('a stranger under a terminal’s number', () => {
  it('with wrong MACs takes nothing from its budget, from elsewhere or from beside it', () => {
    const { send, count } = open()
    expect(send('t', 'shop', 'proved')).toBe(true)
    for (const source of ['elsewhere', 'shop']) count(10_000, () => send('t', source, 'unproved'))
    expect(count(1000, () => send('t', 'shop', 'proved'))).toBe(TERMINAL.burst - 1)
  })

  it('with its own captured messages, from elsewhere, takes nothing either', () => {
    const { send, count } = open()
    count(10_000, () => send('t', 'elsewhere', 'proved'))
    expect(count(1000, () => send('t', 'shop', 'proved'))).toBe(TERMINAL.burst)
  })

  it('does not keep it from signing on elsewhere', () => {
    const { send, count } = open()
    expect(count(1000, () => send('t', 'elsewhere', 'tolerated', 'sign_on'))).toBe(SIGN_ON.burst)
    expect(send('t', 'shop', 'tolerated', 'sign_on')).toBe(true)
  })

  it('is slowed, and a terminal that is new at the same address is still heard between', () => {
    const { send, allow, count } = open()
    send('known', 'shop', 'proved')
    const heard = count(1000, (n) => send(`guess ${n}`, 'shop', 'unproved'))
    expect(heard).toBe(1000)
    const guess = allow('t', 'shop')
    expect(guess.kind).toBe('allowed')
    expect(allow('new', 'shop').kind).toBe('retry_after')
    if (guess.kind === 'allowed') guess.done('unproved')
    expect(send('new', 'shop', 'proved')).toBe(true)
    expect(allow('new', 'shop').kind).toBe('allowed')
  })

  it('alone at its address is shut out after its burst, whatever numbers it tries', () => {
    const { send, count } = open()
    expect(count(1000, (n) => send(`guess ${n}`, 'attic', 'unproved'))).toBe(UNPROVED.burst)
    expect(send('t', 'shop', 'proved')).toBe(true)
  })
})

describe('messages without a MAC', () => {
  it('are bounded by number and address, sign-ons more narrowly, and keep no signed one out', () => {
    const { send, count } = open()
    expect(count(1000, () => send('t', 'shop', 'tolerated', 'without_mac'))).toBe(WITHOUT_MAC.burst)
    expect(count(1000, () => send('t', 'shop', 'tolerated', 'sign_on'))).toBe(SIGN_ON.burst)
    expect(send('t', 'shop', 'proved')).toBe(true)
  })

  it('sign-ons of the unknown are bounded all together, those of the known are not', () => {
    const { send, count } = open()
    send('t', 'shop', 'proved')
    const heard = count(2000, (n) => send(`terminal ${n}`, `address ${n}`, 'tolerated', 'sign_on'))
    expect(heard).toBe(ALL_SIGN_ONS.burst)
    expect(send('t', 'shop', 'tolerated', 'sign_on')).toBe(true)
  })
})

describe('alerts', () => {
  it('name a terminal under whose number wrong MACs keep coming, once, from however many addresses', () => {
    const { clock, alerts, send, count } = open()
    count(WRONG_MACS - 1, (n) => send('t', `address ${n}`, 'unproved'))
    expect(alerts).toEqual([])
    count(1000, (n) => send('t', `address ${n + 1000}`, 'unproved'))
    expect(alerts).toEqual(['terminal t'])
    clock.now += 60_000
    count(1000, (n) => send('t', `address ${n}`, 'unproved'))
    expect(alerts).toEqual(['terminal t', 'terminal t'])
  })

  it('are not raised by what is right, nor by messages that never carry a MAC', () => {
    const { alerts, send, count } = open()
    count(200, () => send('t', 'shop', 'proved'))
    count(40, (n) => send('t', `address ${n}`, 'unproved', 'without_mac'))
    expect(alerts).toEqual([])
  })
})

it('whatever strangers do, from anywhere but its own address, a terminal within its rate is always heard', () => {
  const act = fc.record({
    terminalId: fc.constantFrom('t', 'u', 'v'),
    source: fc.constantFrom('elsewhere', 'attic', ''),
    proof: fc.constantFrom<Proof[]>('proved', 'tolerated', 'unproved'),
    kind: fc.constantFrom('sign_on' as const, 'without_mac' as const, 'with_mac' as const),
    times: fc.integer({ min: 1, max: 400 }),
    thenMs: fc.nat({ max: 500 }),
  })
  fc.assert(
    fc.property(fc.array(act, { maxLength: 30 }), (acts) => {
      const { clock, send, count } = open()
      for (const { terminalId, source, proof, kind, times, thenMs } of acts) {
        count(times, () => send(terminalId, source, proof, kind))
        clock.now += thenMs
        expect(send('t', 'shop', 'proved')).toBe(true)
      }
    }),
    { numRuns: 200 },
  )
})
