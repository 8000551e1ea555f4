/**
 * @module Many messages at once, in one isolate and over four on one database. Identical voids, different
 * voids of one sale, a void against a reversal, a settlement and the JSON API race. One outcome, exact
 * totals, a sound journal, and a true answer for every loser.
 */

import { describe, expect, it } from 'vitest'
import { effectOf, faultOf, journalOf, rows } from './book.ts'
import * as s from './support.ts'
import { hexOf, openTerminal, sell, sixDigits, type TestTerminal } from './terminal.ts'

const COPIES = 32

describe.each([1, 4])('in %i isolates', (isolates) => {
  const open = async () => {
    const opened = await Promise.all(Array.from({ length: isolates }, () => s.openIsolate()))
    const testTerminal = await openTerminal(opened[0] as s.Isolate)
    return { testTerminal, to: (i: number) => opened[i % isolates] as s.Isolate }
  }

  /** Exactly one void of the sale stands, in the books and in the totals. */
  async function onlyOne(testTerminal: TestTerminal, amount = 1234) {
    const { sales, batches } = await effectOf(testTerminal.tid)
    expect(sales).toMatchObject([{ reversed: 0, live_voids: 1 }])
    expect(batches).toMatchObject([
      { debit_amount: amount, debit_count: 1, credit_amount: amount, credit_count: 1 },
    ])
    expect(await faultOf(testTerminal.tid)).toBeNull()
  }

  const codes = (replies: readonly s.Reply[]) =>
    replies.map(({ status, fields }) => fields.get(39) ?? String(status))

  it('accepts one of 32 identical voids and gives all one answer', async () => {
    const { testTerminal, to } = await open()
    const message = s.aVoid({ stan: '000002', ...(await sell(testTerminal, '000001')) })
    const replies = await Promise.all(
      Array.from({ length: COPIES }, (_, i) => testTerminal.send(message, { to: to(i) })),
    )
    expect(new Set(replies.map(({ bytes }) => hexOf(bytes))).size).toBe(1)
    expect(codes(replies)[0]).toBe('00')
    await onlyOne(testTerminal)
    expect(await journalOf(testTerminal.tid)).toHaveLength(3)
  })

  it('accepts one of 32 identical voids in other frames (addresses, copies that the isolate cannot join)', async () => {
    const { testTerminal, to } = await open()
    const message = s.aVoid({ stan: '000002', ...(await sell(testTerminal, '000001')) })
    const replies = await Promise.all(
      Array.from({ length: COPIES }, async (_, i) => {
        const frame = testTerminal.frame(message)
        frame[5] = i
        return s.read(await s.post(to(i), frame))
      }),
    )
    // Under contention a copy may get 503. Any other answer is the first one.
    const conclusive = replies.filter(({ status }) => status === 200)
    expect(new Set(conclusive.map(({ body }) => hexOf(body))).size).toBe(1)
    expect(codes(conclusive)[0]).toBe('00')
    await onlyOne(testTerminal)
    expect(await journalOf(testTerminal.tid)).toHaveLength(3)
  })

  it('accepts one of 32 different voids of one sale', async () => {
    const { testTerminal, to } = await open()
    const sale = await sell(testTerminal, '000001')
    const send = (i: number) =>
      testTerminal.send(s.aVoid({ stan: sixDigits(100 + i), ...sale }), { to: to(i) })
    const first = codes(await Promise.all(Array.from({ length: COPIES }, (_, i) => send(i))))
    expect(first.filter((code) => code === '00')).toHaveLength(1)
    expect(first.filter((code) => !['00', '12', '503'].includes(code))).toEqual([])
    await onlyOne(testTerminal)
    // Each void without an answer is sent again and gets the true one. The winner's answer does not change.
    for (const [i, code] of first.entries())
      expect((await send(i)).fields.get(39)).toBe(code === '503' ? '12' : code)
    await onlyOne(testTerminal)
  })

  it('ends a void and its reversal in a sale that stands', async () => {
    const { testTerminal, to } = await open()
    const sale = await sell(testTerminal, '000001')
    for (let n = 1; n <= 8; n++) {
      const stan = sixDigits(10 + n)
      const [voided, reversed] = await Promise.all([
        testTerminal.send(s.aVoid({ stan, ...sale }), { to: to(0) }),
        testTerminal.send(s.aReversal('void', { stan }), { to: to(1) }),
      ])
      expect(['00', '12']).toContain(voided.fields.get(39))
      expect(reversed.fields.get(39)).toBe('00')
    }
    const { sales, batches } = await effectOf(testTerminal.tid)
    expect(sales).toMatchObject([{ reversed: 0, live_voids: 0 }])
    expect(batches).toMatchObject([{ debit_amount: 1234, credit_amount: 0, credit_count: 0 }])
    expect(await faultOf(testTerminal.tid)).toBeNull()
  })

  it('ends a void and the reversal of its sale with neither', async () => {
    const { testTerminal, to } = await open()
    for (let n = 1; n <= 8; n++) {
      const sale = await sell(testTerminal, sixDigits(n))
      const [voided, reversed] = await Promise.all([
        testTerminal.send(s.aVoid({ stan: sixDigits(100 + n), ...sale }), { to: to(n) }),
        testTerminal.send(s.aReversal('sale', { stan: sixDigits(n) }), { to: to(n + 1) }),
      ])
      expect(['00', '25']).toContain(voided.fields.get(39))
      expect(reversed.fields.get(39)).toBe('00')
    }
    const { sales, batches } = await effectOf(testTerminal.tid)
    expect(sales.every(({ reversed, live_voids }) => reversed === 1 && live_voids === 0)).toBe(true)
    expect(batches).toMatchObject([{ debit_amount: 0, debit_count: 0, credit_amount: 0, credit_count: 0 }])
    expect(await faultOf(testTerminal.tid)).toBeNull()
  })

  it('ends a void and a settlement with the void in the settled totals, or with the void refused', async () => {
    for (let n = 1; n <= 6; n++) {
      const { testTerminal, to } = await open()
      const sale = await sell(testTerminal, '000001')
      const settlement = s.aSettlement({ stan: '000003' }, s.totalsOf(1234, 1, 0, 0))
      const [voided, settled] = await Promise.all([
        testTerminal.send(s.aVoid({ stan: '000002', ...sale }), { to: to(n) }),
        testTerminal.send(settlement, { to: to(n + 1) }),
      ])
      const { sales, batches } = await effectOf(testTerminal.tid)
      const compared = settled.fields.get(48)?.[30]
      if (voided.fields.get(39) === '00') {
        expect(compared).toBe('2')
        expect(sales).toMatchObject([{ live_voids: 1 }])
        expect(batches).toMatchObject([{ state: 'open', credit_amount: 1234 }])
      } else {
        // The batch that it names is no longer open.
        expect(voided.fields.get(39)).toBe('77')
        expect(compared).toBe('1')
        expect(sales).toMatchObject([{ live_voids: 0 }])
        expect(batches).toMatchObject([{ state: 'closed', credit_amount: 0 }, { state: 'open' }])
      }
      expect(await faultOf(testTerminal.tid)).toBeNull()
    }
  })

  it('accepts one of the JSON voids and terminal voids of one sale', async () => {
    const { testTerminal, to } = await open()
    const key = await s.bearerKey(testTerminal.mid)
    const sale = await sell(testTerminal, '000001')
    const [row] = await rows('select id from sale where rrn = ?', sale.rrn)
    const json = async (i: number): Promise<string> => {
      const voidBody = { saleId: row?.id, amount: 1234 }
      const names = { 'idempotency-key': `${testTerminal.tid}-${i}` }
      const { status, body } = await s.ask(to(i), key, 'POST', '/v1/voids', voidBody, names)
      return status === 201 ? '00' : String(body.reason)
    }
    const terminal = async (i: number): Promise<string> => {
      const reply = await testTerminal.send(s.aVoid({ stan: sixDigits(100 + i), ...sale }), { to: to(i) })
      return reply.fields.get(39) ?? String(reply.status)
    }
    const outcomes = await Promise.all(Array.from({ length: 16 }, (_, i) => (i % 2 ? json : terminal)(i)))
    expect(outcomes.filter((outcome) => outcome === '00')).toHaveLength(1)
    const losers = ['12', '503', 'original_already_voided', 'in_progress']
    expect(outcomes.filter((outcome) => outcome !== '00' && !losers.includes(outcome))).toEqual([])
    await onlyOne(testTerminal)
  })

  it('makes one void of one Idempotency-Key for two sales at once', async () => {
    const { testTerminal, to } = await open()
    const key = await s.bearerKey(testTerminal.mid)
    const terminals = [testTerminal, await openTerminal(testTerminal.isolate)]
    const sales = await Promise.all(terminals.map((one) => sell(one, '000001')))
    const post = async ({ rrn }: { rrn: string }, i: number) => {
      const [row] = await rows('select id from sale where rrn = ?', rrn)
      const voidBody = { saleId: row?.id, amount: 1234 }
      const names = { 'idempotency-key': `same-${testTerminal.tid}` }
      return (await s.ask(to(i), key, 'POST', '/v1/voids', voidBody, names)).status
    }
    expect((await Promise.all(sales.map(post))).sort()).toEqual([201, 422])
    for (const one of terminals) expect(await faultOf(one.tid)).toBeNull()
  })

  it('keeps many terminals at once independent', async () => {
    const { testTerminal, to } = await open()
    const terminals = await Promise.all(Array.from({ length: 12 }, () => openTerminal(testTerminal.isolate)))
    const outcomes = await Promise.all(
      terminals.map(async (one, i) => {
        const sale = await one.send(s.aSale({ stan: '000001' }), { to: to(i) })
        const names = { original: '000001', rrn: sale.fields.get(37) ?? '' }
        return (await one.send(s.aVoid({ stan: '000002', ...names }), { to: to(i + 1) })).fields.get(39)
      }),
    )
    expect(outcomes).toEqual(terminals.map(() => '00'))
    for (const one of terminals) await onlyOne(one)
  })
})
