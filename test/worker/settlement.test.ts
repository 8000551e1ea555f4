/**
 * @module Settlement (0500) and batch upload (0320) through the door: totals compared, the batch closed once and the next one
 * opened, and what those who prove nothing can cause.
 */

import { beforeAll, describe, expect, it } from 'vitest'
import { effectOf, faultOf, journalOf } from './book.ts'
import * as s from './support.ts'
import { hexOf, macOf, openTill, sell, type Till } from './till.ts'

let isolate: s.Isolate
beforeAll(async () => {
  isolate = await s.openIsolate()
})

const NO_TOTALS = s.totalsOf(0, 0, 0, 0)

/** Code of the domestic half and of the foreign one: 1 equal, 2 different, 3 error. */
const codesOf = ({ fields }: s.Reply) => `${fields.get(48)?.[30]}${fields.get(48)?.[61]}`

const settle = (till: Till, stan: string, totals: string, batch = '000001', saying = {}) =>
  till.say(s.aSettlement({ stan, batch }, totals), saying)

/** One detail: class, STAN, card number, amount. The end of an upload only counts. */
const DETAILS = `0100000001${s.PAN.padStart(20, '0')}000000001234`

const upload = (till: Till, code: '201' | '202' | '207', stan: string, batch = '000001', saying = {}) =>
  till.say(
    s.aManagement('0320', code, { stan, batch, more: { 48: code === '201' ? DETAILS : '0001' } }),
    saying,
  )

const batchesOf = async (till: Till) =>
  (await effectOf(till.tid)).batches.map(({ batch_number, state }) => `${batch_number} ${state}`)

async function withSale() {
  const till = await openTill(isolate)
  return { till, sale: await sell(till, '000001') }
}

describe('totals', () => {
  it('that agree close the batch and open the next, which a sign-on tells', async () => {
    const { till, sale } = await withSale()
    await till.say(s.aVoid({ stan: '000002', ...sale }))
    const reply = await settle(till, '000003', s.totalsOf(1234, 1, 1234, 1))
    expect([reply.mti, codesOf(reply), reply.fields.has(39)]).toEqual(['0510', '11', false])
    expect(reply.fields.get(48)?.slice(0, 30)).toBe(s.totalsOf(1234, 1, 1234, 1).slice(0, 30))
    expect(macOf(reply, till.key)).toBe('right')
    expect(await batchesOf(till)).toEqual(['000001 closed', '000002 open'])
    const signOn = await till.say(s.aManagement('0800', '003', { stan: '000004' }), { key: null })
    expect(signOn.fields.get(60)).toBe('00000002003')
    // Trace numbers may begin again.
    expect((await sell(till, '000001', 500, '000002')).rrn).not.toBe(sale.rrn)
    expect(await faultOf(till.tid)).toBeNull()
  })

  it('that differ are answered with ours, and the batch stays open', async () => {
    const { till } = await withSale()
    const journal = await journalOf(till.tid)
    const wrong: Parameters<typeof s.totalsOf>[] = [
      [1235, 1, 0, 0],
      [1234, 2, 0, 0],
      [1234, 1, 1234, 1],
      [0, 0, 0, 0],
    ]
    for (const totals of wrong) {
      const reply = await settle(till, '000003', s.totalsOf(...totals))
      expect(codesOf(reply)).toBe('21')
      expect(reply.fields.get(48)?.slice(0, 30)).toBe(s.totalsOf(1234, 1, 0, 0).slice(0, 30))
    }
    const foreign = `${s.totalsOf(1234, 1, 0, 0).slice(0, 31)}${'0'.repeat(11)}1${'0'.repeat(19)}`
    expect(codesOf(await settle(till, '000003', foreign))).toBe('12')
    expect(await batchesOf(till)).toEqual(['000001 open'])
    expect(await journalOf(till.tid)).toEqual(journal)
  })

  it('hold what was reversed in neither half', async () => {
    const { till, sale } = await withSale()
    await sell(till, '000002', 700)
    await till.say(s.aVoid({ stan: '000003', ...sale }))
    await till.say(s.aReversal('void', { stan: '000003' }))
    await till.say(s.aReversal('sale', { stan: '000002', amount: 700 }))
    await till.say(s.aSale({ stan: '000004', amount: 1251 }))
    expect(codesOf(await settle(till, '000005', s.totalsOf(1234, 1, 0, 0)))).toBe('11')
  })

  it('of 61 digits, or of a batch that is not known, are an error', async () => {
    const { till } = await withSale()
    const cut = await settle(till, '000003', s.totalsOf(1234, 1, 0, 0).slice(1))
    expect([codesOf({ ...cut }), cut.fields.get(39)]).toEqual(['33', '30'])
    const other = await settle(till, '000004', s.totalsOf(1234, 1, 0, 0), '000009')
    expect([codesOf(other), other.fields.get(39), other.header]).toEqual(['33', '77', '602203000000'])
  })
})

describe('a settlement again', () => {
  it('is the same answer, and closes nothing twice', async () => {
    const { till } = await withSale()
    const first = await settle(till, '000002', s.totalsOf(1234, 1, 0, 0))
    const journal = await journalOf(till.tid)
    const to = await s.openIsolate()
    const again = await settle(till, '000002', s.totalsOf(1234, 1, 0, 0), '000001', { to })
    expect(hexOf(again.bytes)).toBe(hexOf(first.bytes))
    expect(await journalOf(till.tid)).toEqual(journal)
  })

  it('under a new trace number, for its answer was lost: the same comparison', async () => {
    const { till } = await withSale()
    await settle(till, '000002', s.totalsOf(1234, 1, 0, 0))
    const journal = await journalOf(till.tid)
    expect(codesOf(await settle(till, '000003', s.totalsOf(1234, 1, 0, 0)))).toBe('11')
    expect(codesOf(await settle(till, '000004', s.totalsOf(9, 9, 0, 0)))).toBe('21')
    expect(await journalOf(till.tid)).toEqual(journal)
  })

  it('at once from everywhere closes one batch', async () => {
    const { till } = await withSale()
    const isolates = [isolate, await s.openIsolate(), await s.openIsolate()]
    const replies = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        settle(till, String(100 + i).padStart(6, '0'), s.totalsOf(1234, 1, 0, 0), '000001', {
          to: isolates[i % 3],
        }),
      ),
    )
    for (const reply of replies) expect(['11', '33']).toContain(codesOf(reply))
    expect(replies.filter((reply) => codesOf(reply) === '11').length).toBeGreaterThan(0)
    expect(await batchesOf(till)).toEqual(['000001 closed', '000002 open'])
    expect(await faultOf(till.tid)).toBeNull()
  })
})

describe('batch upload', () => {
  it('after a mismatch: details, then the end, which closes the batch as it is', async () => {
    const { till } = await withSale()
    expect(codesOf(await settle(till, '000002', NO_TOTALS))).toBe('21')
    expect((await upload(till, '201', '000003')).fields.get(39)).toBe('00')
    expect(await batchesOf(till)).toEqual(['000001 open'])
    const end = await upload(till, '202', '000004')
    expect([end.mti, end.fields.get(39), end.fields.get(48)]).toEqual(['0330', '00', '0001'])
    expect(await batchesOf(till)).toEqual(['000001 closed', '000002 open'])
    const journal = await journalOf(till.tid)
    const to = await s.openIsolate()
    expect(hexOf((await upload(till, '202', '000004', '000001', { to })).bytes)).toBe(hexOf(end.bytes))
    expect(await journalOf(till.tid)).toEqual(journal)
  })

  it('after a match changes nothing more, and before one is refused', async () => {
    const { till } = await withSale()
    expect((await upload(till, '207', '000002')).fields.get(39)).toBe('77')
    await settle(till, '000003', s.totalsOf(1234, 1, 0, 0))
    const journal = await journalOf(till.tid)
    expect((await upload(till, '207', '000004')).fields.get(39)).toBe('00')
    expect(await journalOf(till.tid)).toEqual(journal)
  })
})

describe('who proves nothing', () => {
  it('writes nothing while the batch is empty, and cannot run its number up', async () => {
    const till = await openTill(isolate)
    const journal = await journalOf(till.tid)
    for (let n = 0; n < 5; n++) {
      await settle(till, `00001${n}`, NO_TOTALS, '000001', { key: null })
      await upload(till, '202', `00002${n}`, '000001', { key: null })
      await upload(till, '201', `00003${n}`, '000001', { key: null })
    }
    expect(await journalOf(till.tid)).toEqual(journal)
    expect(await batchesOf(till)).toEqual(['000001 open'])
  })

  it('gets nothing signed, and a wrong MAC is worse than none', async () => {
    const { till } = await withSale()
    const wrong: s.Key = { ...till.key, mak: '7'.repeat(16) }
    const refused = await settle(till, '000002', s.totalsOf(1234, 1, 0, 0), '000001', { key: wrong })
    expect([refused.fields.get(39), macOf(refused, till.key)]).toEqual(['A0', 'none'])
    expect(await batchesOf(till)).toEqual(['000001 open'])
    const bare = await settle(till, '000003', s.totalsOf(1234, 1, 0, 0), '000001', { key: null })
    expect([codesOf(bare), macOf(bare, till.key)]).toEqual(['11', 'none'])
  })

  it('is not heard where the terminal must prove it', async () => {
    const till = await openTill(isolate, { body: { settlementMac: 'required' } as object })
    await sell(till, '000001')
    for (const reply of [
      await settle(till, '000002', s.totalsOf(1234, 1, 0, 0), '000001', { key: null }),
      await upload(till, '202', '000003', '000001', { key: null }),
    ])
      expect(reply.fields.get(39)).toBe('A0')
    expect(await batchesOf(till)).toEqual(['000001 open'])
    expect((await upload(till, '202', '000004')).fields.get(39)).toBe('00')
  })
})
