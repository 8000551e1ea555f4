/**
 * @module The wait of a terminal, in virtual time over the real application. It waits for declines without a MAC, lost
 * answers, and an acquirer that never answers.
 */

import { describe, expect, it } from 'vitest'
import type { Declines } from '../../src/acquirer/profile.ts'
import { NO_FAULTS, type Plan } from '../../src/simulator/faults.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { coreModule } from '../support/load-core.ts'
import { Harness } from './harness.ts'

const MERCHANT = '123456789012345'
const CARD = testCard(1)

interface Line {
  /** Whether the service believes a decline of a sale without a MAC. */
  readonly believed?: Declines
  readonly plan?: Plan
  /** Milliseconds from the acquirer back to the service. */
  readonly back?: number
  readonly deadline?: string
}

/** One sale or void at this acquirer: the outcome for its terminal, its duration, and the number of requests. */
async function exchangeOf(kind: 'sale' | 'void', amount: number, line: Line) {
  const { believed = 'signed', plan = NO_FAULTS, back = 1, deadline } = line
  let requests = 0
  let slow = 1
  const harness = new Harness({
    seed: 1,
    module: coreModule,
    start: Date.UTC(2026, 5, 1, 2, 18),
    acquirer: 'https',
    recovery: 'inquiry',
    declines: believed,
    ...(deadline === undefined ? {} : { deadline }),
    isolates: 1,
    planTrip: () => ({ there: 1, back: 1, fate: 'done' }),
    planAcquirer: () => {
      requests++
      return { there: 1, back: slow }
    },
    planCopies: (isolates) => isolates.map((isolate) => ({ isolate, there: 1, back: 1, fate: 'done' })),
    losesPower: () => false,
  })
  const result: { outcome?: string; code?: string | undefined; ms: number; requests: number } = {
    ms: 0,
    requests,
  }
  try {
    await harness.phase('exchange', async () => {
      harness.addBearerKey(null)
      const terminal = harness.openTerminal({
        merchantId: MERCHANT,
        terminalId: 'T0000001',
        macProfile: 'cup-ecb',
        settlementMac: true,
        weights: { sale: 1, void: 0, reverse: 0, settle: 0, signOn: 0, resend: 0, echo: 0 },
        cards: [CARD],
        pause: 0,
        captureSales: null,
      })
      await harness.provision(terminal)
      await terminal.terminal.signOn()
      if (kind === 'void') await terminal.terminal.sale(amount, CARD)
      harness.acquirer.simulator.follow(plan)
      slow = back
      requests = 0
      const begin = harness.scheduler.now
      const done =
        kind === 'sale'
          ? await terminal.terminal.sale(amount, CARD)
          : await terminal.terminal.voidSale(terminal.state.log.at(-1)?.stan ?? '')
      if (!done.ok) throw new Error('no exchange')
      const { outcome, responseCode } = done.value
      Object.assign(result, { outcome, code: responseCode, ms: harness.scheduler.now - begin, requests })
      // The rest goes on without the terminal.
      await harness.scheduler.sleep(30_000)
    })
  } finally {
    harness.storage.close()
  }
  return result
}

const UNSIGNED: Plan = { ...NO_FAULTS, declines: 'unsigned' }
const SILENT: Plan = { rates: { drop_request: 1 }, script: [] }

describe('a decline without a MAC', () => {
  it('of a sale reaches the terminal after the inquiry one second later', async () => {
    const { outcome, code, ms, requests } = await exchangeOf('sale', 1051, { plan: UNSIGNED })
    expect([outcome, code, requests]).toEqual(['declined', '51', 2])
    expect(ms).toBeGreaterThan(1_000)
    expect(ms).toBeLessThan(1_500)
  })

  it('of a sale reaches the terminal at once where it is believed', async () => {
    const { outcome, code, ms, requests } = await exchangeOf('sale', 1051, {
      plan: UNSIGNED,
      believed: 'unsigned',
    })
    expect([outcome, code, requests]).toEqual(['declined', '51', 1])
    expect(ms).toBeLessThan(200)
  })

  it.each(['signed', 'unsigned'] as const)('of a void is never believed: %s', async (believed) => {
    const plan = { ...UNSIGNED, script: [{ on: 'void', code: '57' } as const] }
    const { outcome, code, ms, requests } = await exchangeOf('void', 1000, { plan, believed })
    expect([outcome, code, requests]).toEqual(['declined', '05', 2])
    expect(ms).toBeGreaterThan(1_000)
  })

  it('of a sale gives no answer where the terminal does not wait', async () => {
    const { outcome, ms } = await exchangeOf('sale', 1051, { plan: UNSIGNED, deadline: '0' })
    expect(outcome).toBe('unanswered')
    expect(ms).toBeLessThan(200)
  })
})

describe.each(['sale', 'void'] as const)('a %s', (kind) => {
  it('gets no answer from an acquirer that is never there, when the tries are over', async () => {
    const { outcome, ms } = await exchangeOf(kind, 1000, { plan: SILENT })
    expect(outcome).toBe('unanswered')
    expect(ms).toBeGreaterThan(15_000)
    expect(ms).toBeLessThan(16_000)
  })

  it.each([
    [undefined, 20_000],
    ['15', 15_000],
    ['28', 28_000],
    // The first try has eight seconds of its own.
    ['1', 8_000],
    ['0', 8_000],
  ])('leaves an acquirer that never answers after its deadline (%s s)', async (deadline, expected) => {
    const line = { back: 3_600_000, ...(deadline === undefined ? {} : { deadline }) }
    const { outcome, ms } = await exchangeOf(kind, 1000, line)
    expect(outcome).toBe('unanswered')
    expect(ms).toBeGreaterThan(expected - 100)
    expect(ms).toBeLessThan(expected + 200)
  })

  it('gets the answer of an acquirer that loses one', async () => {
    const plan: Plan = { rates: {}, script: [{ on: kind, fault: 'drop_answer' }] }
    const { outcome, ms } = await exchangeOf(kind, 1000, { plan })
    expect(outcome).toBe('approved')
    expect(ms).toBeLessThan(1_500)
  })
})
