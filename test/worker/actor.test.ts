/** @module The actor of every entry, from terminals, the JSON API and the cron: channel, operator, key and network. */

import { beforeAll, describe, expect, it } from 'vitest'
import type { Actor } from '../../src/domain/actor.ts'
import { REGION_STREAM } from '../../src/domain/decide-api-key.ts'
import { merchantStream } from '../../src/domain/decide-merchant.ts'
import type { JournalEntry } from '../../src/domain/types.ts'
import { toHex } from '../../src/iso8583/hex.ts'
import type { Message } from '../../src/iso8583/message.ts'
import { recover } from '../../src/pipeline/recover.ts'
import { EntryReader } from '../../src/store/replay.ts'
import { journalOf, rows } from './book.ts'
import { SILENT, scriptedAcquirer } from './scripted-acquirer.ts'
import * as s from './support.ts'
import { openTerminal, type TestTerminal } from './terminal.ts'

let isolate: s.Isolate
let admin: string

beforeAll(async () => {
  isolate = await s.openIsolate()
  admin = await s.bearerKey(null)
})

async function entriesOf(stream: string): Promise<JournalEntry[]> {
  const reader = new EntryReader()
  return (await journalOf(stream)).map((row) => reader.open(row))
}
const lastOf = async (stream: string): Promise<Actor | undefined> => (await entriesOf(stream)).at(-1)?.actor
const keyId = async (bearer: string): Promise<unknown> => {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(bearer))
  const [row] = await rows('select id from api_key where hash = ?', new Uint8Array(digest).toHex())
  return row?.id
}
const versionOf = async (mid: string): Promise<unknown> =>
  (await rows('select version from guard where key = ?', `merchant:${mid}`))[0]?.version

const ascii = (text: string) => toHex(new TextEncoder().encode(text))

/** Sends a terminal’s message from an address. */
async function sendFrom(terminal: TestTerminal, message: Message, address?: string): Promise<s.Reply> {
  const response = await terminal.isolate.fetch('/v1/iso8583', {
    method: 'POST',
    headers: {
      'content-type': 'x-ISO-TPDU/x-auth',
      ...(address === undefined ? {} : { 'cf-connecting-ip': address }),
    },
    body: Uint8Array.from(terminal.frame(message)),
  })
  return s.read(response)
}

describe('a terminal’s message', () => {
  it('has the operator of field 63.1, the network of the sender and the version of the settings', async () => {
    const terminal = await openTerminal(isolate)
    await sendFrom(terminal, s.aSale({ stan: '000001', more: { 63: ascii('01 ') } }), '203.0.113.77')
    expect(await lastOf(terminal.tid)).toEqual({
      channel: 'pos',
      operator: '01',
      keyId: null,
      address: '203.0.113.0/24',
      policy: await versionOf(terminal.mid),
    })
    await s.provisionMerchant(isolate, terminal.mid, { cutOff: '22:00' })
    await sendFrom(terminal, s.aSale({ stan: '000002' }), '2001:DB8:1:2::9')
    expect(await lastOf(terminal.tid)).toEqual({
      channel: 'pos',
      operator: null,
      keyId: null,
      address: '2001:db8:1::/48',
      policy: await versionOf(terminal.mid),
    })
  })

  it('is the same message from another network and by another operator’s copy of a reversal', async () => {
    const terminal = await openTerminal(isolate)
    const sale = s.aSale({ stan: '000001', more: { 63: ascii('01 ') } })
    const first = await sendFrom(terminal, sale, '203.0.113.77')
    const own = await s.openIsolate()
    const elsewhere = { ...terminal, isolate: own }
    const again = await sendFrom(elsewhere, sale, '198.51.100.1')
    expect(again.fields.get(37)).toBe(first.fields.get(37))
    const reversal = (operator: string) =>
      s.aReversal('sale', { stan: '000001', more: { 63: ascii(operator) } })
    const reversed = await sendFrom(elsewhere, reversal('01 '), '198.51.100.1')
    const twice = await sendFrom(terminal, reversal('02 '), '192.0.2.1')
    expect([twice.fields.get(39), twice.fields.get(37)]).toEqual(['00', reversed.fields.get(37)])
    const actors = (await entriesOf(terminal.tid))
      .slice(1)
      .map(({ actor }) => [actor?.operator, actor?.address])
    expect(actors).toEqual([
      ['01', '203.0.113.0/24'],
      ['01', '198.51.100.0/24'],
    ])
  })

  it('never leaves more of field 63 than three letters or digits', async () => {
    const terminal = await openTerminal(isolate)
    const texts = [s.PAN, `01 ${s.PAN}`, '<b>', '\u0000\u0001\u0002', '   ', 'A7']
    for (const [i, text] of texts.entries())
      await sendFrom(terminal, s.aSale({ stan: `00010${i}`, more: { 63: ascii(text) } }))
    const operators = (await entriesOf(terminal.tid)).slice(1).map(({ actor }) => actor?.operator)
    expect(operators).toEqual([s.PAN.slice(0, 3), '01', null, null, null, 'A7'])
  })
})

describe('a request of the JSON API', () => {
  it('has the id of its key and its network, in every kind of entry', async () => {
    const terminal = await openTerminal(isolate)
    const own = await s.bearerKey(terminal.mid)
    const from = { 'cf-connecting-ip': '203.0.113.200' }
    const by = async (bearer: string) => ({
      channel: 'api',
      operator: null,
      keyId: await keyId(bearer),
      address: '203.0.113.0/24',
    })
    const names = { merchantId: terminal.mid, terminalId: terminal.tid, batchNumber: '000001' }
    const sold = { ...names, stan: '000001', amount: 500, pan: s.PAN }
    const sale = await s.ask(isolate, own, 'POST', '/v1/sales', sold, from)
    expect(await lastOf(terminal.tid)).toMatchObject(await by(own))
    const named = { saleId: sale.body.id, amount: 500 }
    const key = { ...from, 'idempotency-key': terminal.tid }
    await s.ask(isolate, own, 'POST', '/v1/voids', named, key)
    expect(await lastOf(terminal.tid)).toMatchObject(await by(own))
    const undo = { ...named, idempotencyKey: terminal.tid }
    await s.ask(isolate, own, 'POST', '/v1/reversals', undo, key)
    expect(await lastOf(terminal.tid)).toMatchObject(await by(own))
    const path = `/v1/merchants/${terminal.mid}`
    await s.ask(isolate, admin, 'PUT', `${path}/terminals/${terminal.tid}`, { state: 'blocked' }, from)
    expect(await lastOf(terminal.tid)).toMatchObject(await by(admin))
    await s.ask(isolate, admin, 'PUT', path, { cutOff: '21:00' }, from)
    expect(await lastOf(merchantStream(terminal.mid))).toMatchObject(await by(admin))
    await s.ask(isolate, admin, 'POST', '/v1/keys', { name: 'x' }, key)
    expect(await lastOf(REGION_STREAM)).toMatchObject(await by(admin))
    const kinds = (await entriesOf(terminal.tid)).map(({ kind }) => kind)
    expect(kinds).toEqual(['provision', 'sale', 'void', 'void_reversal', 'provision'])
  })

  it('has the version of the settings with which it was decided', async () => {
    const terminal = await openTerminal(isolate)
    const before = await versionOf(terminal.mid)
    await s.provisionMerchant(isolate, terminal.mid, { cutOff: '20:30' })
    const entry = (await entriesOf(merchantStream(terminal.mid))).at(-1)
    expect([entry?.actor?.policy, await versionOf(terminal.mid)]).toEqual([before, Number(before) + 1])
  })
})

describe('an event without a caller', () => {
  it('has the channel cron, and a case shows who acted without the network', async () => {
    const acquirer = scriptedAcquirer()
    acquirer.script = { sale: SILENT, inquiry: SILENT, reversal: SILENT }
    const behind = await s.openIsolate({ acquirer: acquirer.port, sleep: async () => {} })
    const terminal = await openTerminal(behind)
    await sendFrom(terminal, s.aSale({ stan: '000001', more: { 63: ascii('07 ') } }), '203.0.113.9')
    behind.clock.now += 5 * 60_000
    await behind.settle()
    await recover(behind.services, behind.clock.now + 1)
    const entries = await entriesOf(terminal.tid)
    expect(entries.find(({ kind }) => kind === 'sale_claim')?.actor).toMatchObject({
      channel: 'pos',
      operator: '07',
    })
    const later = entries.filter(({ kind }) => kind === 'case' || kind === 'give_up')
    expect(later.length).toBeGreaterThan(0)
    for (const { actor } of later)
      expect(actor).toMatchObject({ channel: 'cron', operator: null, keyId: null, address: null })
    const { items } = (await s.ask(behind, admin, 'GET', '/v1/cases?limit=100')).body as {
      items: { terminalId: string; history: { kind: string; actor: unknown }[] }[]
    }
    const [claim, ...rest] = items.find(({ terminalId }) => terminalId === terminal.tid)?.history ?? []
    expect(claim).toMatchObject({
      kind: 'sale_claim',
      actor: { channel: 'pos', operator: '07', keyId: null },
    })
    expect(Object.keys(claim?.actor as object).sort()).toEqual(['channel', 'keyId', 'operator'])
    expect(rest.every(({ actor }) => actor !== undefined)).toBe(true)
  })
})

it('every entry of this file names its actor', async () => {
  const streams = await rows('select distinct terminal_id as stream from journal')
  const entries = (await Promise.all(streams.map(({ stream }) => entriesOf(String(stream))))).flat()
  expect(entries.length).toBeGreaterThan(20)
  for (const { actor, kind } of entries)
    expect([kind, Object.keys(actor ?? {}).sort()]).toEqual([
      kind,
      ['address', 'channel', 'keyId', 'operator', 'policy'],
    ])
})
