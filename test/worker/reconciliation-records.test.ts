/**
 * @module The acquirer's records at the JSON API: who may send them, unreadable lines, old lists, copies, and
 * the cost.
 */

import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { kindOfBody } from '../support/kind-of-body.ts'
import { ACQUIRER_SETTINGS, openWithAcquirer, reconcile } from './acquirer-records.ts'
import { dump, faultOf, rows } from './book.ts'
import * as s from './support.ts'
import { openTerminal, sell, sixDigits, type TestTerminal } from './terminal.ts'
import { scansOf, watchD1 } from './watched-d1.ts'

let admin: string

beforeAll(async () => {
  admin = await s.bearerKey(null)
})

describe('a list', () => {
  const line = (terminal: TestTerminal, more: object = {}) => ({
    kind: 'void',
    merchantId: terminal.mid,
    terminalId: terminal.tid,
    batchNumber: '000001',
    stan: '123456',
    state: 'approved',
    amount: 100,
    ...more,
  })

  it('shows an approved message of ours that the acquirer lacks, once', async () => {
    const isolate = await openWithAcquirer()
    const terminal = await openTerminal(isolate)
    await sell(terminal, '000001')
    const [own] = await rows(
      'select acquirer_stan as stan from acquirer_record where terminal_id = ?',
      terminal.tid,
    )
    const absent = line(terminal, { kind: 'sale', stan: own?.stan, state: 'absent', amount: undefined })
    isolate.clock.now += 1
    const [answered] = await reconcile(isolate, [absent], admin, { apply: true })
    expect(answered).toMatchObject({ result: 'differs', difference: 'only_ours', applied: true })
    expect(await reconcile(isolate, [absent], admin, { apply: true })).toMatchObject([
      { result: 'known_case' },
    ])
    const opened = await rows(
      'select case_reason, acquirer_status, state from acquirer_record where terminal_id = ?',
      terminal.tid,
    )
    expect(opened).toEqual([{ case_reason: 'record_differs', acquirer_status: 'absent', state: 'approved' }])
  })

  it('does not count for messages that changed after it was made', async () => {
    const isolate = await openWithAcquirer()
    const terminal = await openTerminal(isolate)
    await sell(terminal, '000001')
    const [own] = await rows(
      'select acquirer_stan as stan from acquirer_record where terminal_id = ?',
      terminal.tid,
    )
    const old = line(terminal, { kind: 'sale', stan: own?.stan, state: 'declined', amount: 1234 })
    expect(
      await reconcile(isolate, [old], admin, { apply: true, asOf: isolate.clock.now - 1 }),
    ).toMatchObject([{ result: 'changed_since', applied: null }])
  })

  it("for an unknown terminal, or another merchant's, is reported and not stored", async () => {
    const isolate = await openWithAcquirer()
    const terminal = await openTerminal(isolate)
    const before = await dump()
    const answered = await reconcile(
      isolate,
      [line(terminal, { terminalId: 'NOWHERE1' }), line(terminal, { merchantId: '543210987654321' })],
      admin,
      { apply: true },
    )
    expect(answered.map(({ result }) => result)).toEqual(['unknown_terminal', 'unknown_terminal'])
    expect(await dump()).toEqual(before)
  })

  it('has every other line processed when one is unreadable, and none of that line is repeated', async () => {
    const isolate = await openWithAcquirer()
    const terminal = await openTerminal(isolate)
    const answered = await reconcile(
      isolate,
      [
        line(terminal, { amount: undefined }),
        line(terminal, { state: 'maybe', pan: '6225000000000014' }),
        line(terminal, { pan: '6225000000000014' }),
      ],
      admin,
    )
    expect(answered).toMatchObject([
      { line: 1, status: 400, reason: 'invalid_request' },
      { line: 2, status: 400 },
      { line: 3, difference: 'only_acquirer' },
    ])
    expect(JSON.stringify(answered)).not.toContain('6225000000000014')
  })

  it('sent twice at once is applied once', async () => {
    const isolate = await openWithAcquirer()
    const other = await openWithAcquirer()
    const terminal = await openTerminal(isolate)
    const lines = [line(terminal), line(terminal), line(terminal, { stan: '123457', state: 'reversed' })]
    await Promise.all([isolate, other].map((to) => reconcile(to, lines, admin, { apply: true })))
    const kinds = await rows('select body from journal where terminal_id = ? order by seq', terminal.tid)
    expect(kinds.map(({ body }) => kindOfBody(body))).toEqual(['provision', 'acquirer_only', 'acquirer_only'])
    expect(await faultOf(terminal.tid)).toBeNull()
  })

  it('is accepted from an administrator only', async () => {
    const isolate = await openWithAcquirer()
    const merchant = await s.bearerKey(s.MID)
    const terminal = await openTerminal(isolate)
    const before = await dump()
    for (const apply of [false, true])
      await expect(reconcile(isolate, [line(terminal)], merchant, { apply })).rejects.toThrow('403')
    expect((await s.ask(isolate, merchant, 'GET', '/v1/acquirer-messages')).status).toBe(403)
    expect(await dump()).toEqual(before)
  })

  it.each([
    '',
    'asOf=yesterday',
    'asOf=2026-06-01T00:00:00Z&apply=yes',
    'asOf=2026-06-01T00:00:00Z&more=1',
    'asOf=2036-06-01T00:00:00Z',
  ])('is rejected for "%s"', async (query) => {
    const isolate = await openWithAcquirer()
    const headers = { 'content-type': 'application/x-ndjson' }
    const reply = await s.ask(isolate, admin, 'POST', `/v1/reconciliations?${query}`, '{}', headers)
    expect([reply.status, reply.body.reason]).toEqual([400, 'invalid_request'])
  })

  it('costs one round trip for a dry run, and finds every row by an index', async () => {
    const watched = watchD1(env.DB)
    const isolate = await s.openIsolate({ ...ACQUIRER_SETTINGS, database: watched.database })
    const terminal = await openTerminal(isolate)
    const list = Array.from({ length: 200 }, (_, i) => line(terminal, { stan: sixDigits(i + 1) }))
    watched.trips.length = 0
    expect(await reconcile(isolate, list, admin)).toHaveLength(200)
    expect(watched.trips).toHaveLength(1)
    await s.ask(isolate, admin, 'GET', '/v1/acquirer-messages')
    expect(watched.trips).toHaveLength(2)
    for (const { sql, params } of watched.trips.flatMap(({ statements }) => statements))
      expect(await scansOf(sql, params), sql).toEqual([])
  })
})
