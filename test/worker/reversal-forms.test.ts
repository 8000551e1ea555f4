/**
 * @module Reversals at the POS door. They need the fields that name their target, and a right MAC over the bytes as received. Every
 * other field may have any form. Annul never declines what it cannot process. Repeats and advices are processed too.
 */

import { beforeAll, describe, expect, it } from 'vitest'
import { MAC_PROFILES } from '../../src/domain/terminal-profile.ts'
import { buildFrame } from '../../src/iso8583/frame.ts'
import { xorLrc } from '../../src/iso8583/serial-frame.ts'
import { microMac } from '../support/micro-mac.ts'
import { FORMS, naming, type RawFields, rawBody } from '../support/raw-reversal.ts'
import { dump, effectOf, journalOf } from './book.ts'
import * as s from './support.ts'
import { bytes, hexOf, macOf, openTerminal, sell, sixDigits, type TestTerminal } from './terminal.ts'

let isolate: s.Isolate
let terminal: TestTerminal
beforeAll(async () => {
  isolate = await s.openIsolate()
  terminal = await openTerminal(isolate)
})

interface Options {
  readonly type?: '22' | '23'
  readonly mti?: string
  readonly to?: s.Isolate
  readonly mac?: string
}

const namesOf = ({ tid, mid }: TestTerminal, stan: string, type: '22' | '23') =>
  naming({ tid, mid, stan, type, batch: '000001' })

const frameOf = (body: Uint8Array): Uint8Array => buildFrame('tpdu', s.TPDU, s.HEADER, body, xorLrc)

/** Signs the bytes by hand, as they are. */
function signed({ key }: TestTerminal, hex: string, mac?: string): Uint8Array {
  const body = bytes(hex)
  return Uint8Array.from([
    ...body,
    ...(mac === undefined ? microMac(key.algorithm, bytes(key.mak), body) : bytes(mac)),
  ])
}

async function reverse(
  from: TestTerminal,
  stan: string,
  fields: RawFields,
  { type = '22', mti = '0400', to = isolate, mac }: Options = {},
) {
  const body = signed(from, rawBody(mti, { ...namesOf(from, stan, type), ...fields }), mac)
  return s.read(await s.post(to, frameOf(body)))
}

/** A card number or an amount that can be read is compared. The longest values do not fit one request together. */
const isWrong = ([field, what, wire]: (typeof FORMS)[number]): boolean =>
  wire.length < 400 && !(field === 2 && /^a pad of [F9]$/.test(what)) && !(field === 4 && what === 'nines')

/** The first form of each field, the second one, and so on. */
const WRONG: readonly RawFields[] = Array.from({ length: 9 }, (_, at) => {
  const ofField = Map.groupBy(FORMS.filter(isWrong), ([field]) => field)
  return Object.fromEntries(
    [...ofField].map(([field, forms]) => [field, forms[at % forms.length]?.[2] ?? '']),
  )
})

const done = (reply: s.Reply, by: TestTerminal, mti = '0410') => ({
  mti: reply.mti === mti ? 'right' : reply.mti,
  code: reply.fields.get(39),
  mac: macOf(reply, by.key),
})
const DONE = { mti: 'right', code: '00', mac: 'right' }

const isReversed = async ({ tid }: TestTerminal, stan: string) =>
  (await effectOf(tid)).sales.find((sale) => sale.stan === stan)?.reversed === 1

describe('a reversal', () => {
  it('undoes its sale with every field in a wrong form', async () => {
    const own = await openTerminal(isolate)
    for (const [at, fields] of WRONG.entries()) {
      const stan = sixDigits(at + 1)
      await sell(own, stan)
      expect([at, done(await reverse(own, stan, fields), own)]).toEqual([at, DONE])
      expect([at, await isReversed(own, stan)]).toEqual([at, true])
    }
  })

  it('with another card or amount that can be read is declined, and undoes nothing', async () => {
    const own = await openTerminal(isolate)
    await sell(own, '000001')
    const card = await reverse(own, '000001', { 2: '164111111111111111' })
    const amount = await reverse(own, '000001', { 4: '000000001235' })
    expect([done(card, own).code, done(amount, own).code]).toEqual(['14', '64'])
    expect(await isReversed(own, '000001')).toBe(false)
  })

  it.each(MAC_PROFILES)(
    'needs the fields that name its target alone, with the MAC of %s',
    async (macProfile) => {
      const own = await openTerminal(isolate, { body: { macProfile } })
      await sell(own, '000001')
      expect(done(await reverse(own, '000001', {}), own)).toEqual(DONE)
      expect(await isReversed(own, '000001')).toBe(true)
    },
  )

  it('with pads of F in every odd field undoes its void under a folding MAC', async () => {
    const own = await openTerminal(isolate)
    const sale = await sell(own, '000001')
    await own.send(s.aVoid({ stan: '000002', ...sale }))
    const fields = {
      22: '051F',
      23: 'F001',
      35: `37${'1'.repeat(37)}F`,
      60: '00132300000100050F0F'.slice(0, 18),
      61: `0029000001000001${'0'.repeat(17)}F`,
    }
    expect(done(await reverse(own, '000002', fields, { type: '23' }), own)).toEqual(DONE)
    expect((await effectOf(own.tid)).sales).toMatchObject([{ reversed: 0, live_voids: 0 }])
  })

  it('without an amount means the amount of its target, and leaves a tombstone for one that is still to come', async () => {
    const own = await openTerminal(isolate)
    expect(done(await reverse(own, '000001', {}), own)).toEqual(DONE)
    expect((await own.send(s.aSale({ stan: '000001' }))).fields.get(39)).toBe('12')
  })

  it('with and without an amount is the same reversal, in both orders', async () => {
    const own = await openTerminal(isolate)
    const amount = { 4: '000000001234' }
    for (const [stan, first, second] of [
      ['000001', {}, amount],
      ['000002', amount, {}],
      ['000003', { 4: '0000000012FF' }, amount],
      ['000004', { 4: '000000000000' }, amount],
    ] as const) {
      await sell(own, stan)
      const before = await reverse(own, stan, first)
      const entries = (await journalOf(own.tid)).length
      const again = await reverse(own, stan, second, { to: await s.openIsolate() })
      expect([stan, done(again, own), again.fields.get(37)]).toEqual([stan, DONE, before.fields.get(37)])
      expect((await journalOf(own.tid)).length).toBe(entries)
    }
  })

  it('has the fields that can be read in its answer, and no others', async () => {
    const own = await openTerminal(isolate)
    await sell(own, '000001')
    const reply = await reverse(own, '000001', { 3: '000000', 4: '0000000012FF', 14: '2812', 25: 'FF' })
    expect([3, 4, 11, 14, 25, 41, 42].map((n) => reply.fields.get(n))).toEqual([
      '000000',
      undefined,
      '000001',
      '2812',
      undefined,
      own.tid,
      own.mid,
    ])
  })

  it('keeps no card number of a field that cannot be read', async () => {
    const own = await openTerminal(isolate)
    await sell(own, '000001')
    await reverse(own, '000001', {
      2: `32${s.PAN}${s.PAN}`,
      37: Buffer.from('622500000000').toString('hex'),
      61: `0032${s.PAN}${s.PAN}`,
    })
    expect(JSON.stringify(await dump())).not.toContain(s.PAN)
  })
})

describe('a repeat or an advice', () => {
  it.each([
    ['0401', '0410'],
    ['0420', '0430'],
    ['0421', '0430'],
  ])('%s undoes a sale and gets %s', async (mti, answer) => {
    const own = await openTerminal(isolate)
    await sell(own, '000001')
    const first = await reverse(own, '000001', {}, { mti })
    expect(done(first, own, answer)).toEqual(DONE)
    expect(await isReversed(own, '000001')).toBe(true)
    const entries = await journalOf(own.tid)
    for (const other of ['0400', '0401', '0420', '0421']) {
      const again = await reverse(
        own,
        '000001',
        { 4: '000000001234' },
        { mti: other, to: await s.openIsolate() },
      )
      expect([other, again.fields.get(39), again.fields.get(37)]).toEqual([other, '00', first.fields.get(37)])
    }
    expect(await journalOf(own.tid)).toEqual(entries)
  })

  it('0201 is the 0200 again: the first answer, and one effect', async () => {
    const own = await openTerminal(isolate)
    const sale = s.aSale({ stan: '000001' })
    const first = await own.send(sale)
    const again = await own.send({ ...sale, mti: '0201' }, { to: await s.openIsolate() })
    expect(hexOf(again.bytes)).toBe(hexOf(first.bytes))
    const undo = s.aVoid({ stan: '000002', original: '000001', rrn: first.fields.get(37) ?? '' })
    const voided = await own.send({ ...undo, mti: '0201' })
    expect([voided.mti, voided.fields.get(39)]).toEqual(['0210', '00'])
    expect(hexOf((await own.send(undo, { to: await s.openIsolate() })).bytes)).toBe(hexOf(voided.bytes))
    expect((await effectOf(own.tid)).sales).toMatchObject([{ reversed: 0, live_voids: 1 }])
  })

  it('of a 0200 with another 12, 13, 55, 57 or 59 is the same message; with another field it is not', async () => {
    const own = await openTerminal(isolate)
    const more = { 12: '101010', 13: '0601', 55: '9F2608AABBCCDDEEFF0011', 57: 'A0A1', 59: 'B0' }
    const sale = (change: object) => s.aSale({ stan: '000001', more: { ...more, ...change } })
    const first = await own.send(sale({}))
    const others = [{ 12: '111111' }, { 13: '0602' }, { 55: '9F2602AABB' }, { 57: 'C0' }, { 59: undefined }]
    for (const change of [...others, Object.fromEntries([12, 13, 55, 57, 59].map((n) => [n, undefined]))]) {
      const again = await own.send(sale(change), { to: await s.openIsolate() })
      expect([change, hexOf(again.bytes)]).toEqual([change, hexOf(first.bytes)])
    }
    for (const change of [{ 4: '000000009999' }, { 14: '2901' }, { 22: '021' }, { 63: '303120' }])
      expect((await own.send(sale(change))).fields.get(39)).toBe('94')
    expect(await journalOf(own.tid)).toHaveLength(2)
  })
})

describe('what cannot be processed of class 4 gets no answer', () => {
  const nothing = (reply: s.Reply) => [reply.status, reply.bytes.length]
  const SILENT = [503, 0]

  it.each<[string, RawFields]>([
    ['no trace number', { 11: '000000' }],
    ['letters in the trace number', { 11: 'ABCDEF' }],
    ['another transaction in 60.1', { 60: '000820000001' }],
    ['a field without an end', { 2: 'FF' }],
    ['a field that the protocol does not have', { 5: '000000001234' }],
  ])('%s, though its MAC is right', async (_what, fields) => {
    const before = await dump()
    expect(nothing(await reverse(terminal, '000001', fields))).toEqual(SILENT)
    expect(await dump()).toEqual(before)
  })

  it.each(['0402', '0440', '0460', '0480', '0482'])('MTI %s', async (mti) => {
    expect(nothing(await reverse(terminal, '000001', {}, { mti }))).toEqual(SILENT)
  })

  it.each(['0400', '0401', '0420', '0421'])(
    '%s of an unknown terminal, another merchant, a stolen terminal',
    async (mti) => {
      const stolen = await openTerminal(isolate)
      await sell(stolen, '000001')
      await s.provision(isolate, { state: 'stolen' }, stolen)
      for (const from of [stolen, { ...terminal, tid: 'NOTHERE1' }, { ...terminal, mid: '999999999999999' }])
        expect(nothing(await reverse(from, '000001', {}, { mti }))).toEqual(SILENT)
    },
  )

  it('but a wrong MAC gets A0, and a terminal without keys gets 77, unsigned, with the order to sign on', async () => {
    const wrong = await reverse(terminal, '000001', {}, { mac: '00'.repeat(8) })
    const keyless = await openTerminal(isolate, { hasKey: false })
    const none = await reverse(keyless, '000001', {})
    expect(
      [wrong, none].map((reply) => [reply.fields.get(39), reply.fields.has(64), reply.header[5]]),
    ).toEqual([
      ['A0', false, '3'],
      ['77', false, '3'],
    ])
  })

  it('while a response of class 4 is no request, and a sale still gets its refusal', async () => {
    expect(nothing(await reverse(terminal, '000001', {}, { mti: '0410' }))).toEqual([400, 0])
    expect((await terminal.send(s.aSale({ stan: '000000' }))).fields.get(39)).toBe('30')
  })
})
