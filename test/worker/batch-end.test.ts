/**
 * @module The end of a batch at the POS door: empty batches, uploads of chip transactions, and terminals whose sales the office voids.
 */

import { beforeAll, describe, expect, it } from 'vitest'
import { alertsOf, batchesOf, closingOf, codesOf, end, NONE, settle, UNSIGNED } from './batch-client.ts'
import { faultOf, journalOf } from './book.ts'
import { aSale, openOffice, type Sold } from './merchant-client.ts'
import * as s from './support.ts'
import { hexOf, openTerminal, sell, type TestTerminal } from './terminal.ts'

let isolate: s.Isolate
let key: string
beforeAll(async () => {
  isolate = await s.openIsolate()
  key = await s.bearerKey(s.MID)
})

const NO_TOTALS = s.totalsOf(0, 0, 0, 0)
/** The sign-on of the next day names the batch. */
async function batchAfterSignOn(terminal: TestTerminal): Promise<string | undefined> {
  const reply = await terminal.send(s.aManagement('0800', '003', { stan: '000099' }), UNSIGNED)
  return reply.fields.get(60)?.slice(2, 8)
}

describe('an empty batch', () => {
  it('closes with a MAC, and a copy gets the first answer again', async () => {
    const terminal = await openTerminal(isolate)
    const first = await settle(terminal, '000001', NO_TOTALS)
    expect([first.mti, codesOf(first), first.fields.has(39)]).toEqual(['0510', '11', false])
    expect(await batchesOf(terminal)).toEqual(['000001 closed', '000002 open'])
    const journal = await journalOf(terminal.tid)
    const to = await s.openIsolate()
    const again = await settle(terminal, '000001', NO_TOTALS, '000001', { to })
    expect(hexOf(again.bytes)).toBe(hexOf(first.bytes))
    expect(codesOf(await settle(terminal, '000002', NO_TOTALS))).toBe('11')
    expect((await end(terminal, '207', '000003')).fields.get(39)).toBe('00')
    expect(await journalOf(terminal.tid)).toEqual(journal)
    expect(await batchAfterSignOn(terminal)).toBe('000002')
    expect(await faultOf(terminal.tid)).toBeNull()
  })

  const days: [string, (terminal: TestTerminal) => Promise<unknown>][] = [
    ['nothing', async () => {}],
    ['a declined sale', (terminal) => terminal.send(s.aSale({ stan: '000001', amount: 1205 }))],
    [
      'a reversed sale',
      async (terminal) => {
        await sell(terminal, '000001')
        await terminal.send(s.aReversal('sale', { stan: '000001' }))
      },
    ],
    [
      'the reversal of a message that never came',
      (terminal) => terminal.send(s.aReversal('sale', { stan: '000001' })),
    ],
    [
      'a void of no sale',
      (terminal) => terminal.send(s.aVoid({ stan: '000001', original: '000077', rrn: '000000000077' })),
    ],
  ]
  describe.each([
    ['with a MAC', {}],
    ['without a MAC', UNSIGNED],
  ])('%s', (_, attemptOf) => {
    it.each(days)('after a day of %s: the next day begins with the first trace number', async (_, day) => {
      const terminal = await openTerminal(isolate)
      await day(terminal)
      expect(codesOf(await settle(terminal, '000002', NO_TOTALS, '000001', attemptOf))).toBe('11')
      expect((await end(terminal, '207', '000003', '000001', attemptOf)).fields.get(39)).toBe('00')
      const batch = (await batchAfterSignOn(terminal)) ?? ''
      for (const stan of ['000001', '000002'])
        expect((await terminal.send(s.aSale({ stan, batch, amount: 900 }))).fields.get(39)).toBe('00')
    })
  })

  it('without a MAC closes once for each batch that was used, however often it comes', async () => {
    const terminal = await openTerminal(isolate)
    await terminal.send(s.aSale({ stan: '000001', amount: 1205 }))
    for (const batch of ['000001', '000002', '000003'])
      for (const stan of ['000011', '000012']) {
        await settle(terminal, stan, NO_TOTALS, batch, UNSIGNED)
        await end(terminal, '202', stan, batch, UNSIGNED)
      }
    expect(await batchesOf(terminal)).toEqual(['000001 closed', '000002 open'])
  })

  it('is over for the end of an upload after equal totals, and still for the end after different ones', async () => {
    const terminal = await openTerminal(isolate)
    const journal = await journalOf(terminal.tid)
    expect((await end(terminal, '207', '000001')).fields.get(39)).toBe('00')
    expect((await end(terminal, '207', '000002', '000001', UNSIGNED)).fields.get(39)).toBe('00')
    expect(await journalOf(terminal.tid)).toEqual(journal)
    expect((await end(terminal, '202', '000003')).fields.get(39)).toBe('00')
    expect(await batchesOf(terminal)).toEqual(['000001 closed', '000002 open'])
  })
})

describe('an upload of a chip transaction', () => {
  const chip = { 2: s.PAN, 4: '000000001234', 22: '051', 23: '001', 55: '9F2608AABBCCDDEEFF0011' }
  const upload = (terminal: TestTerminal, code: string, more: object, batch = '000001') =>
    terminal.send(s.aManagement('0320', code, { stan: '000005', batch, more: { ...more } }))

  it.each(['203', '204', '205', '206', '208', '209'])('%s is accepted like 201', async (code) => {
    const terminal = await openTerminal(isolate)
    await sell(terminal, '000001')
    const journal = await journalOf(terminal.tid)
    for (const more of [chip, { ...chip, 48: '01' }, {}]) {
      const reply = await upload(terminal, code, more)
      expect([reply.mti, reply.fields.get(39), reply.fields.get(11)]).toEqual(['0330', '00', '000005'])
    }
    expect((await upload(terminal, code, chip, '000009')).fields.get(39)).toBe('77')
    expect(await journalOf(terminal.tid)).toEqual(journal)
    expect(await batchesOf(terminal)).toEqual(['000001 open'])
  })

  it.each(['200', '210', '299'])('%s is no upload', async (code) => {
    const terminal = await openTerminal(isolate)
    expect((await upload(terminal, code, chip)).fields.get(39)).toBe('40')
  })

  it('201 needs its details', async () => {
    const terminal = await openTerminal(isolate)
    for (const more of [chip, { 48: '01' }])
      expect((await upload(terminal, '201', more)).fields.get(39)).toBe('30')
  })
})

describe('a terminal whose sales the office voids', () => {
  const office = () => openOffice(isolate, key)
  const captured = async (terminal: TestTerminal): Promise<Sold> => {
    const sale = { merchantId: s.MID, terminalId: terminal.tid, batchNumber: '000001', stan: '000400' }
    const { body } = await s.ask(isolate, key, 'POST', '/v1/sales', { ...sale, amount: 1000, pan: s.PAN })
    return { saleId: String(body.id), amount: 1000, stan: '000400', rrn: String(body.rrn) }
  }
  const days: [string, (terminal: TestTerminal) => Promise<unknown>, string, object][] = [
    [
      'a void by JSON',
      async (terminal) => office().void(await aSale(terminal), `${terminal.tid}-1`),
      s.totalsOf(1234, 1, 0, 0),
      { ...NONE, creditAmount: 1234, creditCount: 1 },
    ],
    [
      'a void by JSON and its reversal',
      async (terminal) => {
        const sale = await aSale(terminal)
        await office().void(sale, `${terminal.tid}-1`)
        await office().reverse(sale, `${terminal.tid}-1`)
      },
      s.totalsOf(1234, 1, 0, 0),
      NONE,
    ],
    [
      'a void by JSON, its reversal and a void of the terminal',
      async (terminal) => {
        const sale = await aSale(terminal)
        await office().void(sale, `${terminal.tid}-1`)
        await office().reverse(sale, `${terminal.tid}-1`)
        await terminal.send(s.aVoid({ stan: '000900', original: sale.stan, rrn: sale.rrn }))
      },
      s.totalsOf(1234, 1, 1234, 1),
      NONE,
    ],
    [
      'a void by JSON and the terminal’s reversal of the sale',
      async (terminal) => {
        const sale = await aSale(terminal)
        await office().void(sale, `${terminal.tid}-1`)
        await terminal.send(s.aReversal('sale', { stan: sale.stan }))
        await aSale(terminal, 700)
      },
      s.totalsOf(700, 1, 0, 0),
      NONE,
    ],
    [
      'a captured sale that the office voids',
      async (terminal) => office().void(await captured(terminal), `${terminal.tid}-1`),
      s.totalsOf(1000, 1, 0, 0),
      { ...NONE, creditAmount: 1000, creditCount: 1 },
    ],
    [
      'a captured sale that the terminal voids',
      async (terminal) => {
        const { stan, rrn } = await captured(terminal)
        await terminal.send(s.aVoid({ stan: '000900', original: stan, rrn, amount: 1000 }))
      },
      s.totalsOf(1000, 1, 1000, 1),
      NONE,
    ],
  ]
  it.each(days)('after %s is compared with what it sent itself', async (_, day, totals, ofOffice) => {
    const terminal = await openTerminal(isolate)
    await day(terminal)
    const reply = await settle(terminal, '000950', totals)
    expect([codesOf(reply), reply.fields.get(48)?.slice(0, 30)]).toEqual(['11', totals.slice(0, 30)])
    expect(await batchesOf(terminal)).toEqual(['000001 closed', '000002 open'])
    const { own, office: found, declared, difference } = await closingOf(terminal)
    expect([found, difference, own]).toEqual([ofOffice, NONE, declared])
    expect(alertsOf(terminal)).toEqual([])
    expect(codesOf(await settle(terminal, '000951', totals))).toBe('11')
    expect(await faultOf(terminal.tid)).toBeNull()
  })
})
