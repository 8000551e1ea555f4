/**
 * @module The same message twice, another under its key, and every order of a sale, its void, their copies
 * and their reversals: one identity, one effect.
 */

import { describe, expect, it } from 'vitest'
import { effectOf, faultOf, journalOf } from './book.ts'
import * as s from './support.ts'
import { hexOf, keyFor, macOf, openTerminal, sell, type TestTerminal } from './terminal.ts'

/** An isolate of its own over the same database, as after a restart. */
const restarted = () => s.openIsolate()

async function voidedTerminal() {
  const isolate = await s.openIsolate()
  const terminal = await openTerminal(isolate)
  const sale = await sell(terminal, '000001')
  const message = s.aVoid({ stan: '000002', ...sale })
  return { isolate, terminal, sale, message, first: await terminal.send(message) }
}

describe('same key, same content', () => {
  it('returns the same bytes, from this isolate and from one that never saw the message', async () => {
    const { terminal, message, first } = await voidedTerminal()
    const journal = await journalOf(terminal.tid)
    expect(first.fields.get(39)).toBe('00')
    for (const to of [terminal.isolate, await restarted(), await restarted()])
      expect(hexOf((await terminal.send(message, { to })).bytes)).toBe(hexOf(first.bytes))
    expect(await journalOf(terminal.tid)).toEqual(journal)
  })

  it('returns them a day later, after the batch closed, and after 180 days', async () => {
    const { terminal, message, first } = await voidedTerminal()
    await terminal.send(s.aSettlement({ stan: '000003' }, s.totalsOf(1234, 1, 1234, 1)))
    for (const days of [1, 180]) {
      const later = await restarted()
      later.clock.now += days * 86_400_000
      await s.signOnAt(later, terminal, later.clock.now)
      expect(hexOf((await terminal.send(message, { to: later })).bytes)).toBe(hexOf(first.bytes))
    }
  })

  it('returns them after a refusal, although its cause is gone', async () => {
    const isolate = await s.openIsolate()
    const terminal = await openTerminal(isolate)
    const message = s.aVoid({ stan: '000002', original: '000001', rrn: '0'.repeat(12) })
    const first = await terminal.send(message)
    expect(first.fields.get(39)).toBe('25')
    await sell(terminal, '000001')
    expect(hexOf((await terminal.send(message, { to: await restarted() })).bytes)).toBe(hexOf(first.bytes))
  })

  it('returns the same fields under a newer key, with another MAC', async () => {
    const { terminal, message, first } = await voidedTerminal()
    const key = { ...keyFor('cup-ecb'), mak: '5'.repeat(16) }
    await s.installKey(terminal.isolate, key.mak, terminal, 2)
    const again = await terminal.send(message, { to: await restarted(), key })
    expect(macOf(again, key)).toBe('right')
    expect([...again.fields].filter(([n]) => n !== 64)).toEqual([...first.fields].filter(([n]) => n !== 64))
    expect(again.fields.get(64)).not.toBe(first.fields.get(64))
    expect(again.header + again.tpdu).toBe(first.header + first.tpdu)
  })

  it('joins the first request while it is running', async () => {
    const isolate = await s.openIsolate()
    const terminal = await openTerminal(isolate)
    const message = s.aVoid({ stan: '000002', ...(await sell(terminal, '000001')) })
    const replies = await Promise.all(Array.from({ length: 8 }, () => terminal.send(message)))
    expect(new Set(replies.map(({ bytes }) => hexOf(bytes))).size).toBe(1)
    expect(await journalOf(terminal.tid)).toHaveLength(3)
  })
})

describe('same key, other content', () => {
  const changes: readonly (readonly [string, Partial<s.VoidNames>, string[]])[] = [
    ['amount', { amount: 1235 }, ['4']],
    ['card', { more: { 2: '4111111111111111' } }, ['2']],
    ['card and amount', { amount: 1235, more: { 2: '4111111111111111' } }, ['2', '4']],
    ['amount, time and chip data', { amount: 1235, more: { 12: '101010', 55: '9F2608' } }, ['4']],
    ['RRN and entry mode', { rrn: '999999999999', more: { 22: '021' } }, ['22', '37']],
    ['one more field', { more: { 38: '123456' } }, ['38']],
    ['another reference to the original', { original: '000009' }, ['61']],
  ]
  it.each(changes)('gets 94 and a log line with the field: %s', async (_name, change, differs) => {
    const { isolate, terminal, sale, first, message } = await voidedTerminal()
    const journal = await journalOf(terminal.tid)
    const reply = await terminal.send(s.aVoid({ stan: '000002', ...sale, ...change }))
    expect(reply.fields.get(39)).toBe('94')
    expect(macOf(reply, terminal.key)).toBe('right')
    const line = isolate.logged.findLast(({ event }) => event === 'answered')
    expect(line).toMatchObject({ reason: 'key_reused_with_different_content', differs })
    for (const content of ['1235', '4111111111111111', '3001', '999999999999', '123456'])
      expect(JSON.stringify({ ...line, rrn: '' })).not.toContain(content)
    expect(await journalOf(terminal.tid)).toEqual(journal)
    expect(hexOf((await terminal.send(message)).bytes)).toBe(hexOf(first.bytes))
  })

  it('names the fields among which the difference is, when the journal keeps none of them', async () => {
    const { isolate, terminal, sale } = await voidedTerminal()
    const other = s.aVoid({ stan: '000002', ...sale, more: { 14: '3001', 57: 'A1' } })
    expect((await terminal.send(other)).fields.get(39)).toBe('94')
    const line = isolate.logged.findLast(({ event }) => event === 'answered')
    expect(line).toMatchObject({ differs: [], differsAmong: ['2', '14', '60'] })
  })

  it('keeps a sale, a void and a reversal with one STAN apart', async () => {
    const isolate = await s.openIsolate()
    const terminal = await openTerminal(isolate)
    const sale = await sell(terminal, '000001')
    expect((await terminal.send(s.aVoid({ stan: '000001', ...sale }))).fields.get(39)).toBe('00')
    expect((await terminal.send(s.aReversal('void', { stan: '000001' }))).fields.get(39)).toBe('00')
    const { sales } = await effectOf(terminal.tid)
    expect(sales).toMatchObject([{ reversed: 0, live_voids: 0 }])
  })
})

describe('reversals', () => {
  it('are idempotent, whatever their reason and time', async () => {
    const { terminal } = await voidedTerminal()
    const reversal = s.aReversal('void', { stan: '000002' })
    const first = await terminal.send(reversal)
    expect(first.fields.get(39)).toBe('00')
    const after = await effectOf(terminal.tid)
    expect(hexOf((await terminal.send(reversal, { to: await restarted() })).bytes)).toBe(hexOf(first.bytes))
    const other = s.aReversal('void', { stan: '000002', more: { 39: '06', 61: '000001000001' } })
    expect((await terminal.send(other, { to: await restarted() })).fields.get(39)).toBe('00')
    expect(await effectOf(terminal.tid)).toEqual(after)
  })

  it('leave a tombstone for an unseen message, which is refused later and has no effect', async () => {
    const isolate = await s.openIsolate()
    const terminal = await openTerminal(isolate)
    const sale = await sell(terminal, '000001')
    const before = await effectOf(terminal.tid)
    expect((await terminal.send(s.aReversal('void', { stan: '000002' }))).fields.get(39)).toBe('00')
    for (const to of [isolate, await restarted()])
      expect((await terminal.send(s.aVoid({ stan: '000002', ...sale }), { to })).fields.get(39)).toBe('12')
    expect(await effectOf(terminal.tid)).toEqual(before)
  })

  it('of a void let the sale be voided again, only with a new STAN', async () => {
    const { terminal, sale, message } = await voidedTerminal()
    await terminal.send(s.aReversal('void', { stan: '000002' }))
    expect((await terminal.send(message)).fields.get(39)).toBe('12')
    expect((await terminal.send(s.aVoid({ stan: '000003', ...sale }))).fields.get(39)).toBe('00')
    const { sales, batches } = await effectOf(terminal.tid)
    expect(sales).toMatchObject([{ reversed: 0, live_voids: 1 }])
    expect(batches).toMatchObject([{ debit_amount: 1234, credit_amount: 1234, credit_count: 1 }])
  })

  it('of a sale undo its void, whose copies are refused from then on', async () => {
    const { terminal, message } = await voidedTerminal()
    expect((await terminal.send(s.aReversal('sale', { stan: '000001' }))).fields.get(39)).toBe('00')
    for (const to of [terminal.isolate, await restarted()])
      expect((await terminal.send(message, { to })).fields.get(39)).toBe('12')
  })

  it('of another amount are refused and change nothing', async () => {
    const { terminal } = await voidedTerminal()
    const before = await effectOf(terminal.tid)
    expect((await terminal.send(s.aReversal('void', { stan: '000002', amount: 1 }))).fields.get(39)).toBe(
      '64',
    )
    expect((await terminal.send(s.aReversal('sale', { stan: '000001', amount: 1 }))).fields.get(39)).toBe(
      '64',
    )
    expect(await effectOf(terminal.tid)).toEqual(before)
  })

  it('of a refused message change nothing', async () => {
    const isolate = await s.openIsolate()
    const terminal = await openTerminal(isolate)
    const sale = await sell(terminal, '000001')
    const refused = s.aVoid({ stan: '000002', ...sale, amount: 1 })
    const first = await terminal.send(refused)
    const before = await effectOf(terminal.tid)
    const reversal = await terminal.send(s.aReversal('void', { stan: '000002', amount: 1 }))
    expect(reversal.fields.get(39)).toBe('00')
    expect(await effectOf(terminal.tid)).toEqual(before)
    expect(hexOf((await terminal.send(refused, { to: await restarted() })).bytes)).toBe(hexOf(first.bytes))
  })
})

/** Every order of a list. */
const orders = <T>(list: readonly T[]): T[][] =>
  list.length < 2
    ? [[...list]]
    : list.flatMap((first, i) => orders(list.toSpliced(i, 1)).map((rest) => [first, ...rest]))

type Step = (terminal: TestTerminal, to: s.Isolate) => Promise<unknown>

const step: Record<string, Step> = {
  sale: (terminal, to) => terminal.send(s.aSale({ stan: '000001' }), { to }),
  void: (terminal, to) =>
    terminal.send(s.aVoid({ stan: '000002', original: '000001', rrn: '0'.repeat(12) }), { to }),
  'void again': (terminal, to) =>
    terminal.send(s.aVoid({ stan: '000002', original: '000001', rrn: '0'.repeat(12) }), { to }),
  'reversal of void': (terminal, to) => terminal.send(s.aReversal('void', { stan: '000002' }), { to }),
  'reversal of sale': (terminal, to) => terminal.send(s.aReversal('sale', { stan: '000001' }), { to }),
}

const NOTHING = { debit_amount: 0, debit_count: 0, credit_amount: 0, credit_count: 0 }

describe('every order ends in the same effect', () => {
  const scenarios: readonly (readonly [string[], object[], object])[] = [
    [
      ['sale', 'void', 'void again', 'reversal of void'],
      [{ stan: '000001', status: 'approved', reversed: 0, live_voids: 0 }],
      { ...NOTHING, debit_amount: 1234, debit_count: 1 },
    ],
    [['sale', 'reversal of sale', 'void'], [], NOTHING],
    [['sale', 'reversal of sale', 'void', 'reversal of void'], [], NOTHING],
  ]
  it.each(scenarios)('%j', async (names, sales, totals) => {
    const isolates = [await s.openIsolate(), await s.openIsolate()] as const
    const [first] = isolates
    let count = 0
    for (const order of orders(names)) {
      for (const isolateOf of [() => 0, (i: number) => i % 2]) {
        const terminal = await openTerminal(first)
        for (const [i, name] of order.entries()) await step[name]?.(terminal, isolates[isolateOf(i)] ?? first)
        const effect = await effectOf(terminal.tid)
        // A sale that arrived after its reversal never exists. A sale that arrived before stays, as reversed.
        const standing = effect.sales.filter((sale) => sale.reversed === 0)
        expect(standing, order.join(', ')).toMatchObject(sales)
        expect(effect.sales.every((sale) => sale.live_voids === 0)).toBe(true)
        expect(effect.batches, order.join(', ')).toMatchObject([totals])
        expect(await faultOf(terminal.tid)).toBeNull()
        count++
      }
    }
    expect(count).toBe(2 * orders(names).length)
  })
})

it('a captured sale with the RRN of another sale does not hide that sale', async () => {
  const isolate = await s.openIsolate()
  const [terminal, other] = [
    await openTerminal(isolate),
    await openTerminal(isolate, { mid: '543210987654321' }),
  ]
  const sale = await sell(terminal, '000001')
  const key = await s.bearerKey(other.mid)
  const capturedSale = { merchantId: other.mid, terminalId: other.tid, batchNumber: '000001', stan: '000001' }
  const soldAt = new Date(isolate.clock.now + 60_000).toISOString()
  const copy = await s.ask(isolate, key, 'POST', '/v1/sales', {
    ...capturedSale,
    amount: 1,
    rrn: sale.rrn,
    soldAt,
  })
  expect(copy.status).toBe(201)
  for (const [mid, tid] of [
    [terminal.mid, terminal.tid],
    [other.mid, other.tid],
  ]) {
    const own = await s.bearerKey(mid ?? null)
    const { body } = await s.ask(isolate, own, 'GET', `/v1/sales/${sale.rrn}`)
    expect(body.terminalId).toBe(tid)
  }
  // Field 61 is zeros, so that the RRN names the sale.
  const voided = await terminal.send(s.aVoid({ stan: '000002', ...sale, more: { 61: '000000000000' } }))
  expect(voided.fields.get(39)).toBe('00')
})
