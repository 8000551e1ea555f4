/**
 * @module Terminal numbers shorter than eight characters. Field 41 has blanks behind them. The JSON API reads and writes them without.
 */

import { beforeAll, describe, expect, it } from 'vitest'
import { journalOf } from './book.ts'
import * as s from './support.ts'
import { openTerminal, type TestTerminal } from './terminal.ts'

let isolate: s.Isolate
let admin: string
beforeAll(async () => {
  isolate = await s.openIsolate()
  admin = await s.bearerKey(null)
})

const NUMBERS = ['T', 'T1', 'T12', 'T123', 'T1234', 'T12345', 'T123456', 'T1234567']

describe.each(NUMBERS)('the terminal %s', (number) => {
  let terminal: TestTerminal
  let merchant: string
  beforeAll(async () => {
    terminal = await openTerminal(isolate, { tid: number })
    merchant = await s.bearerKey(terminal.mid)
  })
  const code = async (message: ReturnType<typeof s.aSale>) => (await terminal.send(message)).fields.get(39)
  const api = (method: string, path: string, body?: object, key = merchant) =>
    s.ask(isolate, key, method, path, body, { 'idempotency-key': `${number}-${path.length}-${method}` })

  it('sells, voids and reverses, and its answers have field 41 as it sent it', async () => {
    const sale = await terminal.send(s.aSale({ stan: '000001' }))
    expect([sale.fields.get(39), sale.fields.get(41)]).toEqual(['00', number.padEnd(8)])
    const names = { original: '000001', rrn: sale.fields.get(37) ?? '' }
    expect(await code(s.aVoid({ stan: '000002', ...names }))).toBe('00')
    expect(await code(s.aReversal('void', { stan: '000002' }))).toBe('00')
    expect(await code(s.aReversal('sale', { stan: '000001' }))).toBe('00')
  })

  it('has sales that the JSON API finds and voids under its number', async () => {
    const sale = await terminal.send(s.aSale({ stan: '000003' }))
    const rrn = sale.fields.get(37) ?? ''
    const found = await api('GET', `/v1/sales/${rrn}`)
    expect(found).toMatchObject({ status: 200, body: { terminalId: number, stan: '000003' } })
    const { id: saleId, amount } = found.body as { id: string; amount: number }
    const voided = await api('POST', '/v1/voids', { saleId, amount, reason: 'customer_changed_mind' })
    expect(voided).toMatchObject({ status: 201, body: { terminalId: number } })
  })

  it('has captured sales, reversals of them, and lines of the acquirer under its number', async () => {
    const line = { merchantId: terminal.mid, terminalId: number, batchNumber: '000001' }
    const sale = { ...line, stan: '000004', amount: 100, rrn: `8000000000${NUMBERS.indexOf(number) + 10}` }
    const captured = await api('POST', '/v1/sales', sale, admin)
    expect(captured).toMatchObject({ status: 201, body: { terminalId: number } })
    const { batchNumber } = line
    const undone = await api(
      'POST',
      '/v1/reversals',
      { ...line, batchNumber, stan: '000004', amount: 100 },
      merchant,
    )
    expect(undone.body).toMatchObject({ state: 'reversed' })
  })

  it('is the same terminal however it is written, and settles', async () => {
    const again = await api(
      'PUT',
      `/v1/merchants/${terminal.mid}/terminals/${number}`,
      { texts: 'long' },
      admin,
    )
    expect(again).toMatchObject({ status: 200, body: { terminalId: number } })
    expect((await journalOf(terminal.tid)).length).toBeGreaterThan(6)
    // Its own totals have the sales that the office voided or reversed.
    const settled = await terminal.send(s.aSettlement({ stan: '000009' }, s.totalsOf(1334, 2, 0, 0)))
    expect(settled.fields.get(48)?.[30]).toBe('1')
  })
})

it.each(['', ' T1', 'T1 ', 'T 1', 'T1      ', 'T12345678', '终端', 'T-1'])(
  '"%s" is no terminal number',
  async (number) => {
    const path = `/v1/merchants/${s.MID}/terminals/${encodeURIComponent(number)}`
    const reply = await s.ask(isolate, admin, 'PUT', path, {})
    expect(reply.status).toBeGreaterThanOrEqual(400)
    expect(reply.status).toBeLessThan(500)
  },
)

it('a line of the log has the number without blanks', async () => {
  const terminal = await openTerminal(isolate, { tid: 'LOG1' })
  isolate.logged.length = 0
  await terminal.send(s.aSale({ stan: '000001' }))
  expect(isolate.logged).toMatchObject([{ event: 'answered', terminalId: 'LOG1' }])
})
