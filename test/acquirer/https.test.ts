import { describe, expect, it } from 'vitest'
import { httpsAcquirer } from '../../src/acquirer/https.ts'
import type { AcquirerRequest, AcquirerResponse } from '../../src/acquirer/port.ts'
import { MAC_PROFILES } from '../../src/domain/terminal-profile.ts'
import { describeJson } from '../../src/iso8583/describe.ts'
import { toHex } from '../../src/iso8583/hex.ts'
import { FAULTS, type Fault } from '../../src/simulator/faults.ts'
import { microMac } from '../support/micro-mac.ts'
import {
  adapterReturning,
  algorithmOf,
  aSale,
  aVoid,
  bytes,
  conversation,
  core,
  DAY,
  HEADER,
  inquiryOf,
  macKeyFor,
  openHttpsHarness,
  originalOf,
  reversalOf,
  TPDU,
} from './https-harness.ts'

describe('a request frame', () => {
  /** Made once under the test key 0123456789ABCDEF, with MACs by `micro-mac`. */
  const GOLDEN: readonly (readonly [string, string, AcquirerRequest, string])[] = [
    [
      'a sale',
      '0200',
      aSale(),
      '005B600003000060310000000002007024068000C0801116622500000000001400000000000000123400010128120720000100313233343536373831323334353637383930313233343531353600112200000700003132304432363637',
    ],
    [
      'a void',
      '0200',
      aVoid(),
      '006860000300006031000000000200302004800CC080192000000000000012340001020120003730303030303030303030313030313030313132333435363738313233343536373839303132333435313536001123000007000000120000070001013836453242454537',
    ],
    [
      'an inquiry',
      '0600',
      inquiryOf(aVoid()),
      '0048600003000060310000000006003020000000C00011200000000000001234000102313233343536373831323334353637383930313233343500112300000700003841363332463739',
    ],
    [
      'a reversal',
      '0400',
      reversalOf(aVoid()),
      '005E600003000060310000000004003020048006C0801920000000000000123400010201200030303130303130363132333435363738313233343536373839303132333435313536001123000007000000120000070001014634353430414338',
    ],
  ]

  it.each(GOLDEN)(
    'for %s is the golden frame, which `annul describe` reads',
    async (_, mti, request, hex) => {
      const { acquirer, sent } = openHttpsHarness()
      await acquirer.ask(request)
      expect(sent.map(toHex)).toEqual([hex])
      const described = describeJson(bytes(hex), core.lrc)
      expect(described).toMatchObject({
        mti,
        frame: { kind: 'tpdu', tpdu: '6000030000', header: '603100000000' },
      })
      expect(described.error).toBeUndefined()
      expect(JSON.stringify(described)).not.toContain('6225000000000014')
      const body = bytes(hex).subarray(13)
      const mac = microMac('cup-ecb', macKeyFor('cup-ecb'), body.subarray(0, -8))
      expect(toHex(body.subarray(-8))).toBe(toHex(mac))
    },
  )

  it.each(MAC_PROFILES)('carries the MAC of %s, and so does the answer', async (macProfile) => {
    for (const { requestFrame, frame } of await conversation(macProfile))
      for (const body of [requestFrame.subarray(13), frame.subarray(13)]) {
        const mac = microMac(algorithmOf(macProfile), macKeyFor(macProfile), body.subarray(0, -8))
        expect(toHex(body.subarray(-8))).toBe(toHex(mac))
      }
  })

  it('is the same for the same request', async () => {
    const { acquirer, sent } = openHttpsHarness()
    for (const [, request] of [...DAY, ...DAY]) await acquirer.ask(request)
    expect(sent.slice(DAY.length).map(toHex)).toEqual(sent.slice(0, DAY.length).map(toHex))
  })

  const CARDS_NOT_SENT_ON: readonly (readonly [string, Record<number, string>])[] = [
    ['a PIN block', { 52: '0123456789ABCDEF' }],
    ['an encrypted track', { 53: '2610000000000000' }],
  ]
  it.each(CARDS_NOT_SENT_ON)(
    'is not sent for a sale with %s, because the acquirer does not have that key',
    async (_, fields) => {
      const { acquirer, sent } = openHttpsHarness()
      const added = Object.entries(fields).map(([number, value]) => [Number(number), value] as const)
      const cardFields = new Map([...(aSale().cardFields ?? []), ...added])
      expect(await acquirer.ask(aSale({ cardFields }))).toEqual({
        kind: 'declined',
        reason: 'unsupported_transaction',
      })
      expect(sent).toEqual([])
    },
  )

  it('is not sent for a sale without its card, because an earlier try may have arrived', async () => {
    const { acquirer, sent } = openHttpsHarness()
    expect((await acquirer.ask(aSale({ cardFields: null }))).kind).toBe('unknown')
    expect(sent).toEqual([])
  })
})

describe('faults', () => {
  const EXPECTED_KIND: Readonly<Partial<Record<Fault, AcquirerResponse['kind']>>> = {
    twice: 'approved',
    code_91: 'declined',
    cut_off: 'approved',
  }
  it.each(FAULTS)('%s on a sale: unknown, or the acquirer’s result', async (fault) => {
    const { acquirer, simulator } = openHttpsHarness({ plan: { rates: {}, script: [{ fault }] } })
    const answer = await acquirer.ask(aSale())
    expect(answer.kind).toBe(EXPECTED_KIND[fault] ?? 'unknown')
    const [item] = simulator.ledger.items()
    if (answer.kind !== 'unknown') expect(item?.state).toBe(answer.kind)
  })

  it.each(FAULTS)('%s on a void: an inquiry finds the result', async (fault) => {
    const { acquirer, simulator, deliverLate } = openHttpsHarness()
    await acquirer.ask(aSale())
    simulator.follow({ rates: {}, script: [{ fault }] })
    const first = await acquirer.ask(aVoid())
    deliverLate()
    const found = await acquirer.ask(inquiryOf(aVoid()))
    const items = [...simulator.ledger.items()].filter(({ of }) => of === 'void')
    expect(items.length).toBeLessThanOrEqual(1)
    const stands = items[0]?.state ?? 'not_found'
    // After 91 or the cut-off the message repeats the decline. An inquiry does not return it.
    if (fault !== 'code_91') expect(found.kind).toBe(stands)
    if (first.kind !== 'unknown') expect(first.kind).toBe(stands)
  })

  it.each(FAULTS)('%s on a reversal and an inquiry: never returns more than what happened', async (fault) => {
    for (const ask of [reversalOf, inquiryOf]) {
      const { acquirer, simulator } = openHttpsHarness()
      await acquirer.ask(aSale())
      simulator.follow({ rates: {}, script: [{ fault }] })
      const answer = await acquirer.ask(ask(aSale()))
      const [item] = simulator.ledger.items()
      if (answer.kind === 'approved') expect(item?.state).toBe(ask === reversalOf ? 'reversed' : 'approved')
      else if (fault === 'cut_off') expect(answer).toEqual({ kind: 'declined', reason: 'reversal_too_late' })
      else expect(answer.kind).toBe('unknown')
    }
  })

  it('on the line: unknown without an answer or with an exception', async () => {
    expect(await adapterReturning(null).ask(aSale())).toEqual({ kind: 'unknown', why: 'no answer' })
    const failing = httpsAcquirer({
      core,
      macProfile: 'cup-ecb',
      macKey: macKeyFor('cup-ecb'),
      tpdu: TPDU,
      header: HEADER,
      recovery: 'repeat',
      send: async () => {
        throw new TypeError('text that may hold anything')
      },
    })
    expect(failing.recovery).toBe('repeat')
    expect(await failing.ask(aSale())).toEqual({ kind: 'unknown', why: 'TypeError' })
  })
})

describe('under any faults', () => {
  /**
   * A client that has only the port: send, inquire while unknown, then reverse until the acquirer answers.
   */
  async function resolve(
    ask: (request: AcquirerRequest) => Promise<AcquirerResponse>,
    request: AcquirerRequest,
  ): Promise<AcquirerResponse> {
    let answer = await ask(request)
    for (let tries = 0; answer.kind === 'unknown' && tries < 3; tries++)
      answer = await ask(inquiryOf(request))
    if (answer.kind === 'approved' || answer.kind === 'declined') return answer
    for (let tries = 0; tries < 100; tries++) {
      const undone = await ask(reversalOf(request))
      if (undone.kind === 'approved') return { kind: 'declined', reason: 'acquirer_silent' }
      // Its numbers are not known.
      if (undone.kind === 'declined') return { kind: 'approved', rrn: null, authorizationCode: null }
    }
    throw new Error('the acquirer never answered')
  }

  it.each([1, 2, 3, 4, 5])('the books agree in the end, seed %i', async (seed) => {
    const rates = Object.fromEntries(
      FAULTS.filter((fault) => fault !== 'cut_off').map((fault) => [fault, 0.05]),
    )
    const { acquirer, simulator, deliverLate } = openHttpsHarness({ seed, plan: { rates, script: [] } })
    const ours = new Map<string, string>()
    let voided = 0
    for (let i = 1; i <= 400; i++) {
      const stan = (n: number) => String(n).padStart(6, '0')
      const sale = aSale({ acquirerStan: stan(2 * i), amount: 100 * i })
      const sold = await resolve(acquirer.ask, sale)
      ours.set(sale.acquirerStan, sold.kind)
      if (sold.kind !== 'approved') continue
      const original = originalOf(sale, sold)
      const undo = aVoid({ acquirerStan: stan(2 * i + 1), amount: 100 * i, original })
      const undone = await resolve(acquirer.ask, undo)
      ours.set(undo.acquirerStan, undone.kind)
      voided += Number(undone.kind === 'approved')
      if (i % 7 === 0) deliverLate()
    }
    expect(voided).toBeGreaterThan(200)
    deliverLate()
    const theirs = new Map(Array.from(simulator.ledger.items(), ({ stan, state }) => [stan, state]))
    for (const [stan, outcome] of ours)
      expect([stan, theirs.get(stan) === 'approved' ? 'approved' : 'declined']).toEqual([stan, outcome])
    for (const [stan, state] of theirs) if (state === 'approved') expect(ours.get(stan)).toBe('approved')
  })
})
