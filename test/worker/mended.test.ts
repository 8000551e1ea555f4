/**
 * @module Faults that reviewers found, one test each: forged reversals, short card numbers, keys of later
 * batches, lost settings.
 */

import { expect, it } from 'vitest'
import { dump, effectOf } from './book.ts'
import * as s from './support.ts'
import { bytes, hexOf, openTerminal, sell } from './terminal.ts'

const codeOf = (reply: s.Reply) => reply.fields.get(39)

it('a reversal with the card of another sale reverses nothing', async () => {
  const isolate = await s.openIsolate()
  const terminal = await openTerminal(isolate)
  await terminal.send(s.aSale({ stan: '000001', more: { 2: '4111111111111111' } }))
  expect(codeOf(await terminal.send(s.aReversal('sale', { stan: '000001' })))).toBe('14')
  expect((await effectOf(terminal.tid)).sales).toMatchObject([{ reversed: 0 }])
  const right = s.aReversal('sale', { stan: '000001', more: { 2: '4111111111111111' } })
  expect(codeOf(await terminal.send(right))).toBe('00')
  expect((await effectOf(terminal.tid)).sales).toMatchObject([{ reversed: 1 }])
})

it('a reversal of another amount does not use the key of the right one', async () => {
  const isolate = await s.openIsolate()
  const terminal = await openTerminal(isolate)
  await sell(terminal, '000001')
  expect(codeOf(await terminal.send(s.aReversal('sale', { stan: '000001', amount: 1 })))).toBe('64')
  expect(codeOf(await terminal.send(s.aReversal('sale', { stan: '000001' })))).toBe('00')
})

it('a repeated reversal drops its message from this isolate’s memory too', async () => {
  const [here, there] = [await s.openIsolate(), await s.openIsolate()]
  const terminal = await openTerminal(here)
  const sale = await sell(terminal, '000001')
  const message = s.aVoid({ stan: '000002', ...sale })
  expect(codeOf(await terminal.send(message))).toBe('00')
  const reversal = s.aReversal('void', { stan: '000002' })
  expect(codeOf(await terminal.send(reversal, { to: there }))).toBe('00')
  expect(codeOf(await terminal.send(reversal))).toBe('00')
  expect(codeOf(await terminal.send(message))).toBe('12')
})

it('a reversal without a card is accepted', async () => {
  const isolate = await s.openIsolate()
  const terminal = await openTerminal(isolate)
  await sell(terminal, '000001')
  expect(codeOf(await terminal.send(s.aReversal('sale', { stan: '000001', more: { 2: undefined } })))).toBe(
    '00',
  )
})

it('a card number that is too short to be masked is a format error, and is not stored', async () => {
  const isolate = await s.openIsolate()
  const terminal = await openTerminal(isolate)
  for (const pan of ['6225123456', '622500000001'])
    expect(codeOf(await terminal.send(s.aSale({ stan: '000001', more: { 2: pan } })))).toBe('30')
  const track = { 2: undefined, 35: `${'6'.repeat(36)}` }
  expect(codeOf(await terminal.send(s.aSale({ stan: '000001', more: track })))).toBe('30')
  expect((await effectOf(terminal.tid)).sales).toEqual([])
})

it('a card from the track alone is in the answer', async () => {
  const isolate = await s.openIsolate()
  const terminal = await openTerminal(isolate)
  const track = { 2: undefined, 35: `${s.PAN}D28122010000012300000` }
  const reply = await terminal.send(s.aSale({ stan: '000001', more: track }))
  expect([codeOf(reply), reply.fields.get(2)]).toEqual(['00', s.PAN])
})

it('a message of a later batch does not use its key', async () => {
  const isolate = await s.openIsolate()
  const terminal = await openTerminal(isolate)
  await sell(terminal, '000001')
  const early = s.aSale({ stan: '000005', batch: '000002' })
  expect(codeOf(await terminal.send(early))).toBe('77')
  await terminal.send(s.aSettlement({ stan: '000006' }, s.totalsOf(1234, 1, 0, 0)), { key: null })
  expect(codeOf(await terminal.send(early))).toBe('00')
})

it('settings of one merchant from two requests at once are all kept, and its currency is the first', async () => {
  const mid = 'LOSTUPDATE00001'
  const [one, two] = await Promise.all([s.openIsolate(), s.openIsolate()])
  await Promise.all([
    s.provisionMerchant(one, mid, { name: 'One', cutOff: '20:00' }),
    s.provisionMerchant(two, mid, { window: { kind: 'minutes', minutes: 7 } }),
  ])
  const key = await s.bearerKey(null)
  const put = (merchant: object) => s.ask(one, key, 'PUT', `/v1/merchants/${mid}`, merchant)
  expect((await put({})).body).toMatchObject({
    name: 'One',
    cutOff: '20:00',
    window: { kind: 'minutes', minutes: 7 },
    currency: '156',
  })
  expect(await put({ currency: '840' })).toMatchObject({ status: 409, body: { reason: 'currency_fixed' } })
  expect(await put({ currency: '156' })).toMatchObject({ status: 200 })
})

it('two equal components do not make a master key', async () => {
  const isolate = await s.openIsolate()
  const value = '0123456789ABCDEFFEDCBA9876543210'
  const checkValue = hexOf(isolate.services.core.keyCheckValue('3des', bytes(value), 4))
  const key = await s.bearerKey(null)
  const body = {
    tmk: {
      components: [
        { value, checkValue },
        { value, checkValue },
      ],
    },
  }
  expect(await s.ask(isolate, key, 'PUT', `/v1/merchants/${s.MID}/terminals/WEAK0001`, body)).toMatchObject({
    status: 422,
    body: { reason: 'master_key_weak' },
  })
})

it('refuses a closed merchant at the POS door and the JSON API, and lets a merchant with a stolen terminal void', async () => {
  const isolate = await s.openIsolate()
  const terminal = await openTerminal(isolate, { mid: 'CLOSED000000001' })
  const { rrn } = await sell(terminal, '000001')
  const other = await sell(terminal, '000002')
  const key = await s.bearerKey(terminal.mid)
  const admin = await s.bearerKey(null)
  const merchant = `/v1/merchants/${terminal.mid}`
  const put = (path: string, body: object) => s.ask(isolate, admin, 'PUT', path, body)
  const idOf = async (reference: string) =>
    (await s.ask(isolate, key, 'GET', `/v1/sales/${reference}`)).body.id
  const [first, second] = [await idOf(rrn), await idOf(other.rrn)]
  const voidOf = (saleId: unknown, name: string) =>
    s.ask(isolate, key, 'POST', '/v1/voids', { saleId, amount: 1234 }, { 'idempotency-key': name })
  const captureSales = {
    merchantId: terminal.mid,
    terminalId: terminal.tid,
    batchNumber: '000001',
    stan: '000009',
    amount: 1,
  }

  await put(`${merchant}/terminals/${terminal.tid}`, { state: 'stolen' })
  expect(await s.ask(isolate, key, 'POST', '/v1/sales', captureSales)).toMatchObject({ status: 403 })
  expect(await voidOf(first, 'a')).toMatchObject({ status: 201 })
  await put(`${merchant}/terminals/${terminal.tid}`, { state: 'active' })
  await put(merchant, { state: 'closed' })
  expect(await voidOf(second, 'b')).toMatchObject({ status: 404, body: { reason: 'merchant_unknown' } })
  expect(await s.ask(isolate, key, 'POST', '/v1/sales', captureSales)).toMatchObject({ status: 404 })
})

it('a captured sale after its window is not voidable, and none is older than 180 days', async () => {
  const isolate = await s.openIsolate()
  const terminal = await openTerminal(isolate)
  const key = await s.bearerKey(terminal.mid)
  const captureSales = {
    merchantId: terminal.mid,
    terminalId: terminal.tid,
    batchNumber: '000001',
    amount: 1,
  }
  const at = (days: number) => new Date(isolate.clock.now - days * 86_400_000).toISOString()
  const late = await s.ask(isolate, key, 'POST', '/v1/sales', {
    ...captureSales,
    stan: '000001',
    soldAt: at(2),
  })
  expect(late).toMatchObject({ status: 201, body: { voidable: false } })
  const old = await s.ask(isolate, key, 'POST', '/v1/sales', {
    ...captureSales,
    stan: '000002',
    soldAt: at(181),
  })
  expect(old).toMatchObject({ status: 400, body: { errors: [{ in: 'body', pointer: '/soldAt' }] } })
})

it('an RRN names one sale of a terminal', async () => {
  const isolate = await s.openIsolate()
  const terminal = await openTerminal(isolate)
  const key = await s.bearerKey(terminal.mid)
  const captureSales = {
    merchantId: terminal.mid,
    terminalId: terminal.tid,
    batchNumber: '000001',
    amount: 1,
    rrn: '123456789012',
  }
  const put = (stan: string) => s.ask(isolate, key, 'POST', '/v1/sales', { ...captureSales, stan })
  expect((await put('000001')).status).toBe(201)
  expect((await put('000002')).status).toBe(422)
  expect((await put('000001')).status).toBe(201)
})

it('an Idempotency-Key that is a card number is in no row', async () => {
  const isolate = await s.openIsolate()
  const terminal = await openTerminal(isolate)
  const { rrn } = await sell(terminal, '000001')
  const key = await s.bearerKey(terminal.mid)
  const { body } = await s.ask(isolate, key, 'GET', `/v1/sales/${rrn}`)
  const card = '6225000000000113'
  const headers = { 'idempotency-key': card }
  const voidBody = { saleId: body.id, amount: 1234 }
  const first = await s.ask(isolate, key, 'POST', '/v1/voids', voidBody, headers)
  expect(first.status).toBe(201)
  expect((await s.ask(isolate, key, 'POST', '/v1/voids', voidBody, headers)).text).toBe(first.text)
  expect(await dump()).not.toContain(card)
})
