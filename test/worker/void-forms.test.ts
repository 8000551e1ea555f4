/**
 * @module The forms of a void that terminals send: which fields may be absent, and what then names the sale. A form that drops a
 * check is accepted only from a terminal with `voidForms: lenient`.
 */

import { beforeAll, describe, expect, it } from 'vitest'
import type { TerminalProfile } from '../../src/domain/terminal-profile.ts'
import { effectOf, faultOf, journalOf } from './book.ts'
import { scriptedAcquirer } from './scripted-acquirer.ts'
import * as s from './support.ts'
import { hexOf, macOf, openTerminal, sell, sixDigits, type TestTerminal } from './terminal.ts'

type VoidForms = TerminalProfile['voidForms']
type Change = Parameters<typeof s.aVoid>[0]['more']

const ZEROS = '0'.repeat(12)
/** A track under a key of the terminal: the third digit of field 53 is 1. */
const ENCRYPTED = { 2: undefined, 35: '6225000000000014A2812BC', 53: '2610000000000000' }

let isolate: s.Isolate
let terminals: Readonly<Record<VoidForms, TestTerminal>>
let stan = 0
beforeAll(async () => {
  isolate = await s.openIsolate()
  const lenient = await openTerminal(isolate, { body: { voidForms: 'lenient' } })
  terminals = { strict: await openTerminal(isolate), lenient }
})

/** Sells, and voids the sale in the form. Returns field 39, and whether the sale is voided. */
async function voidOf(terminal: TestTerminal, change: Change, amount = 1234) {
  const original = sixDigits(++stan)
  const sale = await sell(terminal, original, amount)
  const message = s.aVoid({ stan: sixDigits(++stan), ...sale, more: change ?? {} })
  const reply = await terminal.send(message)
  const row = (await effectOf(terminal.tid)).sales.find((one) => one.stan === original)
  return { reply, message, code: reply.fields.get(39), isVoided: row?.live_voids === 1 }
}

describe('with a card or the RRN of the sale, from every terminal', () => {
  const FORMS: readonly (readonly [string, Change])[] = [
    ['no field 38', { 38: undefined }],
    ['an RRN of zeros', { 37: ZEROS }],
    ['no RRN', { 37: undefined }],
    ['no field 61', { 61: undefined }],
    ['a field 61 of zeros', { 61: ZEROS }],
    ['no card', { 2: undefined, 14: undefined }],
    ['no card and no field 61', { 2: undefined, 61: undefined }],
    ['a clear track alone', { 2: undefined, 35: '6225000000000014D281220112345' }],
    ['an encrypted track', ENCRYPTED],
    [
      'chip data, and the terminal’s own fields',
      { 55: '9F2608AABB', 57: 'A1', 59: 'B2', 62: 'C3', 63: '303120' },
    ],
    ['time and date of the terminal', { 12: '101010', 13: '0601' }],
  ]

  it.each(FORMS)('%s', async (_what, change) => {
    for (const voidForms of ['strict', 'lenient'] as const) {
      const { code, isVoided } = await voidOf(terminals[voidForms], change)
      expect([voidForms, code, isVoided]).toEqual([voidForms, '00', true])
    }
  })

  it.each([16, 18, 29])('a field 61 of %i digits', async (length) => {
    for (const terminal of [terminals.strict, terminals.lenient]) {
      const original = sixDigits(stan + 1)
      const { code } = await voidOf(terminal, { 61: `000001${original}0601`.padEnd(length, '0') })
      expect(code).toBe('00')
    }
  })
})

describe('without a check, from a terminal with `lenient` alone', () => {
  const FORMS: readonly (readonly [string, Change, string])[] = [
    ['no amount', { 4: undefined }, '30'],
    ['no card and an RRN of zeros', { 2: undefined, 37: ZEROS }, '14'],
    ['no card and no RRN', { 2: undefined, 37: undefined }, '14'],
    ['an encrypted track and an RRN of zeros', { ...ENCRYPTED, 37: ZEROS }, '14'],
    ['field 61 alone', { 2: undefined, 4: undefined, 14: undefined, 37: undefined, 38: undefined }, '30'],
    ['the RRN alone', { 2: undefined, 4: undefined, 14: undefined, 61: undefined }, '30'],
  ]

  it.each(FORMS)('%s', async (_what, change, strict) => {
    const refused = await voidOf(terminals.strict, change)
    expect([refused.code, refused.isVoided]).toEqual([strict, false])
    const { code, isVoided, message, reply } = await voidOf(terminals.lenient, change, 4321)
    expect([code, isVoided, macOf(reply, terminals.lenient.key)]).toEqual(['00', true, 'right'])
    expect(reply.fields.get(4)).toBe(s.amountOf(4321))
    const again = await terminals.lenient.send(message, { to: await s.openIsolate() })
    expect(hexOf(again.bytes)).toBe(hexOf(reply.bytes))
  })

  it('with wrong values is refused like any void', async () => {
    for (const [change, expected] of [
      [{ 2: '4111111111111111', 37: undefined }, '14'],
      [{ 4: s.amountOf(1235), 2: undefined, 37: undefined }, '64'],
      [{ 4: s.amountOf(0) }, '30'],
      [{ 4: undefined, 37: '999999999999' }, '25'],
      [{ 4: undefined, 38: '999999' }, '25'],
      [{ 4: undefined, 2: undefined, 37: undefined, 61: '000001999999' }, '25'],
      [{ 2: undefined, 37: undefined, 61: ZEROS }, '25'],
      [{ 37: undefined, 61: undefined }, '30'],
      [{ 37: ZEROS, 61: undefined }, '30'],
      [{ 61: '00000100000' }, '30'],
      [{ 49: '840' }, 'A1'],
    ] as const) {
      const { code, isVoided, reply } = await voidOf(terminals.lenient, change)
      expect([change, code, isVoided]).toEqual([change, expected, false])
      if (!('4' in change) || change[4] === undefined) continue
      expect(reply.fields.get(4)).toBe(change[4])
    }
  })

  it('tells no amount in a refusal', async () => {
    const { reply } = await voidOf(terminals.lenient, { 4: undefined, 2: '4111111111111111' })
    expect([reply.fields.get(39), reply.fields.has(4)]).toEqual(['14', false])
  })
})

it('with an acquirer it is for the amount of the sale, there and in the answer, also when a copy asks later', async () => {
  const acquirer = scriptedAcquirer()
  const remote = await s.openIsolate({ acquirer: acquirer.port })
  const own = await openTerminal(remote, { body: { voidForms: 'lenient' } })
  const sale = await sell(own, '000001', 4321)
  const message = s.aVoid({ stan: '000002', ...sale, more: { 2: undefined, 4: undefined } })
  const reply = await own.send(message)
  expect([reply.fields.get(39), reply.fields.get(4)]).toEqual(['00', s.amountOf(4321)])
  expect(acquirer.requests.at(-1)).toMatchObject({ kind: 'void', amount: 4321 })
  const again = await own.send(message, { to: await s.openIsolate({ acquirer: acquirer.port }) })
  expect(hexOf(again.bytes)).toBe(hexOf(reply.bytes))
  // A reversal without an amount is for that of its target too.
  const naming = s.aReversal('void', { stan: '000002', more: { 2: undefined, 4: undefined } })
  expect((await own.send(naming)).fields.get(39)).toBe('00')
  await remote.settle()
  expect(acquirer.requests.at(-1)).toMatchObject({ kind: 'reversal', amount: 4321 })
  expect(await faultOf(own.tid)).toBeNull()
})

it('the totals of the batch count such voids in full, and the journals are whole', async () => {
  const own = await openTerminal(isolate, { body: { voidForms: 'lenient' } })
  const sale = await sell(own, '000001', 500)
  const bare = { 2: undefined, 4: undefined, 37: undefined }
  expect((await own.send(s.aVoid({ stan: '000002', ...sale, more: bare }))).fields.get(39)).toBe('00')
  const settled = await own.send(s.aSettlement({ stan: '000003' }, s.totalsOf(500, 1, 500, 1)))
  expect(settled.fields.get(48)?.[30]).toBe('1')
  for (const { tid } of [own, terminals.strict, terminals.lenient]) {
    expect((await journalOf(tid)).length).toBeGreaterThan(3)
    expect(await faultOf(tid)).toBeNull()
  }
})
