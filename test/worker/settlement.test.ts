/**
 * @module Settlement (0500) and batch upload (0320) at the POS door. Totals are compared, the batch is closed
 * once and the next one opened, and unproved senders have limits.
 */

import { beforeAll, describe, expect, it } from 'vitest'
import { effectOf, faultOf, journalOf } from './book.ts'
import * as s from './support.ts'
import { hexOf, macOf, openTerminal, sell, type TestTerminal } from './terminal.ts'

let isolate: s.Isolate
beforeAll(async () => {
  isolate = await s.openIsolate()
})

const NO_TOTALS = s.totalsOf(0, 0, 0, 0)

/** The code of the domestic half and of the foreign one: 1 equal, 2 different, 3 error. */
const codesOf = ({ fields }: s.Reply) => `${fields.get(48)?.[30]}${fields.get(48)?.[61]}`

const settle = (terminal: TestTerminal, stan: string, totals: string, batch = '000001', attemptOf = {}) =>
  terminal.send(s.aSettlement({ stan, batch }, totals), attemptOf)

/** One detail: class, STAN, card number, amount. The end of an upload only counts. */
const DETAILS = `0100000001${s.PAN.padStart(20, '0')}000000001234`

const upload = (
  terminal: TestTerminal,
  code: '201' | '202' | '207',
  stan: string,
  batch = '000001',
  attemptOf = {},
) =>
  terminal.send(
    s.aManagement('0320', code, { stan, batch, more: { 48: code === '201' ? DETAILS : '0001' } }),
    attemptOf,
  )

const batchesOf = async (terminal: TestTerminal) =>
  (await effectOf(terminal.tid)).batches.map(({ batch_number, state }) => `${batch_number} ${state}`)

async function withSale() {
  const terminal = await openTerminal(isolate)
  return { terminal, sale: await sell(terminal, '000001') }
}

describe('totals', () => {
  it('that agree close the batch and open the next, which a sign-on returns', async () => {
    const { terminal, sale } = await withSale()
    await terminal.send(s.aVoid({ stan: '000002', ...sale }))
    const reply = await settle(terminal, '000003', s.totalsOf(1234, 1, 1234, 1))
    expect([reply.mti, codesOf(reply), reply.fields.has(39)]).toEqual(['0510', '11', false])
    expect(reply.fields.get(48)?.slice(0, 30)).toBe(s.totalsOf(1234, 1, 1234, 1).slice(0, 30))
    expect(macOf(reply, terminal.key)).toBe('right')
    expect(await batchesOf(terminal)).toEqual(['000001 closed', '000002 open'])
    const signOn = await terminal.send(s.aManagement('0800', '003', { stan: '000004' }), { key: null })
    expect(signOn.fields.get(60)).toBe('00000002003')
    // STANs may start again.
    expect((await sell(terminal, '000001', 500, '000002')).rrn).not.toBe(sale.rrn)
    expect(await faultOf(terminal.tid)).toBeNull()
  })

  it('that differ get our totals in the answer, and the batch stays open', async () => {
    const { terminal } = await withSale()
    const journal = await journalOf(terminal.tid)
    const wrong: Parameters<typeof s.totalsOf>[] = [
      [1235, 1, 0, 0],
      [1234, 2, 0, 0],
      [1234, 1, 1234, 1],
      [0, 0, 0, 0],
    ]
    for (const totals of wrong) {
      const reply = await settle(terminal, '000003', s.totalsOf(...totals))
      expect(codesOf(reply)).toBe('21')
      expect(reply.fields.get(48)?.slice(0, 30)).toBe(s.totalsOf(1234, 1, 0, 0).slice(0, 30))
    }
    const foreign = `${s.totalsOf(1234, 1, 0, 0).slice(0, 31)}${'0'.repeat(11)}1${'0'.repeat(19)}`
    expect(codesOf(await settle(terminal, '000003', foreign))).toBe('12')
    expect(await batchesOf(terminal)).toEqual(['000001 open'])
    expect(await journalOf(terminal.tid)).toEqual(journal)
  })

  it('exclude reversed messages from both halves', async () => {
    const { terminal, sale } = await withSale()
    await sell(terminal, '000002', 700)
    await terminal.send(s.aVoid({ stan: '000003', ...sale }))
    await terminal.send(s.aReversal('void', { stan: '000003' }))
    await terminal.send(s.aReversal('sale', { stan: '000002', amount: 700 }))
    await terminal.send(s.aSale({ stan: '000004', amount: 1251 }))
    expect(codesOf(await settle(terminal, '000005', s.totalsOf(1234, 1, 0, 0)))).toBe('11')
  })

  it('of 61 digits, or of an unknown batch, are an error', async () => {
    const { terminal } = await withSale()
    const cut = await settle(terminal, '000003', s.totalsOf(1234, 1, 0, 0).slice(1))
    expect([codesOf({ ...cut }), cut.fields.get(39)]).toEqual(['33', '30'])
    const other = await settle(terminal, '000004', s.totalsOf(1234, 1, 0, 0), '000009')
    expect([codesOf(other), other.fields.get(39), other.header]).toEqual(['33', '77', '602203000000'])
  })
})

describe('a repeated settlement', () => {
  it('gets the same answer and closes nothing twice', async () => {
    const { terminal } = await withSale()
    const first = await settle(terminal, '000002', s.totalsOf(1234, 1, 0, 0))
    const journal = await journalOf(terminal.tid)
    const to = await s.openIsolate()
    const again = await settle(terminal, '000002', s.totalsOf(1234, 1, 0, 0), '000001', { to })
    expect(hexOf(again.bytes)).toBe(hexOf(first.bytes))
    expect(await journalOf(terminal.tid)).toEqual(journal)
  })

  it('under a new STAN, after a lost answer, gets the same comparison', async () => {
    const { terminal } = await withSale()
    await settle(terminal, '000002', s.totalsOf(1234, 1, 0, 0))
    const journal = await journalOf(terminal.tid)
    expect(codesOf(await settle(terminal, '000003', s.totalsOf(1234, 1, 0, 0)))).toBe('11')
    expect(codesOf(await settle(terminal, '000004', s.totalsOf(9, 9, 0, 0)))).toBe('21')
    expect(await journalOf(terminal.tid)).toEqual(journal)
  })

  it('at once from every isolate closes one batch', async () => {
    const { terminal } = await withSale()
    const isolates = [isolate, await s.openIsolate(), await s.openIsolate()]
    const replies = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        settle(terminal, String(100 + i).padStart(6, '0'), s.totalsOf(1234, 1, 0, 0), '000001', {
          to: isolates[i % 3],
        }),
      ),
    )
    for (const reply of replies) expect(['11', '33']).toContain(codesOf(reply))
    expect(replies.filter((reply) => codesOf(reply) === '11').length).toBeGreaterThan(0)
    expect(await batchesOf(terminal)).toEqual(['000001 closed', '000002 open'])
    expect(await faultOf(terminal.tid)).toBeNull()
  })
})

describe('batch upload', () => {
  it('after a mismatch: details, then the end, which closes the batch unchanged', async () => {
    const { terminal } = await withSale()
    expect(codesOf(await settle(terminal, '000002', NO_TOTALS))).toBe('21')
    expect((await upload(terminal, '201', '000003')).fields.get(39)).toBe('00')
    expect(await batchesOf(terminal)).toEqual(['000001 open'])
    const end = await upload(terminal, '202', '000004')
    expect([end.mti, end.fields.get(39), end.fields.get(48)]).toEqual(['0330', '00', '0001'])
    expect(await batchesOf(terminal)).toEqual(['000001 closed', '000002 open'])
    const journal = await journalOf(terminal.tid)
    const to = await s.openIsolate()
    expect(hexOf((await upload(terminal, '202', '000004', '000001', { to })).bytes)).toBe(hexOf(end.bytes))
    expect(await journalOf(terminal.tid)).toEqual(journal)
  })

  it('after a match changes nothing more, and before a match is refused', async () => {
    const { terminal } = await withSale()
    expect((await upload(terminal, '207', '000002')).fields.get(39)).toBe('77')
    await settle(terminal, '000003', s.totalsOf(1234, 1, 0, 0))
    const journal = await journalOf(terminal.tid)
    expect((await upload(terminal, '207', '000004')).fields.get(39)).toBe('00')
    expect(await journalOf(terminal.tid)).toEqual(journal)
  })
})

describe('an unproved sender', () => {
  it('writes nothing while the batch is unused, and cannot advance its number', async () => {
    const terminal = await openTerminal(isolate)
    const journal = await journalOf(terminal.tid)
    for (let n = 0; n < 5; n++) {
      await settle(terminal, `00001${n}`, NO_TOTALS, '000001', { key: null })
      await upload(terminal, '202', `00002${n}`, '000001', { key: null })
      await upload(terminal, '201', `00003${n}`, '000001', { key: null })
    }
    expect(await journalOf(terminal.tid)).toEqual(journal)
    expect(await batchesOf(terminal)).toEqual(['000001 open'])
  })

  it('gets no signed answer, and a wrong MAC is worse than none', async () => {
    const { terminal } = await withSale()
    const wrong: s.Key = { ...terminal.key, mak: '7'.repeat(16) }
    const refused = await settle(terminal, '000002', s.totalsOf(1234, 1, 0, 0), '000001', { key: wrong })
    expect([refused.fields.get(39), macOf(refused, terminal.key)]).toEqual(['A0', 'none'])
    expect(await batchesOf(terminal)).toEqual(['000001 open'])
    const bare = await settle(terminal, '000003', s.totalsOf(1234, 1, 0, 0), '000001', { key: null })
    expect([codesOf(bare), macOf(bare, terminal.key)]).toEqual(['11', 'none'])
  })

  it('is refused when the terminal must prove itself', async () => {
    const terminal = await openTerminal(isolate, { body: { settlementMac: 'required' } as object })
    await sell(terminal, '000001')
    for (const reply of [
      await settle(terminal, '000002', s.totalsOf(1234, 1, 0, 0), '000001', { key: null }),
      await upload(terminal, '202', '000003', '000001', { key: null }),
    ])
      expect(reply.fields.get(39)).toBe('A0')
    expect(await batchesOf(terminal)).toEqual(['000001 open'])
    expect((await upload(terminal, '202', '000004')).fields.get(39)).toBe('00')
  })
})
