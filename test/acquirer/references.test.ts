/**
 * @module The references of a void and of a reversal: what the acquirer gets, and what the simulated acquirer compares, as
 * real ones do.
 */

import { describe, expect, it } from 'vitest'
import type { AcquirerRequest, AcquirerResponse } from '../../src/acquirer/port.ts'
import { readMessage } from '../../src/iso8583/received.ts'
import { aSale, aVoid, core, inquiryOf, openHttpsHarness, originalOf, reversalOf } from './https-harness.ts'

const fieldsOf = (frame: Uint8Array | undefined): ReadonlyMap<number, string> => {
  const read = readMessage(frame ?? new Uint8Array(0), core.lrc)
  if (!read.ok) throw new Error(read.error)
  return read.value.message.fields
}

const RIGHT = { batchNumber: '000007', stan: '000101', rrn: '700000000001', authorizationCode: '001001' }

const approves = (answer: AcquirerResponse): boolean => answer.kind === 'approved'

/** An acquirer with a sale, and perhaps with its void. */
async function withSale(isVoided = false) {
  const harness = openHttpsHarness()
  await harness.acquirer.ask(aSale())
  if (isVoided) await harness.acquirer.ask(aVoid({ original: RIGHT }))
  const states = () => Array.from(harness.simulator.ledger.items(), ({ of, state }) => `${of} ${state}`)
  return { ...harness, states }
}

describe('field 37 of a request', () => {
  it.each([
    ['the acquirer’s own RRN', RIGHT.rrn, RIGHT.rrn],
    ['zeros where the acquirer gave none', null, '000000000000'],
  ])('of a void is %s', async (_, rrn, field37) => {
    const { acquirer, sent } = openHttpsHarness()
    await acquirer.ask(aVoid({ original: { ...RIGHT, rrn } }))
    expect(fieldsOf(sent[0]).get(37)).toBe(field37)
    expect(fieldsOf(sent[0]).get(61)).toBe('000007000101')
  })

  it('is absent in a sale, a reversal and an inquiry', async () => {
    const { acquirer, sent } = openHttpsHarness()
    for (const request of [aSale(), reversalOf(aSale()), reversalOf(aVoid()), inquiryOf(aVoid())])
      await acquirer.ask(request)
    expect(sent.map((frame) => fieldsOf(frame).has(37))).toEqual([false, false, false, false])
  })
})

type Original = NonNullable<AcquirerRequest['original']>

const DIFFERENT: readonly (readonly [string, Partial<Original>])[] = [
  ['another RRN in field 37', { rrn: '700000000002' }],
  ['an RRN that the acquirer never gave', { rrn: '131482795537' }],
  ['another code in field 38', { authorizationCode: '001009' }],
  ['another batch in field 61', { batchNumber: '000008' }],
  ['another STAN in field 61', { stan: '000102' }],
]

const ALSO_RIGHT: readonly (readonly [string, Partial<Original>])[] = [
  ['all numbers', {}],
  ['zeros in field 37', { rrn: null }],
  ['no field 38', { authorizationCode: null }],
  ['only field 61', { rrn: null, authorizationCode: null }],
]

describe('the simulated acquirer', () => {
  it.each(DIFFERENT)('refuses a void with %s, and keeps the sale', async (_, change) => {
    const { acquirer, states } = await withSale()
    const answer = await acquirer.ask(aVoid({ original: { ...RIGHT, ...change } }))
    expect(answer).toEqual({ kind: 'declined', reason: 'original_not_found' })
    expect(states()).toEqual(['sale approved', 'void declined'])
  })

  it.each(ALSO_RIGHT)('approves a void with %s', async (_, change) => {
    const { acquirer, states } = await withSale()
    expect(approves(await acquirer.ask(aVoid({ original: { ...RIGHT, ...change } })))).toBe(true)
    expect(states()).toEqual(['sale approved', 'void approved'])
  })

  it.each(DIFFERENT)('gives no outcome for a copy of a void with %s', async (_, change) => {
    const { acquirer, states } = await withSale(true)
    const copy = aVoid({ original: { ...RIGHT, ...change }, isCopy: true })
    expect((await acquirer.ask(copy)).kind).toBe('unknown')
    expect(states()).toEqual(['sale approved', 'void approved'])
  })

  it.each(DIFFERENT.filter(([, { rrn }]) => rrn === undefined))(
    'does not reverse a void for a reversal with %s',
    async (_, change) => {
      const { acquirer, states } = await withSale(true)
      const answer = await acquirer.ask(reversalOf(aVoid({ original: { ...RIGHT, ...change } })))
      expect(approves(answer)).toBe(false)
      expect(states()).toEqual(['sale approved', 'void approved'])
    },
  )

  it.each(ALSO_RIGHT)('reverses a void for a reversal with %s', async (_, change) => {
    const { acquirer, states } = await withSale(true)
    const answer = await acquirer.ask(reversalOf(aVoid({ original: { ...RIGHT, ...change } })))
    expect(approves(answer)).toBe(true)
    expect(states()).toEqual(['sale approved', 'void reversed'])
  })

  it('compares with its own numbers, whichever sale of the day it is', async () => {
    const { acquirer, simulator } = openHttpsHarness()
    for (let i = 1; i <= 20; i++) {
      const sale = aSale({ acquirerStan: String(i).padStart(6, '0') })
      const original = originalOf(sale, await acquirer.ask(sale))
      const undo = aVoid({ acquirerStan: String(100 + i).padStart(6, '0'), original })
      expect(approves(await acquirer.ask(undo))).toBe(true)
    }
    expect(Array.from(simulator.ledger.items(), ({ state }) => state)).not.toContain('declined')
  })
})
