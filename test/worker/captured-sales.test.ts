/**
 * @module Captured sales: one sale or NDJSON, the stored and visible data, copies, and failed lines among
 * others.
 */

import { beforeAll, describe, expect, it } from 'vitest'
import { MOST_LINES } from '../../src/api/limits.ts'
import { effectOf, faultOf, journalOf } from './book.ts'
import * as s from './support.ts'
import { openTerminal, sixDigits, type TestTerminal } from './terminal.ts'

let isolate: s.Isolate
let key: string
beforeAll(async () => {
  isolate = await s.openIsolate()
  key = await s.bearerKey(s.MID)
})

const line = (terminal: TestTerminal, stan: string, more: object = {}) => ({
  merchantId: terminal.mid,
  terminalId: terminal.tid,
  batchNumber: '000001',
  stan,
  amount: 1000,
  ...more,
})

const captureSales = (body: unknown, to = isolate) => s.ask(to, key, 'POST', '/v1/sales', body)

const capturedSaleLines = (lines: readonly (object | string)[]) =>
  s.ask(
    isolate,
    key,
    'POST',
    '/v1/sales',
    lines.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n'),
    { 'content-type': 'application/x-ndjson' },
  )

describe('one sale', () => {
  it('is stored with the permitted part of its card, and found by id and by RRN', async () => {
    const terminal = await openTerminal(isolate)
    const soldAt = '2026-06-01T10:00:00+08:00'
    const optional = { pan: s.PAN, rrn: 'ABC123456789', authorizationCode: 'A1B2C3', fee: 38, soldAt }
    const { status, body, headers, text } = await captureSales(line(terminal, '000001', optional))
    expect(status).toBe(201)
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      merchantId: terminal.mid,
      terminalId: terminal.tid,
      batchNumber: '000001',
      stan: '000001',
      amount: 1000,
      currency: '156',
      fee: 38,
      card: { first6: '622500', last4: '0014' },
      rrn: 'ABC123456789',
      authorizationCode: 'A1B2C3',
      soldAt: '2026-06-01T02:00:00.000Z',
      state: 'approved',
      voidable: true,
      whyNotVoidable: null,
      voidableUntil: '2026-06-01T15:00:00.000Z',
      voidId: null,
      certainty: 'FINAL',
      doNext: 'nothing',
    })
    expect(headers.get('location')).toBe(`/v1/sales/${body.id}`)
    expect(text).not.toContain(s.PAN)
    for (const reference of [body.id, body.rrn])
      expect((await s.ask(isolate, key, 'GET', `/v1/sales/${reference}`)).body).toEqual(body)
    expect((await effectOf(terminal.tid)).batches).toMatchObject([{ debit_amount: 1000, debit_count: 1 }])
  })

  it('that was declined counts in no total and cannot be voided', async () => {
    const terminal = await openTerminal(isolate)
    const { body } = await captureSales(line(terminal, '000001', { state: 'declined' }))
    expect(body).toMatchObject({ state: 'declined', voidable: false })
    expect((await effectOf(terminal.tid)).batches).toMatchObject([{ debit_amount: 0, debit_count: 0 }])
    const voidBody = { saleId: body.id, amount: 1000 }
    const voided = await s.ask(isolate, key, 'POST', '/v1/voids', voidBody, {
      'idempotency-key': terminal.tid,
    })
    expect([voided.status, voided.body.reason]).toEqual([409, 'original_not_approved'])
  })

  it('returns its fee with its void', async () => {
    const terminal = await openTerminal(isolate)
    const { body } = await captureSales(line(terminal, '000001', { fee: 6 }))
    const voidBody = { saleId: body.id, amount: 1000 }
    const voided = await s.ask(isolate, key, 'POST', '/v1/voids', voidBody, {
      'idempotency-key': terminal.tid,
    })
    expect(voided.body).toMatchObject({ fee: 0, feeReturned: 6 })
  })

  it('gets the same answer again, also later and after its void; other content under its key is rejected', async () => {
    const terminal = await openTerminal(isolate)
    const saleLine = line(terminal, '000001', { pan: s.PAN })
    const first = await captureSales(saleLine)
    const voidBody = { saleId: first.body.id, amount: 1000 }
    await s.ask(isolate, key, 'POST', '/v1/voids', voidBody, { 'idempotency-key': terminal.tid })
    const later = await s.openIsolate()
    later.clock.now += 86_400_000
    for (const to of [isolate, later]) {
      const again = await captureSales(saleLine, to)
      expect(again.headers.get('idempotent-replayed')).toBe('true')
      expect([again.status, again.text]).toEqual([first.status, first.text])
    }
    for (const more of [{ amount: 1 }, { pan: '4111111111111111' }, { fee: 1 }, { state: 'declined' }]) {
      const other = await captureSales({ ...saleLine, ...more })
      expect([other.status, other.body.reason]).toEqual([422, 'key_reused_with_different_content'])
    }
    expect(await journalOf(terminal.tid)).toHaveLength(3)
  })

  it('for a batch that is not open is rejected and may be sent again', async () => {
    const terminal = await openTerminal(isolate)
    const early = line(terminal, '000001', { batchNumber: '000002' })
    const { status, body } = await captureSales(early)
    expect([status, body.reason]).toEqual([409, 'batch_mismatch'])
    await captureSales(line(terminal, '000001'))
    await terminal.send(s.aSettlement({ stan: '000002' }, s.totalsOf(1000, 1, 0, 0)))
    expect((await captureSales(early)).status).toBe(201)
  })

  it('that the terminal reversed before its capture has no effect', async () => {
    const terminal = await openTerminal(isolate)
    await terminal.send(s.aReversal('sale', { stan: '000001', amount: 1000 }))
    const { status, body } = await captureSales(line(terminal, '000001'))
    expect([status, body.reason]).toEqual([409, 'message_reversed'])
    expect((await effectOf(terminal.tid)).batches).toMatchObject([{ debit_amount: 0 }])
  })

  const bad: readonly (readonly [string, object])[] = [
    ['/merchantId', { merchantId: '1' }],
    ['/terminalId', { terminalId: 'T 000001' }],
    ['/batchNumber', { batchNumber: '1' }],
    ['/stan', { stan: '12a456' }],
    ['/amount', { amount: -1 }],
    ['/pan', { pan: '6225 0000 0000 0014' }],
    ['/rrn', { rrn: '000000000000' }],
    ['/authorizationCode', { authorizationCode: '123' }],
    ['/state', { state: 'maybe' }],
    ['/fee', { fee: -1 }],
    ['/fee', { fee: 1001 }],
    ['/soldAt', { soldAt: '2026-06-01' }],
    ['/soldAt', { soldAt: '2027-06-01T00:00:00Z' }],
    ['', { cvv: '123' }],
  ]
  it.each(bad)(
    'with a wrong member (%s) is rejected with the member’s pointer, without its value: %j',
    async (pointer, more) => {
      const terminal = await openTerminal(isolate)
      const { status, body, text } = await captureSales(line(terminal, '000001', more))
      expect([status, body.reason]).toEqual([400, 'invalid_request'])
      expect(body.errors).toMatchObject([{ in: 'body', pointer }])
      for (const value of Object.values(more).filter((one) => String(one).length > 4))
        expect(text).not.toContain(String(value))
      expect(await journalOf(terminal.tid)).toHaveLength(1)
    },
  )
})

describe('NDJSON', () => {
  it('answers every line in its place, and a bad line affects no other', async () => {
    const terminal = await openTerminal(isolate)
    const { status, headers, text } = await capturedSaleLines([
      line(terminal, '000001', { pan: s.PAN }),
      '{"broken":',
      '',
      line(terminal, '000002', { terminalId: 'NOWHERE1' }),
      line(terminal, '000003', { merchantId: '543210987654321' }),
      line(terminal, '000001', { pan: s.PAN }),
      line(terminal, '000001', { pan: s.PAN, amount: 1 }),
      line(terminal, '000004', { batchNumber: '000009' }),
      line(terminal, '000005', { state: 'declined' }),
      line(terminal, '000006', { extra: s.PAN }),
      line(terminal, '000007'),
    ])
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('application/x-ndjson')
    const answers = text
      .trim()
      .split('\n')
      .map((one) => JSON.parse(one))
    expect(answers.map(({ line, status, reason, state }) => [line, status, reason ?? state])).toEqual([
      [1, 201, 'approved'],
      [2, 400, 'invalid_request'],
      [4, 404, 'terminal_unknown'],
      [5, 403, 'forbidden'],
      [6, 201, 'approved'],
      [7, 422, 'key_reused_with_different_content'],
      [8, 409, 'batch_mismatch'],
      [9, 201, 'declined'],
      [10, 400, 'invalid_request'],
      [11, 201, 'approved'],
    ])
    expect(text).not.toContain(s.PAN)
    expect((await effectOf(terminal.tid)).batches).toMatchObject([{ debit_amount: 2000, debit_count: 2 }])
    expect(await faultOf(terminal.tid)).toBeNull()
  })

  it(`accepts ${MOST_LINES} lines and no more`, async () => {
    const terminal = await openTerminal(isolate)
    const lines = Array.from({ length: MOST_LINES + 1 }, (_, i) => line(terminal, sixDigits(i + 1)))
    expect((await capturedSaleLines(lines)).status).toBe(413)
    expect(await journalOf(terminal.tid)).toHaveLength(1)
    expect((await capturedSaleLines(lines.slice(1))).text.trim().split('\n')).toHaveLength(MOST_LINES)
    expect((await effectOf(terminal.tid)).batches).toMatchObject([{ debit_count: MOST_LINES }])
  })

  it('of more than 256 KiB is rejected before it is read', async () => {
    const terminal = await openTerminal(isolate)
    const reply = await capturedSaleLines([line(terminal, '000001'), ' '.repeat(256 * 1024)])
    expect([reply.status, reply.body.reason]).toEqual([413, 'body_too_large'])
    expect(await journalOf(terminal.tid)).toHaveLength(1)
  })
})
