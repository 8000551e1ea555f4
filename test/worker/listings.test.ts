/** @module The host's list at the JSON door: whose it is to bring, lines that cannot be read, lists that are old, copies, its cost. */

import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { dump, faultOf, rows } from './book.ts'
import { BEHIND, openBehind, reconcile } from './host-list.ts'
import * as s from './support.ts'
import { openTill, sell, sixDigits, type Till } from './till.ts'
import { scansOf, watchD1 } from './watched-d1.ts'

let admin: string

beforeAll(async () => {
  admin = await s.bearerKey(null)
})

describe('a list', () => {
  const line = (till: Till, more: object = {}) => ({
    of: 'void',
    merchantId: till.mid,
    terminalId: till.tid,
    batchNumber: '000001',
    stan: '123456',
    state: 'approved',
    amount: 100,
    ...more,
  })

  it('shows what we hold for approved and the host does not have, once', async () => {
    const isolate = await openBehind()
    const till = await openTill(isolate)
    await sell(till, '000001')
    const [own] = await rows('select host_stan as stan from host_message where terminal_id = ?', till.tid)
    const absent = line(till, { of: 'sale', stan: own?.stan, state: 'absent', amount: undefined })
    isolate.clock.now += 1
    const [told] = await reconcile(isolate, [absent], admin, { apply: true })
    expect(told).toMatchObject({ finding: 'differs', difference: 'only_ours', applied: true })
    expect(await reconcile(isolate, [absent], admin, { apply: true })).toMatchObject([{ finding: 'known' }])
    const opened = await rows(
      'select case_reason, host_said, state from host_message where terminal_id = ?',
      till.tid,
    )
    expect(opened).toEqual([{ case_reason: 'host_differs', host_said: 'absent', state: 'approved' }])
  })

  it('says nothing of what changed after it was made', async () => {
    const isolate = await openBehind()
    const till = await openTill(isolate)
    await sell(till, '000001')
    const [own] = await rows('select host_stan as stan from host_message where terminal_id = ?', till.tid)
    const old = line(till, { of: 'sale', stan: own?.stan, state: 'declined', amount: 1234 })
    expect(
      await reconcile(isolate, [old], admin, { apply: true, asOf: isolate.clock.now - 1 }),
    ).toMatchObject([{ finding: 'later', applied: null }])
  })

  it('of a terminal that is not here, or not that merchant’s, is told and not stored', async () => {
    const isolate = await openBehind()
    const till = await openTill(isolate)
    const before = await dump()
    const told = await reconcile(
      isolate,
      [line(till, { terminalId: 'NOWHERE1' }), line(till, { merchantId: '543210987654321' })],
      admin,
      { apply: true },
    )
    expect(told.map(({ finding }) => finding)).toEqual(['unknown_terminal', 'unknown_terminal'])
    expect(await dump()).toEqual(before)
  })

  it('a line that cannot be read holds no other up, and nothing of it is repeated', async () => {
    const isolate = await openBehind()
    const till = await openTill(isolate)
    const told = await reconcile(
      isolate,
      [
        line(till, { amount: undefined }),
        line(till, { state: 'maybe', pan: '6225000000000014' }),
        line(till, { pan: '6225000000000014' }),
      ],
      admin,
    )
    expect(told).toMatchObject([
      { line: 1, status: 400, reason: 'invalid_request' },
      { line: 2, status: 400 },
      { line: 3, difference: 'only_host' },
    ])
    expect(JSON.stringify(told)).not.toContain('0014')
  })

  it('twice at once is applied once', async () => {
    const isolate = await openBehind()
    const other = await openBehind()
    const till = await openTill(isolate)
    const lines = [line(till), line(till), line(till, { stan: '123457', state: 'reversed' })]
    await Promise.all([isolate, other].map((to) => reconcile(to, lines, admin, { apply: true })))
    const kinds = await rows(
      "select body ->> 'kind' as kind from journal where terminal_id = ? order by seq",
      till.tid,
    )
    expect(kinds.map(({ kind }) => kind)).toEqual(['provision', 'host_only', 'host_only'])
    expect(await faultOf(till.tid)).toBeNull()
  })

  it('is an administrator’s', async () => {
    const isolate = await openBehind()
    const merchant = await s.bearerKey(s.MID)
    const till = await openTill(isolate)
    const before = await dump()
    for (const apply of [false, true])
      await expect(reconcile(isolate, [line(till)], merchant, { apply })).rejects.toThrow('403')
    expect((await s.ask(isolate, merchant, 'GET', '/v1/host-messages')).status).toBe(403)
    expect(await dump()).toEqual(before)
  })

  it.each([
    '',
    'asOf=yesterday',
    'asOf=2026-06-01T00:00:00Z&apply=yes',
    'asOf=2026-06-01T00:00:00Z&more=1',
    'asOf=2036-06-01T00:00:00Z',
  ])('is not asked about by "%s"', async (query) => {
    const isolate = await openBehind()
    const headers = { 'content-type': 'application/x-ndjson' }
    const reply = await s.ask(isolate, admin, 'POST', `/v1/reconciliations?${query}`, '{}', headers)
    expect([reply.status, reply.body.reason]).toEqual([400, 'invalid_request'])
  })

  it('costs a trip to look at, and finds every row by an index', async () => {
    const watched = watchD1(env.DB)
    const isolate = await s.openIsolate({ ...BEHIND, database: watched.database })
    const till = await openTill(isolate)
    const list = Array.from({ length: 200 }, (_, i) => line(till, { stan: sixDigits(i + 1) }))
    watched.trips.length = 0
    expect(await reconcile(isolate, list, admin)).toHaveLength(200)
    expect(watched.trips).toHaveLength(1)
    await s.ask(isolate, admin, 'GET', '/v1/host-messages')
    expect(watched.trips).toHaveLength(2)
    for (const { sql, params } of watched.trips.flatMap(({ statements }) => statements))
      expect(await scansOf(sql, params), sql).toEqual([])
  })
})
