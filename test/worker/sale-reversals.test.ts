/**
 * @module A captured sale: absent members are not compared with a terminal's void, and it is reversed by its own key, also before it
 * comes.
 */

import { beforeAll, describe, expect, it } from 'vitest'
import { recover } from '../../src/pipeline/recover.ts'
import { effectOf, faultOf, rows } from './book.ts'
import { inquire, keyOf } from './inquire.ts'
import { captureSale } from './merchant-client.ts'
import { SILENT, scriptedAcquirer, YES } from './scripted-acquirer.ts'
import * as s from './support.ts'
import { openTerminal, sell, type TestTerminal } from './terminal.ts'

const MID = '777777777777777'

let key: string
let isolate: s.Isolate
beforeAll(async () => {
  isolate = await s.openIsolate()
  key = await s.bearerKey(MID)
})

const get = (path: string, to = isolate) => s.ask(to, key, 'GET', path)

let keys = 0
const fresh = () => ({ 'idempotency-key': `sale-reversal-${++keys}` })

const post = (path: string, body: object, headers: Record<string, string> = fresh(), to = isolate) =>
  s.ask(to, key, 'POST', path, body, headers)

const capture = (terminal: TestTerminal, stan: string, more: object = {}, to = isolate) =>
  captureSale(to, key, terminal, stan, more)

describe('a captured sale', () => {
  let terminal: TestTerminal
  beforeAll(async () => {
    terminal = await openTerminal(isolate, { mid: MID })
  })

  it.each([
    ['without an authorization code', '000011', { pan: s.PAN, rrn: 'ABC123456789' }, 'ABC123456789'],
    ['without an RRN', '000021', { pan: s.PAN, authorizationCode: '331324' }, '131482795537'],
    ['without both', '000031', { pan: s.PAN }, '131482795537'],
    ['without a card', '000041', { rrn: 'ABC123456780' }, 'ABC123456780'],
    ['without anything', '000051', {}, '131482795537'],
  ])('%s is voided by a terminal that has them all', async (_, original, given, rrn) => {
    await capture(terminal, original, given)
    const stan = original.replace(/1$/, '2')
    const voided = await terminal.send(s.aVoid({ stan, original, rrn, more: { 38: '331324' } }))
    expect(voided.fields.get(39)).toBe('00')
  })

  it('with them refuses others', async () => {
    const rrn = 'ABC123456700'
    const original = '000061'
    await capture(terminal, original, { pan: s.PAN, rrn, authorizationCode: '331324' })
    const other = await terminal.send(s.aVoid({ stan: '000062', original, rrn: 'ABC123456701' }))
    const code = await terminal.send(s.aVoid({ stan: '000063', original, rrn, more: { 38: '331325' } }))
    expect([other.fields.get(39), code.fields.get(39)]).toEqual(['25', '25'])
  })
})

describe('a captured sale is reversed by its own key', () => {
  const target = (terminal: TestTerminal, stan = '000001') => ({
    merchantId: terminal.mid,
    terminalId: terminal.tid,
    batchNumber: '000001',
    stan,
    amount: 1234,
  })

  it('after it came, and then it is in no total', async () => {
    const terminal = await openTerminal(isolate, { mid: MID })
    const { body: sale } = await capture(terminal, '000001')
    const headers = fresh()
    const first = await post('/v1/reversals', target(terminal), headers)
    expect(first).toMatchObject({
      status: 200,
      body: { state: 'reversed', saleId: sale.id, voidId: null, amount: 1234, certainty: 'FINAL' },
    })
    expect(first.headers.get('location')).toBe(`/v1/sales/${sale.id}`)
    const copy = await post('/v1/reversals', target(terminal), headers)
    expect([copy.text, copy.headers.get('idempotent-replayed')]).toEqual([first.text, 'true'])
    expect((await effectOf(terminal.tid)).batches).toMatchObject([{ debit_amount: 0, debit_count: 0 }])
    expect((await get(`/v1/sales/${sale.id}`)).body).toMatchObject({ state: 'reversed' })
    expect((await capture(terminal, '000001')).body).toMatchObject({ reason: 'message_reversed' })
    expect(await faultOf(terminal.tid)).toBeNull()
  })

  it('before it came, and then it is refused', async () => {
    const terminal = await openTerminal(isolate, { mid: MID })
    const headers = fresh()
    const { status, body } = await post('/v1/reversals', target(terminal), headers)
    expect([status, body.state, body.saleId, body.certainty]).toEqual([200, 'tombstoned', null, 'FINAL'])
    expect((await capture(terminal, '000001')).body).toMatchObject({ reason: 'message_reversed' })
    expect((await inquire(isolate, key, keyOf('sale', '000001', terminal))).body).toMatchObject({
      state: 'tombstoned',
      certainty: 'FINAL',
    })
    const own = { idempotencyKey: headers['idempotency-key'], kind: 'sale_reversal' }
    expect((await inquire(isolate, key, own)).body).toMatchObject({
      kind: 'sale_reversal',
      certainty: 'FINAL',
    })
    expect((await effectOf(terminal.tid)).sales).toEqual([])
  })

  it('and its void with it', async () => {
    const terminal = await openTerminal(isolate, { mid: MID })
    const { body: sale } = await capture(terminal, '000001')
    expect((await post('/v1/voids', { saleId: sale.id, amount: 1234 })).status).toBe(201)
    expect((await post('/v1/reversals', target(terminal))).body.state).toBe('reversed')
    expect((await effectOf(terminal.tid)).batches).toMatchObject([{ debit_count: 0, credit_count: 0 }])
  })

  it('and at the acquirer, until which it is pending', async () => {
    const acquirer = scriptedAcquirer()
    acquirer.script = { reversal: SILENT, inquiry: SILENT }
    const forwarding: s.Isolate = await s.openIsolate({
      acquirer: acquirer.port,
      sleep: async () => undefined,
    })
    const terminal = await openTerminal(forwarding, { mid: MID })
    const { body: sale } = await capture(terminal, '000001', {}, forwarding)
    const { body } = await post('/v1/reversals', target(terminal), fresh(), forwarding)
    expect(body).toMatchObject({ state: 'reversing', saleId: sale.id, certainty: 'PENDING', doNext: 'query' })
    await forwarding.settle()
    expect(acquirer.kinds()).toContain('reversal')
    expect((await get(`/v1/sales/${sale.id}`, forwarding)).body).toMatchObject({
      state: 'reversed',
      certainty: 'PENDING',
      doNext: 'query',
    })
    acquirer.script = { reversal: YES }
    forwarding.clock.now += 120_000
    await recover(forwarding.services, forwarding.services.now() + 1)
    expect((await get(`/v1/sales/${sale.id}`, forwarding)).body).toMatchObject({ certainty: 'FINAL' })
  })

  it('but not with another amount, of a terminal’s own sale, or of another merchant', async () => {
    const terminal = await openTerminal(isolate, { mid: MID })
    await capture(terminal, '000001')
    await sell(terminal, '000002')
    const wrong = await post('/v1/reversals', { ...target(terminal), amount: 1 })
    expect(wrong).toMatchObject({ status: 422, body: { reason: 'amount_differs' } })
    const ofTerminal = await post('/v1/reversals', target(terminal, '000002'))
    expect(ofTerminal.body).toMatchObject({ reason: 'key_reused_with_different_content', doNext: 'query' })
    expect((await get(String(ofTerminal.body.location))).body).toMatchObject({ kind: 'sale', stan: '000002' })
    const foreign = await s.bearerKey('666666666666666')
    const reply = await s.ask(isolate, foreign, 'POST', '/v1/reversals', target(terminal), fresh())
    expect([reply.status, reply.body.reason]).toEqual([403, 'forbidden'])
    const unknown = await post('/v1/reversals', { ...target(terminal), terminalId: 'NOWHERE1' })
    expect([unknown.status, unknown.body.reason]).toEqual([404, 'terminal_unknown'])
    expect((await effectOf(terminal.tid)).batches).toMatchObject([{ debit_count: 2 }])
    expect(await rows('select 1 from reversal where terminal_id = ?', terminal.tid)).toEqual([])
  })

  it('with a wrong body the fault is that of the nearest form', async () => {
    const terminal = await openTerminal(isolate, { mid: MID })
    const { stan: _, ...without } = target(terminal)
    const faultsOf = async (body: object) => (await post('/v1/reversals', body)).body.errors
    expect(await faultsOf(without)).toEqual([{ in: 'body', pointer: '/stan', why: 'is missing' }])
    expect(await faultsOf({ saleId: '0'.repeat(32), amount: 1 })).toEqual([
      { in: 'body', pointer: '/idempotencyKey', why: 'is missing' },
    ])
  })
})
