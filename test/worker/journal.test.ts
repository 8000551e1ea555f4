/**
 * @module The journal as evidence: a chain made through both APIs. Mutations are found by their first bad
 * entry, and projections are rebuilt from it row by row.
 */

import { beforeAll, describe, expect, it } from 'vitest'
import { recover } from '../../src/pipeline/recover.ts'
import { type JournalRow, verifyChain } from '../../src/store/journal.ts'
import { HEADS, type HeadRow, macsOf, rebuild } from '../../src/store/rebuild.ts'
import { EntryReader } from '../../src/store/replay.ts'
import { DELETE_INSERTED_KEYS } from '../support/api-key-row.ts'
import { kindOfBody } from '../support/kind-of-body.ts'
import { dump, faultOf, journalOf, PROJECTIONS, rows } from './book.ts'
import { NO, SILENT, scriptedAcquirer } from './scripted-acquirer.ts'
import * as s from './support.ts'
import { openTerminal, sell, type TestTerminal } from './terminal.ts'

let isolate: s.Isolate
let testTerminal: TestTerminal
let chain: JournalRow[]
let head: { seq: number; hash: string }

/** A key of the merchant and one of an administrator, which is revoked. */
async function makeKeys({ isolate, mid, tid }: TestTerminal): Promise<void> {
  const admin = await s.bearerKey(null)
  const post = (path: string, body?: object) =>
    s.ask(isolate, admin, 'POST', path, body, { 'idempotency-key': `${tid}-${JSON.stringify(body)}` })
  await post('/v1/keys', { merchantId: mid, name: 'back-office' })
  const made = await post('/v1/keys', { name: 'reports', scopes: ['read'] })
  await post(`/v1/keys/${made.body.id}/revoke`)
}

/** A day with an entry of every kind, by both APIs. */
async function aDay(testTerminal: TestTerminal): Promise<void> {
  const sale = await sell(testTerminal, '000001')
  await testTerminal.send(s.aVoid({ stan: '000002', ...sale }))
  await testTerminal.send(s.aReversal('void', { stan: '000002' }))
  await testTerminal.send(s.aVoid({ stan: '000003', ...sale, amount: 1 }))
  await testTerminal.send(s.aVoid({ stan: '000004', ...sale }))
  await testTerminal.send(s.aReversal('sale', { stan: '000777' }))
  const second = await sell(testTerminal, '000005', 500)
  const [row] = await rows('select id from sale where rrn = ?', second.rrn)
  const key = await s.bearerKey(testTerminal.mid)
  const names = { 'idempotency-key': testTerminal.tid }
  await s.ask(testTerminal.isolate, key, 'POST', '/v1/voids', { saleId: row?.id, amount: 500 }, names)
  await testTerminal.send(s.aReversal('sale', { stan: '000005', amount: 500 }))
  const capturedSale = {
    merchantId: testTerminal.mid,
    terminalId: testTerminal.tid,
    batchNumber: '000001',
    stan: '000006',
  }
  await s.ask(testTerminal.isolate, key, 'POST', '/v1/sales', {
    ...capturedSale,
    amount: 900,
    fee: 9,
    pan: s.PAN,
  })
  await s.installKey(testTerminal.isolate, '5'.repeat(16), testTerminal, 2)
  await testTerminal.send(s.aSale({ stan: '000007', amount: 1251 }), {
    key: { ...testTerminal.key, mak: '5'.repeat(16) },
  })
  await testTerminal.send(s.aSettlement({ stan: '000008' }, s.totalsOf(2134, 2, 1234, 1)), { key: null })
  await s.provision(testTerminal.isolate, { textEncoding: 'ascii', tmk: undefined }, testTerminal)
  await makeKeys(testTerminal)
  await s.provision(testTerminal.isolate, {}, testTerminal)
  await s.installKey(testTerminal.isolate, testTerminal.key.mak, testTerminal, 9)
  await sell(testTerminal, '000009', 42, '000002')
  await testTerminal.send(
    s.aManagement('0320', '202', { stan: '000010', batch: '000002', more: { 48: '0001' } }),
    {
      key: null,
    },
  )
}

/** One entry of every kind that an acquirer adds. */
async function aDayWithAcquirer(): Promise<void> {
  const acquirer = scriptedAcquirer()
  const behind: s.Isolate = await s.openIsolate({
    acquirer: acquirer.port,
    sleep: async (ms) => {
      behind.clock.now += ms
    },
  })
  const cron = async () => {
    behind.clock.now += 200_000
    await recover(behind.services, 0)
  }
  const one = await openTerminal(behind)
  // The acquirer names its day.
  acquirer.script = {
    sale: { kind: 'approved', rrn: 'ACQR00000001', authorizationCode: '424242', settlementDate: '0602' },
  }
  const sale = await sell(one, '000001')
  await one.send(s.aVoid({ stan: '000002', ...sale }))
  await one.send(s.aReversal('void', { stan: '000002' }))
  await behind.settle()
  acquirer.script = { void: SILENT, inquiry: SILENT, reversal: SILENT }
  await one.send(s.aVoid({ stan: '000003', ...sale }))
  await behind.settle()
  const two = await openTerminal(behind)
  const second = await sell(two, '000001')
  await two.send(s.aVoid({ stan: '000002', ...second }))
  await behind.settle()
  await cron()
  const [opened] = await rows(
    'select rrn from acquirer_record where kind = ? and terminal_id = ?',
    'void',
    two.tid,
  )
  const stands = { resolution: 'stands', note: 'by phone' }
  const admin = await s.bearerKey(null)
  await s.ask(behind, admin, 'POST', `/v1/cases/${opened?.rrn}`, stands, { 'idempotency-key': 'k' })
  // The entries that the acquirer's records add.
  const place = { merchantId: two.mid, terminalId: two.tid, batchNumber: '000001' }
  const [sold] = await rows(
    'select acquirer_stan from acquirer_record where kind = ? and terminal_id = ?',
    'sale',
    two.tid,
  )
  const lines = [
    { kind: 'sale', ...place, stan: '999999', state: 'approved', amount: 77 },
    { kind: 'sale', ...place, stan: sold?.acquirer_stan, state: 'absent' },
  ]
  const asOf = new Date(behind.clock.now).toISOString()
  const list = lines.map((line) => JSON.stringify(line)).join('\n')
  const ndjson = { 'content-type': 'application/x-ndjson' }
  await s.ask(behind, admin, 'POST', `/v1/reconciliations?apply=true&asOf=${asOf}`, list, ndjson)
  acquirer.script = { sale: NO }
  await cron()
  await one.send(s.aSale({ stan: '000004' }))
}

beforeAll(async () => {
  isolate = await s.openIsolate()
  testTerminal = await openTerminal(isolate)
  await aDay(testTerminal)
  await aDay(await openTerminal(isolate))
  await aDayWithAcquirer()
  chain = await journalOf(testTerminal.tid)
  head = { seq: chain.length, hash: chain.at(-1)?.hash ?? '' }
})

it('has an entry of every kind and is sound', async () => {
  const reader = new EntryReader()
  const kinds = new Set(chain.map((row) => reader.open(row).kind))
  const every = ['provision', 'sale', 'void', 'sale_reversal', 'void_reversal', 'settlement', 'upload_end']
  expect([...kinds].sort()).toEqual(every.sort())
  expect(chain.map(({ seq }) => seq)).toEqual(chain.map((_, i) => i + 1))
  expect(await faultOf(testTerminal.tid)).toBeNull()
})

describe('verification finds and names the first bad entry of', () => {
  const broken = (mutated: readonly JournalRow[]) => verifyChain(mutated, head)
  const withRow = (at: number, row: object) => chain.with(at, { ...(chain[at] as JournalRow), ...row })
  /** One character replaced. */
  const flip = (text: string, at: number) =>
    text.slice(0, at) + (text[at] === '0' ? '1' : '0') + text.slice(at + 1)

  it('a change of any column of any row', async () => {
    for (const [at, row] of chain.entries()) {
      const named = { seq: row.seq }
      const columns: object[] = [
        { terminalId: 'OTHER001' },
        { seq: row.seq + 100 },
        { hash: flip(row.hash, 7) },
        { messageKey: `${row.messageKey}x` },
        { rrn: row.rrn === null ? '123456789012' : null },
        { rrn: '999999999999' },
      ]
      for (const change of columns)
        expect(await broken(withRow(at, change)), `${row.seq} ${JSON.stringify(change)}`).toMatchObject(named)
    }
  })

  it('a change of any character of any body', async () => {
    for (const [at, row] of chain.entries()) {
      for (let i = 0; i < row.body.length; i += 13)
        expect(await broken(withRow(at, { body: flip(row.body, i) }))).toMatchObject({ seq: row.seq })
    }
  })

  it('a deleted row, also the first and the last', async () => {
    for (const [at, row] of chain.entries())
      expect(await broken(chain.toSpliced(at, 1))).toMatchObject({ seq: row.seq })
  })

  it('swapped neighbours, with their order or their numbers changed', async () => {
    for (let at = 0; at + 1 < chain.length; at++) {
      const [one, two] = [chain[at] as JournalRow, chain[at + 1] as JournalRow]
      expect(await broken(chain.with(at, two).with(at + 1, one))).toMatchObject({ seq: one.seq })
      const swapped = chain.with(at, { ...two, seq: one.seq }).with(at + 1, { ...one, seq: two.seq })
      expect(await broken(swapped)).toMatchObject({ seq: one.seq })
    }
  })

  it('a missing tail, and a tail after the head', async () => {
    for (let length = 0; length < chain.length; length++)
      expect(await broken(chain.slice(0, length))).toMatchObject({ seq: length + 1 })
    const known = { seq: chain.length - 1, hash: chain.at(-2)?.hash ?? '' }
    expect(await verifyChain(chain, known)).toMatchObject({ seq: chain.length })
  })

  it('a repeated row, and a row of another terminal in its place', async () => {
    for (const [at, row] of chain.entries())
      expect(await broken(chain.toSpliced(at + 1, 0, row))).toMatchObject({ seq: row.seq + 1 })
  })

  it('in the database itself', async () => {
    const row = chain[3] as JournalRow
    const set = (rrn: string | null) =>
      rows(
        'update journal set rrn_raw = cast(? as integer) where terminal_id = ? and seq = ?',
        rrn,
        testTerminal.tid,
        row.seq,
      )
    await set('000000000042')
    expect(await faultOf(testTerminal.tid)).toMatchObject({ seq: row.seq })
    await set(row.rrn)
    expect(await faultOf(testTerminal.tid)).toBeNull()
  })
})

/** All entries in the order of their commit. */
const wholeJournal = async (): Promise<JournalRow[]> =>
  (await rows(
    `select terminal_id as terminalId, seq, hash, message_key as messageKey, rrn, body from journal order by rowid`,
  )) as unknown as JournalRow[]

const ENTRY_KINDS = [
  'acquirer_only',
  'acquirer_undone',
  'api_key',
  'case',
  'case_closed',
  'give_up',
  'merchant',
  'provision',
  'sale',
  'sale_claim',
  'sale_reversal',
  'settlement',
  'upload_end',
  'void',
  'void_claim',
  'void_reversal',
]

it('rebuilds every projection row by row', async () => {
  const kinds = new Set((await rows('select body from journal')).map(({ body }) => kindOfBody(body)))
  expect([...kinds].sort()).toEqual(ENTRY_KINDS)
  await rows(DELETE_INSERTED_KEYS)
  const live = await dump(PROJECTIONS)
  for (const table of PROJECTIONS) expect(live[table]?.length, table).toBeGreaterThan(0)
  const macs = macsOf((await rows(HEADS)) as unknown as HeadRow[])
  await rebuild(isolate.services.db, await wholeJournal(), macs)
  const rebuilt = await dump(PROJECTIONS)
  for (const table of PROJECTIONS) expect(rebuilt[table], table).toEqual(live[table])
})

it('continues from its head: the next message is accepted', async () => {
  // Replaying the entry that ended every key set ends the current ones as well.
  await s.installKey(testTerminal.isolate, testTerminal.key.mak, testTerminal, 10)
  await testTerminal.send(s.aSale({ stan: '000020', batch: '000003', amount: 77 }))
  expect(await journalOf(testTerminal.tid)).toHaveLength(chain.length + 1)
  expect(await faultOf(testTerminal.tid)).toBeNull()
})
