/**
 * @module Card data and keys that must not stay. They are placed in every field and door that can hold them.
 * Then every table and log line is searched for them, plain, in hex and in base64.
 */

import { beforeAll, expect, it } from 'vitest'
import { EntryReader } from '../../src/store/replay.ts'
import { dump, journalOf, rows } from './book.ts'
import * as s from './support.ts'
import { bytes, hexOf, openTerminal, sell } from './terminal.ts'

/** One number per field, so that a hit shows its origin. The digits belong to no card in use. */
const PAN = {
  2: '6225000000000014',
  35: '6225000000000022',
  36: '6225000000000030',
  53: '6225000000000048',
  57: '6225000000000055',
  59: '6225000000000063',
  62: '6225000000000089',
  63: '6225000000000097',
  captureSales: '6225000000000105',
}
/** 61.4 and 61.5, as far as the field has room after batch, STAN and date. */
const TAIL = '6225981234567'
const PIN_BLOCK = '6E83D8C871679F76'
const ICC = '9F2608A1B2C3D4E5F60718'
const MAK = 'C1A2B3C4D5E6F708'
const TPK = '2'.repeat(32)
const COMPONENT = '0123456789ABCDEFFEDCBA9876543210'

const text = (value: string) => hexOf(new TextEncoder().encode(value))

const carried = {
  2: PAN[2],
  14: '2812',
  26: '12',
  // The card of field 2, which must match, and another number behind the separator.
  35: `${PAN[2]}D${PAN[35]}`,
  36: `99${PAN[36]}D156000000000000000000000`,
  52: PIN_BLOCK,
  53: PAN[53],
  55: ICC,
  57: text(PAN[57]),
  59: text(PAN[59]),
  62: text(PAN[62]),
  63: text(`01 ${PAN[63]}`),
}

/** The forms of a secret: plain, hex of its text, base64 of its bytes or its text, at any offset. */
function forms(secret: string): string[] {
  const asText = new TextEncoder().encode(secret)
  const asBytes = /^([0-9A-F]{2})+$/i.test(secret) ? [bytes(secret)] : []
  const encoded = [asText, ...asBytes].flatMap((data) =>
    [0, 1, 2].map((offset) => {
      const shifted = new Uint8Array(offset + data.length)
      shifted.set(data, offset)
      // The characters at the ends depend on the neighbours.
      const whole = btoa(String.fromCharCode(...shifted)).replace(/=+$/, '')
      return whole.slice(offset === 0 ? 0 : 4, -4)
    }),
  )
  return [secret.toLowerCase(), hexOf(asText).toLowerCase(), ...encoded]
}

let left: string
let logged: string
let bearer: string
let tid: string

beforeAll(async () => {
  const isolate = await s.openIsolate()
  const terminal = await openTerminal(isolate, { hasKey: false })
  tid = terminal.tid
  await terminal.send(s.aManagement('0800', '004', { stan: '000001', more: { 63: carried[63] } }), {
    key: null,
  })
  await s.installKey(isolate, MAK, terminal, 2e12)
  const key = { ...terminal.key, mak: MAK }
  const sale = await terminal.send(s.aSale({ stan: '000001', more: carried }), { key })
  expect(sale.fields.get(39)).toBe('00')
  const names = { original: '000001', rrn: sale.fields.get(37) ?? '' }
  const more = { ...carried, 61: `0000010000010601${TAIL}` }
  const voided = s.aVoid({ stan: '000002', ...names, more })
  expect((await terminal.send(voided, { key })).fields.get(39)).toBe('00')
  await terminal.send(s.aVoid({ stan: '000002', ...names, more: { ...more, 2: PAN[35], 35: undefined } }), {
    key,
  })
  await terminal.send(s.aVoid({ stan: '000004', ...names, more: { ...more, 2: PAN[36], 35: undefined } }), {
    key,
  })
  await terminal.send(s.aReversal('void', { stan: '000002', more }), { key })
  await terminal.send(s.aReversal('sale', { stan: '000044', more }), { key })
  await terminal.send(voided, { key: { ...key, mak: '7'.repeat(16) } })
  await terminal.send({ ...voided, mti: '0100' }, { key })
  // Upload details carry card numbers by design (protocol.md §3.8).
  const details = `01${'00'}000001${PAN[2].padStart(20, '0')}000000001234`
  await terminal.send(s.aManagement('0320', '201', { stan: '000005', more: { 48: details } }), { key: null })
  await s.post(isolate, terminal.frame(voided, { key }).subarray(0, 90))
  bearer = await s.bearerKey(terminal.mid)
  const capturedSale = {
    merchantId: terminal.mid,
    terminalId: terminal.tid,
    batchNumber: '000001',
    stan: '000006',
  }
  await s.ask(isolate, bearer, 'POST', '/v1/sales', { ...capturedSale, amount: 1, pan: PAN.captureSales })
  await s.ask(isolate, bearer, 'POST', '/v1/sales', {
    ...capturedSale,
    amount: 1,
    pan: PAN.captureSales,
    [PAN[35]]: PAN[36],
  })
  await s.ask(isolate, bearer, 'POST', '/v1/sales', {
    ...capturedSale,
    amount: 1,
    pan: `${PAN.captureSales}${PAN.captureSales}`,
  })
  await s.ask(isolate, bearer, 'GET', `/v1/sales/${PAN[2]}`)
  await s.ask(isolate, bearer, 'GET', `/v1/nothing/${PAN[2]}`)
  const second = await openTerminal(isolate)
  await sell(second, '000001')
  await terminal.send(s.aSettlement({ stan: '000007' }, s.totalsOf(1235, 2, 0, 0)), { key: null })
  left = JSON.stringify(await dump()).toLowerCase()
  logged = JSON.stringify(isolate.logged).toLowerCase()
})

/** The place of a secret, without the content around it. */
const found = (secret: string): string[] =>
  forms(secret).flatMap((form) => [
    ...(left.includes(form.toLowerCase()) ? [`${form} in the database`] : []),
    ...(logged.includes(form.toLowerCase()) ? [`${form} in the log`] : []),
  ])

it('searches where there is data to find', async () => {
  expect((await rows('select 1 from journal')).length).toBeGreaterThan(6)
  expect(left.includes('622500') && logged.includes('answered')).toBe(true)
})

it.each(Object.entries(PAN))('stores no card number of %s', (_field, pan) => {
  expect(found(pan)).toEqual([])
})

it('stores nothing of field 61 beyond batch and STAN', async () => {
  const reader = new EntryReader()
  const requests = (await journalOf(tid)).map((row) => reader.open(row)).map(({ request }) => request[61])
  expect(requests).toContain('000001000001')
  expect(found(TAIL)).toEqual([])
})

it.each([
  ['track 2', carried[35].slice(16)],
  ['PIN block', PIN_BLOCK],
  ['chip data', ICC],
  ['master key', s.TMK],
  ['component', COMPONENT],
  ['MAC key', MAK],
  ['PIN key', TPK],
])('stores no %s', (_name, secret) => {
  expect(found(secret)).toEqual([])
})

it('stores no bearer key', () => {
  expect(found(bearer)).toEqual([])
})
