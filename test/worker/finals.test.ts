/**
 * @module Sales without an outcome are known and pending. `voidableUntil` is a promise. No refusal for a wrong amount has the right
 * one.
 */

import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { recover } from '../../src/pipeline/recover.ts'
import { faultOf } from './book.ts'
import { inquire, keyOf } from './inquire.ts'
import { captureSale } from './merchant-client.ts'
import { type ScriptedAcquirer, SILENT, scriptedAcquirer, YES } from './scripted-acquirer.ts'
import * as s from './support.ts'
import { hexOf, openTerminal, sell, type TestTerminal, textsOf } from './terminal.ts'

const MID = '555555555555555'

let key: string
let isolate: s.Isolate
beforeAll(async () => {
  isolate = await s.openIsolate()
  key = await s.bearerKey(MID)
})

const get = (path: string, to = isolate, by = key) => s.ask(to, by, 'GET', path)

let keys = 0
const fresh = () => ({ 'idempotency-key': `finals-${++keys}` })

const post = (path: string, body: object, headers: Record<string, string> = fresh(), to = isolate) =>
  s.ask(to, key, 'POST', path, body, headers)

const capture = (terminal: TestTerminal, stan: string, more: object = {}, to = isolate) =>
  captureSale(to, key, terminal, stan, more)

interface Waiting {
  readonly acquirer: ScriptedAcquirer
  readonly forwarding: s.Isolate
  readonly terminal: TestTerminal
  readonly rrn: string
}

/** A terminal whose sale 000001 has no outcome. */
async function withPendingSale(): Promise<Waiting> {
  const acquirer = scriptedAcquirer()
  acquirer.script = { sale: SILENT, inquiry: SILENT, reversal: SILENT }
  const forwarding: s.Isolate = await s.openIsolate({
    acquirer: acquirer.port,
    sleep: async () => undefined,
  })
  const terminal = await openTerminal(forwarding, { mid: MID })
  expect((await terminal.send(s.aSale({ stan: '000001' }))).status).toBe(503)
  await forwarding.settle()
  const { body } = await inquire(forwarding, key, keyOf('sale', '000001', terminal))
  return { acquirer, forwarding, terminal, rrn: String(body.rrn) }
}

/** Runs the cron until the acquirer has answered. */
async function answer({ acquirer, forwarding }: Waiting, script: ScriptedAcquirer['script']): Promise<void> {
  acquirer.script = script
  forwarding.clock.now += 60_000
  await recover(forwarding.services, forwarding.services.now() + 1)
}

describe('a sale without an outcome', () => {
  it('is known by RRN and id, is pending, and is approved afterwards', async () => {
    const waiting = await withPendingSale()
    const { forwarding, terminal, rrn } = waiting
    const { status, body } = await get(`/v1/sales/${rrn}`, forwarding)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      rrn,
      merchantId: MID,
      terminalId: terminal.tid,
      stan: '000001',
      amount: 1234,
      card: { first6: '622500', last4: '0014' },
      state: 'pending',
      voidable: false,
      whyNotVoidable: 'outcome_pending',
      voidableUntil: '2026-06-01T15:00:00.000Z',
      authorizationCode: null,
      voidId: null,
      certainty: 'PENDING',
      doNext: 'query',
      retryAfter: 2,
      decideBy: new Date(s.START + 180_000).toISOString(),
    })
    expect((await get(`/v1/sales/${body.id}`, forwarding)).body).toEqual(body)
    expect((await inquire(forwarding, key, { saleId: String(body.id) })).body).toMatchObject({
      rrn,
      state: 'pending',
      certainty: 'UNKNOWN',
    })
    // Another merchant does not see it.
    const other = await s.bearerKey('666666666666666')
    for (const reference of [rrn, body.id])
      expect((await get(`/v1/sales/${reference}`, forwarding, other)).body).toMatchObject({
        reason: 'not_found',
        certainty: 'UNKNOWN',
      })

    await answer(waiting, { inquiry: YES })
    expect((await get(`/v1/sales/${rrn}`, forwarding)).body).toMatchObject({
      id: body.id,
      state: 'approved',
      voidable: true,
      voidableUntil: body.voidableUntil,
      certainty: 'FINAL',
    })
  })

  it('has a void that is refused for now by JSON, and done under the same key afterwards', async () => {
    const waiting = await withPendingSale()
    const { forwarding, rrn } = waiting
    const { id: saleId } = (await get(`/v1/sales/${rrn}`, forwarding)).body
    const headers = fresh()
    const refused = await post('/v1/voids', { saleId, amount: 1234 }, headers, forwarding)
    expect(refused).toMatchObject({
      status: 409,
      body: {
        reason: 'outcome_pending',
        certainty: 'PENDING',
        doNext: 'query',
        location: `/v1/sales/${saleId}`,
        retryAfter: 1,
      },
    })
    await answer(waiting, { inquiry: YES, void: YES })
    const done = await post('/v1/voids', { saleId, amount: 1234 }, headers, forwarding)
    expect(done).toMatchObject({ status: 201, body: { state: 'approved', certainty: 'FINAL' } })
  })

  it('has a terminal’s void that is refused with 09 for good, by field 61 and by RRN', async () => {
    const waiting = await withPendingSale()
    const { forwarding, terminal, rrn } = waiting
    const byKey = s.aVoid({ stan: '000002', original: '000001', rrn })
    const first = await terminal.send(byKey)
    expect(first.fields.get(39)).toBe('09')
    expect((await terminal.send(s.aVoid({ stan: '000003', original: '000000', rrn }))).fields.get(39)).toBe(
      '09',
    )
    expect((await inquire(forwarding, key, keyOf('void', '000002', terminal))).body).toMatchObject({
      state: 'declined',
      certainty: 'FINAL',
      answer: { reason: 'outcome_pending' },
    })
    await answer(waiting, { inquiry: YES, void: YES })
    // A valid answer deleted the terminal's reversal of the void. So the void may have no effect later.
    expect(hexOf((await terminal.send(byKey)).bytes)).toBe(hexOf(first.bytes))
    expect((await terminal.send(s.aVoid({ stan: '000004', original: '000001', rrn }))).fields.get(39)).toBe(
      '00',
    )
    expect(await faultOf(terminal.tid)).toBeNull()
  })

  it('is reversed when it was reversed meanwhile, and final when the acquirer agrees', async () => {
    const waiting = await withPendingSale()
    const { forwarding, terminal, rrn } = waiting
    expect((await terminal.send(s.aReversal('sale', { stan: '000001' }))).fields.get(39)).toBe('00')
    await forwarding.settle()
    expect((await get(`/v1/sales/${rrn}`, forwarding)).body).toMatchObject({
      state: 'reversed',
      whyNotVoidable: 'original_reversed',
      certainty: 'PENDING',
    })
    forwarding.clock.now += 100_000
    await answer(waiting, { reversal: YES })
    expect((await get(`/v1/sales/${rrn}`, forwarding)).body).toMatchObject({
      state: 'reversed',
      certainty: 'FINAL',
    })
  })
})

it('a sale with a void without an outcome is pending, with the deadline of the void', async () => {
  const acquirer = scriptedAcquirer()
  const forwarding: s.Isolate = await s.openIsolate({ acquirer: acquirer.port, sleep: async () => undefined })
  const terminal = await openTerminal(forwarding, { mid: MID })
  const sale = await sell(terminal, '000001')
  acquirer.script = { void: SILENT, inquiry: SILENT }
  expect((await terminal.send(s.aVoid({ stan: '000002', ...sale }))).status).toBe(503)
  await forwarding.settle()
  const pending = {
    state: 'void_pending',
    certainty: 'PENDING',
    doNext: 'query',
    retryAfter: 2,
    decideBy: new Date(s.START + 180_000).toISOString(),
  }
  expect((await get(`/v1/sales/${sale.rrn}`, forwarding)).body).toMatchObject(pending)
  expect((await inquire(forwarding, key, { rrn: sale.rrn })).body).toMatchObject(pending)
})

describe('`voidableUntil`', () => {
  const settings = (body: object) => s.provisionMerchant(isolate, MID, body)

  it('is decided with the sale: later settings change later sales only', async () => {
    await settings({ window: { kind: 'minutes', minutes: 30 } })
    const terminal = await openTerminal(isolate, { mid: MID })
    const first = await sell(terminal, '000001')
    const promised = new Date(s.START + 30 * 60_000).toISOString()
    const captured = (await capture(terminal, '000009', { pan: s.PAN })).body
    await settings({ window: { kind: 'minutes', minutes: 1 } })
    const second = await sell(terminal, '000002')
    await settings({ window: { kind: 'same_batch' } })
    const third = await sell(terminal, '000003')
    await settings({ window: { kind: 'business_day' }, cutOff: '10:30' })
    const until = async (reference: unknown) => (await get(`/v1/sales/${reference}`)).body.voidableUntil
    expect([await until(first.rrn), await until(captured.id)]).toEqual([promised, promised])
    expect(await until(second.rrn)).toBe(new Date(s.START + 60_000).toISOString())
    expect(await until(third.rrn)).toBeNull()
    isolate.clock.now = s.START + 30 * 60_000 - 1
    const late = await terminal.send(s.aVoid({ stan: '000004', ...second }))
    expect(late.fields.get(39)).toBe('12')
    expect((await get(`/v1/sales/${second.rrn}`)).body.whyNotVoidable).toBe('window_expired')
    // The last millisecond of the promise.
    expect((await terminal.send(s.aVoid({ stan: '000005', ...first }))).fields.get(39)).toBe('00')
    isolate.clock.now += 1
    expect(await post('/v1/voids', { saleId: captured.id, amount: 1234 })).toMatchObject({
      body: { reason: 'window_expired' },
    })
    expect((await terminal.send(s.aVoid({ stan: '000006', ...third }))).fields.get(39)).toBe('00')
    isolate.clock.now = s.START
    await settings({ cutOff: '23:00' })
  })

  it('of a sale from before this rule follows the settings, as it did then', async () => {
    const terminal = await openTerminal(isolate, { mid: MID })
    const sale = await sell(terminal, '000001')
    await env.DB.prepare('update sale set window_ms = null where rrn = ?').bind(sale.rrn).run()
    await settings({ window: { kind: 'minutes', minutes: 5 } })
    expect((await get(`/v1/sales/${sale.rrn}`)).body.voidableUntil).toBe(
      new Date(s.START + 5 * 60_000).toISOString(),
    )
    await settings({ window: { kind: 'business_day' } })
  })

  it('ends with the batch, and the body says so', async () => {
    const terminal = await openTerminal(isolate, { mid: MID })
    const sale = await sell(terminal, '000001')
    await env.DB.prepare("update batch set state = 'closed' where terminal_id = ?").bind(terminal.tid).run()
    expect((await get(`/v1/sales/${sale.rrn}`)).body).toMatchObject({
      state: 'settled',
      voidable: false,
      whyNotVoidable: 'original_settled',
      certainty: 'FINAL',
    })
  })
})

it('no refusal for a wrong amount has the right one, anywhere', async () => {
  const amount = 98_765_431
  const terminal = await openTerminal(isolate, { mid: MID })
  const sale = await sell(terminal, '000001', amount)
  const { id: saleId } = (await get(`/v1/sales/${sale.rrn}`)).body
  const captured = (await capture(terminal, '000007', { amount })).body
  const voided = (await capture(terminal, '000008', { amount })).body
  const voidKey = fresh()
  expect((await post('/v1/voids', { saleId: voided.id, amount }, voidKey)).status).toBe(201)
  const own = fresh()
  const replies = [
    await post('/v1/voids', { saleId, amount: amount - 1 }, own),
    await post('/v1/voids', { saleId, amount: amount - 1 }, own),
    await inquire(isolate, key, { idempotencyKey: own['idempotency-key'] }),
    await post('/v1/reversals', { saleId: voided.id, amount: 1, idempotencyKey: voidKey['idempotency-key'] }),
    await post('/v1/reversals', {
      merchantId: terminal.mid,
      terminalId: terminal.tid,
      batchNumber: '000001',
      stan: '000007',
      amount: 1,
    }),
  ]
  expect(captured.amount).toBe(amount)
  for (const { text } of replies) {
    expect(text).toContain('amount_differs')
    expect(text).not.toMatch(/98[ ,._]?765[ ,._]?431|987[ ,._]?654[.]31/)
  }
  for (const message of [
    s.aVoid({ stan: '000002', ...sale, amount: 1 }),
    s.aReversal('sale', { stan: '000001', amount: 1 }),
  ]) {
    const reply = await terminal.send(message)
    expect([reply.fields.get(39), reply.fields.get(4)]).toEqual(['64', '000000000001'])
    expect(`${textsOf(reply, 'gbk')} ${hexOf(reply.bytes)}`).not.toContain('98765431')
    const { text } = await inquire(isolate, key, keyOf('void', '000002', terminal))
    expect(text).not.toContain('98765431')
  }
})
