import { describe, expect, it } from 'vitest'
import { describeJson } from '../../src/iso8583/describe.ts'
import { toHex } from '../../src/iso8583/hex.ts'
import { readMessage } from '../../src/iso8583/received.ts'
import { FAULTS, readPlan, seededRandom } from '../../src/simulator/faults.ts'
import {
  aSale,
  aVoid,
  bytes,
  core,
  DAY,
  inquiryOf,
  openHttpsHarness,
  reversalOf,
  START,
} from '../acquirer/https-harness.ts'

/** The frame that the adapter makes of a request. */
async function frameOf(request: Parameters<ReturnType<typeof openHttpsHarness>['acquirer']['ask']>[0]) {
  const { acquirer, sent } = openHttpsHarness()
  await acquirer.ask(request)
  return sent[0] ?? new Uint8Array(0)
}

const fieldsOf = (answer: Uint8Array | null) => {
  const read = answer === null ? undefined : readMessage(answer, core.lrc)
  return read?.ok ? read.value.message.fields : new Map<number, string>()
}

const codeOf = (answer: Uint8Array | null) => fieldsOf(answer).get(39)

describe('the simulated acquirer', () => {
  it('does not answer bytes that are not a message', async () => {
    const { simulator } = openHttpsHarness()
    const sale = await frameOf(aSale())
    const random = seededRandom(7)
    for (let i = 0; i < 2_000; i++) {
      const damaged = sale.map((byte) => (random() < 0.1 ? Math.floor(256 * random()) : byte))
      const { answer } = simulator.receive(damaged.slice(0, Math.floor(random() * sale.length)), START)
      if (answer !== null) expect(codeOf(answer)).toBe('A0')
    }
    expect([...simulator.ledger.items()]).toEqual([])
  })

  it('answers a wrong MAC with A0 and no MAC, and books nothing', async () => {
    const { simulator } = openHttpsHarness()
    const sale = await frameOf(aSale())
    const { answer } = simulator.receive(sale.with(-1, (sale.at(-1) ?? 0) ^ 1), START)
    expect(codeOf(answer)).toBe('A0')
    expect(fieldsOf(answer).has(64)).toBe(false)
    expect([...simulator.ledger.items()]).toEqual([])
  })

  it('sends answers that `annul describe` reads', async () => {
    const { acquirer, received } = openHttpsHarness()
    for (const [, request] of DAY) await acquirer.ask(request)
    const described = received.map((answer) => describeJson(answer ?? bytes(''), core.lrc))
    expect(described.filter(({ error }) => error !== undefined)).toEqual([])
    expect(described.map(({ mti }) => mti)).toEqual(
      DAY.map(([, { kind }]) => ({ inquiry: '0610', reversal: '0410' })[kind as string] ?? '0210'),
    )
  })

  it('answers by the last two digits of a sale’s amount', async () => {
    for (const digits of ['05', '51', '54', '55', '61', '91']) {
      const { acquirer, received, simulator } = openHttpsHarness()
      await acquirer.ask(aSale({ amount: 100 + Number(digits) }))
      expect(codeOf(received[0] ?? null)).toBe(digits)
      expect(Array.from(simulator.ledger.items(), ({ state }) => state)).toEqual(['declined'])
    }
    const { acquirer, received, simulator } = openHttpsHarness()
    await acquirer.ask(aSale({ amount: 198 }))
    await acquirer.ask(aVoid({ amount: 198 }))
    expect(received).toEqual([null, null])
    expect(Array.from(simulator.ledger.items(), ({ state }) => state)).toEqual(['approved', 'approved'])
  })
})

describe('a script', () => {
  it('applies each step once, in order, to the messages that it names', async () => {
    const plan = {
      rates: {},
      script: [{ on: 'void', code: '57' }, { fault: 'drop_answer' }, { code: '51' }],
    } as const
    const { acquirer, received } = openHttpsHarness({ plan })
    await acquirer.ask(aSale())
    expect(codeOf(received[0] ?? null)).toBeUndefined()
    await acquirer.ask(aVoid())
    expect(codeOf(received[1] ?? null)).toBe('57')
    await acquirer.ask(aSale({ acquirerStan: '000777' }))
    expect(codeOf(received[2] ?? null)).toBe('51')
    await acquirer.ask(aSale({ acquirerStan: '000778' }))
    expect(codeOf(received[3] ?? null)).toBe('00')
  })

  it('with a code declines, and does not execute a reversal or inquiry', async () => {
    const plan = {
      rates: {},
      script: [
        { on: 'reversal', code: '96' },
        { on: 'inquiry', code: '96' },
      ],
    } as const
    const { acquirer, received, simulator } = openHttpsHarness({ plan })
    await acquirer.ask(aSale())
    await acquirer.ask(reversalOf(aSale()))
    await acquirer.ask(inquiryOf(aSale()))
    expect(received.map(codeOf)).toEqual(['00', '96', '96'])
    expect(Array.from(simulator.ledger.items(), ({ state }) => state)).toEqual(['approved'])
  })
})

describe('faults', () => {
  const EXPECTED = {
    drop_request: [{ answer: null, copies: 0, arrivesAfterMs: 0 }, 0],
    drop_answer: [{ answer: null, copies: 0, arrivesAfterMs: 0 }, 1],
    late_request: [{ answer: null, arrivesAfterMs: 9_000 }, 0],
    late_answer: [{ copies: 1, delayMs: 9_000 }, 1],
    twice: [{ copies: 2, delayMs: 0 }, 1],
    other_stan: [{ copies: 1, delayMs: 0 }, 1],
    bad_mac: [{ copies: 1, delayMs: 0 }, 1],
    half_frame: [{ copies: 1, delayMs: 0 }, 1],
    code_91: [{ copies: 1, delayMs: 0 }, 1],
    cut_off: [{ copies: 1, delayMs: 0 }, 1],
  } as const
  it.each(Object.entries(EXPECTED))('%s', async (fault, [reaction, items]) => {
    const { simulator } = openHttpsHarness({ plan: { rates: { [fault]: 1 }, script: [] } })
    expect(simulator.receive(await frameOf(aSale()), START)).toMatchObject(reaction)
    expect([...simulator.ledger.items()]).toHaveLength(items)
  })

  it.each(['code_96', 'code_98'] as const)('%s: executes half of the requests', async (fault) => {
    const { acquirer, received, simulator } = openHttpsHarness({
      plan: { rates: { [fault]: 1 }, script: [] },
    })
    for (let i = 0; i < 100; i++) await acquirer.ask(aSale({ acquirerStan: String(i + 1).padStart(6, '0') }))
    expect(new Set(received.map(codeOf))).toEqual(new Set([fault.slice(5)]))
    const done = [...simulator.ledger.items()].length
    expect(done).toBeGreaterThan(25)
    expect(done).toBeLessThan(75)
  })

  it('occur at their rates', async () => {
    const rates = Object.fromEntries(FAULTS.map((fault, i) => [fault, (i + 1) / 200]))
    const { simulator } = openHttpsHarness({ plan: { rates: { ...rates, cut_off: 0 }, script: [] } })
    const sale = await frameOf(aSale())
    const unanswered = Array.from({ length: 20_000 }, () => simulator.receive(sale, START)).filter(
      ({ answer, arrivesAfterMs }) => answer === null && arrivesAfterMs === 0,
    )
    // drop_request and drop_answer: 1 and 2 in 200.
    expect(Math.abs(unanswered.length / 20_000 - 0.015)).toBeLessThan(0.004)
  })

  it('and all answers depend on the seed only', async () => {
    const transcript = async (seed: number): Promise<string> => {
      const rates = Object.fromEntries(FAULTS.map((fault) => [fault, 0.05]))
      const { acquirer, received, clock } = openHttpsHarness({ seed, plan: { rates, script: [] } })
      const random = seededRandom(99)
      for (let i = 1; i <= 500; i++) {
        const acquirerStan = String(1 + Math.floor(random() * 50)).padStart(6, '0')
        const request = random() < 0.5 ? aSale({ acquirerStan }) : aVoid({ acquirerStan })
        await acquirer.ask([request, reversalOf(request), inquiryOf(request)][i % 3] ?? request)
        clock.now += Math.floor(random() * 60_000)
      }
      return received.map((answer) => (answer === null ? '-' : toHex(answer))).join('\n')
    }
    const first = await transcript(42)
    expect(await transcript(42)).toBe(first)
    expect(await transcript(43)).not.toBe(first)
  })
})

describe('plans in JSON', () => {
  it.each([
    {},
    { rates: { drop_answer: 0.5, twice: 0.5 } },
    { script: [{ on: 'void', fault: 'drop_answer' }, { code: '51' }, {}] },
    { seed: 7 },
  ])('%j is a plan', (value) => {
    expect(readPlan(value)).toBeDefined()
  })

  it.each([
    null,
    [],
    'drop_answer',
    { rates: { drop_everything: 0.5 } },
    { rates: { drop_answer: -0.1 } },
    { rates: { drop_answer: '0.1' } },
    { rates: { drop_answer: 0.6, twice: 0.6 } },
    { rates: [] },
    { script: {} },
    { script: [{ on: 'refund' }] },
    { script: [{ fault: 'drop_everything' }] },
    { script: [{ code: '5' }] },
    { script: [{ code: '51', fault: 'twice' }] },
    { script: [{ when: 'now' }] },
  ])('%j is not a plan', (value) => {
    expect(readPlan(value)).toBeUndefined()
  })
})
