/** @module Batches that close with a difference: the closing entry, the alert, and the list. */

import { beforeAll, describe, expect, it } from 'vitest'
import { alertsOf, closingOf, codesOf, end, NONE, settle, UNSIGNED } from './batch-client.ts'
import { rows } from './book.ts'
import { aSale, openOffice } from './merchant-client.ts'
import * as s from './support.ts'
import { openTerminal, sell, type TestTerminal } from './terminal.ts'

const OTHER_MID = '543210987654321'
let isolate: s.Isolate
let key: string
let otherKey: string
let admin: string
beforeAll(async () => {
  isolate = await s.openIsolate()
  key = await s.bearerKey(s.MID)
  otherKey = await s.bearerKey(OTHER_MID)
  admin = await s.bearerKey(null)
})

describe('a difference', () => {
  const differ = async (attemptOf = {}) => {
    const terminal = await openTerminal(isolate)
    const sale = await aSale(terminal)
    await openOffice(isolate, key).void(sale, `${terminal.tid}-d`)
    expect(codesOf(await settle(terminal, '000950', s.totalsOf(1734, 2, 0, 0), '000001', attemptOf))).toBe(
      '21',
    )
    expect((await end(terminal, '202', '000951', '000001', attemptOf)).fields.get(39)).toBe('00')
    return terminal
  }
  const list = async (bearer: string, query = '') => {
    const { status, body } = await s.ask(isolate, bearer, 'GET', `/v1/batch-differences${query}`)
    return { status, items: body.items as Record<string, unknown>[], next: body.next as string | null }
  }
  const ofTerminal = (items: readonly Record<string, unknown>[], { tid }: TestTerminal) =>
    items.filter(({ terminalId }) => terminalId === tid)

  it.each([
    ['with a MAC', {}],
    ['without a MAC', UNSIGNED],
  ])('%s is in the closing entry, in an alert and in the list', async (_, attemptOf) => {
    const terminal = await differ(attemptOf)
    const expected = {
      own: { ...NONE, debitAmount: 1234, debitCount: 1 },
      office: { ...NONE, creditAmount: 1234, creditCount: 1 },
      declared: { ...NONE, debitAmount: 1734, debitCount: 2 },
      declaredForeign: NONE,
      difference: { ...NONE, debitAmount: 500, debitCount: 1 },
    }
    const { at, ...closing } = await closingOf(terminal)
    expect(closing).toEqual(expected)
    const [{ seq } = {}] = await rows(
      'select max(seq) as seq from journal where terminal_id = ?',
      terminal.tid,
    )
    expect(alertsOf(terminal)).toEqual([
      { event: 'alert', why: 'batch_differs', terminalId: terminal.tid, seq, batchNumber: '000001' },
    ])
    const item = {
      merchantId: s.MID,
      terminalId: terminal.tid,
      batchNumber: '000001',
      closedAt: new Date(at).toISOString(),
      ...expected,
    }
    for (const bearer of [key, admin])
      expect(ofTerminal((await list(bearer)).items, terminal)).toEqual([item])
    expect((await list(otherKey)).items).toEqual([])
    expect((await list(admin, `?merchantId=${OTHER_MID}`)).items).toEqual([])
  })

  it('is unknown when the end of an upload comes first', async () => {
    const terminal = await openTerminal(isolate)
    await sell(terminal, '000001')
    await end(terminal, '202', '000002')
    const unknown = { declared: null, declaredForeign: null, difference: null }
    expect(await closingOf(terminal)).toMatchObject(unknown)
    expect(ofTerminal((await list(key)).items, terminal)).toMatchObject([unknown])
    expect(alertsOf(terminal)).toMatchObject([{ why: 'batch_differs' }])
  })

  it('is none when the totals are right by the end of the upload', async () => {
    const terminal = await openTerminal(isolate)
    await sell(terminal, '000001')
    expect(codesOf(await settle(terminal, '000002', s.totalsOf(2000, 2, 0, 0)))).toBe('21')
    await sell(terminal, '000003', 766)
    await end(terminal, '202', '000004')
    expect((await closingOf(terminal)).difference).toEqual(NONE)
    expect([alertsOf(terminal), ofTerminal((await list(key)).items, terminal)]).toEqual([[], []])
  })

  it('comes in pages, the oldest first, and needs the scope read', async () => {
    const terminals = [await differ(), await differ(), await differ()]
    const all = (await list(key)).items
    expect(all.length).toBeGreaterThanOrEqual(terminals.length)
    const paged: Record<string, unknown>[] = []
    for (let next: string | null = ''; next !== null; ) {
      const page = await list(key, `?limit=2${next === '' ? '' : `&cursor=${next}`}`)
      expect(page.items.length).toBeLessThanOrEqual(2)
      paged.push(...page.items)
      next = page.next
    }
    expect(paged).toEqual(all)
    const times = all.map(({ closedAt }) => String(closedAt))
    expect(times).toEqual(times.toSorted())
    expect((await s.ask(isolate, null, 'GET', '/v1/batch-differences')).status).toBe(401)
  })
})
