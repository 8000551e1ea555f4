/**
 * @module The audit of a database. It finds a row that was deleted, changed, moved or added, in each table and column.
 * It finds a journal that was rewritten without the key of the service.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { faultOfChain } from '../../src/cli/lib/verify-chain.ts'
import { headContent } from '../../src/store/head-mac.ts'
import { type JournalRow, seal } from '../../src/store/journal.ts'
import { type HeadRow, PROJECTIONS } from '../../src/store/rebuild.ts'
import { Replay } from '../../src/store/replay.ts'
import { newKeyring } from '../support/memory-data-keys.ts'
import { type AuditedDay, openAuditedDay } from './audited-day.ts'

let day: AuditedDay
beforeAll(async () => {
  day = await openAuditedDay()
}, 30_000)
afterAll(() => day.close())

const TABLES = [...PROJECTIONS, 'guard']
const keyOf = (table: string): string =>
  ({
    api_key: 'id',
    guard: 'key',
    region: 'id',
    merchant: 'merchant_id',
    terminal: 'terminal_id',
    batch: 'terminal_id || batch_number',
    batch_difference: 'terminal_id || seq',
    reversal: 'target_key',
  })[table] ?? 'message_key'

describe.each(TABLES)('table %s', (table) => {
  const key = keyOf(table)
  const first = `${key} = (select min(${key}) from ${table})`

  it('is sound as the service left it, and has rows', async () => {
    expect(day.service.storage.rows(`select 1 from ${table}`).length).toBeGreaterThan(0)
    expect(await day.faults()).toEqual({})
  })

  it('shows a deleted row', async () => {
    expect(await day.tampered(`delete from ${table} where ${first}`)).toEqual({
      [table]: 'this row is missing',
    })
  })

  it('shows an added row', async () => {
    const columns = day.replica.storedColumns(table)
    const unique = (name: string): string => {
      if (name.endsWith('id_raw') && name !== 'sale_id_raw') return 'randomblob(16)'
      if (name === 'sale_id_raw') return 'randomblob(16)'
      if (name === 'rrn_raw') return '1'
      if (name === 'acquirer_stan') return `'999998'`
      if (table === 'batch' && name === 'batch_number') return `'999998'`
      if (table === 'batch' && name === 'state') return `'closed'`
      if (table === 'region' && name === 'id') return '2'
      return ['message_key', 'target_key', 'key', 'merchant_id', 'terminal_id', 'id', 'hash'].includes(
        name,
      ) && table !== 'batch'
        ? `'x' || ${name}`
        : name
    }
    const added = `insert into ${table} (${columns.join(', ')}) select ${columns.map(unique).join(', ')} from ${table} where ${first}`
    day.service.storage.rows('pragma ignore_check_constraints = on')
    expect(await day.tampered(added)).toEqual({ [table]: 'the journal does not give this row' })
  })

  it('shows a change of each column', async () => {
    day.service.storage.rows('pragma ignore_check_constraints = on')
    for (const [column, change] of day.changesOf(table, first)) {
      if (['attempts', 'next_at', 'last_declared', 'is_declared_signed'].includes(column)) continue
      expect([column, Object.keys(await day.tampered(change))]).toEqual([column, [table]])
    }
  })
})

it('shows bytes that became a text of the same digits, or of the same bytes, in each stored form', async () => {
  const { storage } = day.service
  let changes = 0
  for (const table of [...TABLES, 'journal'])
    for (const column of day.replica.storedColumns(table).filter((name) => name.endsWith('_raw')))
      for (const text of [`hex(${column})`, `cast(${column} as text)`]) {
        const isBlob = `typeof(${column}) = 'blob'`
        if (storage.rows(`select 1 from ${table} where ${isBlob} limit 1`).length === 0) continue
        changes++
        const change = `update ${table} set ${column} = ${text} where ${isBlob}`
        expect([table, column, Object.keys(await day.tampered(change))]).toEqual([table, column, [table]])
      }
  // The ids of sales and voids, the fingerprint of cards, the hashes of entries.
  expect(changes).toBeGreaterThanOrEqual(2 * 5)
})

it('shows a number of the journal that became another one with the same digits', async () => {
  const change = `update journal set rrn_raw = rrn_raw || 'x' where rrn_raw is not null`
  expect(await day.tampered(change)).toEqual({ journal: 'the journal gives another value for rrn' })
})

it('shows a change of the count of voids in the journal', async () => {
  const is = 'terminal_id = (select min(terminal_id) from journal where void_of is not null) and void_of'
  expect(await day.tampered(`update journal set void_of = null where ${is} > 0`)).toEqual({
    journal: 'the journal gives another value for void_of',
  })
  expect(await day.tampered(`update journal set void_of = void_of - 1 where ${is} < 0`)).toEqual({
    journal: 'the journal gives another value for void_of',
  })
})

describe('a journal that is rewritten and rechained', () => {
  /** All entries of a terminal again, with one amount changed, each with its right hash. */
  async function rewritten(stream: string): Promise<{ rows: JournalRow[]; head: HeadRow }> {
    const replay = new Replay()
    const rows: JournalRow[] = []
    let head = { seq: 0, hash: '0'.repeat(64) }
    for (const row of day.journal.filter(({ terminalId }) => terminalId === stream)) {
      const { entry, effects, terminal } = replay.next(row)
      const { seq: _, hash: __, ...draft } = entry
      const answer = draft.answer && { ...draft.answer, authorizationCode: '999999' }
      const context = { before: terminal?.batch ?? null, base: null, merchantId: draft.merchantId }
      const forged = await seal({ ...draft, answer, effects }, head, row.rrn, context)
      rows.push(forged)
      head = { seq: forged.seq, hash: forged.hash }
    }
    const kept = day.heads.find((one) => one.stream === stream)
    if (kept === undefined) throw new Error('no head')
    return { rows, head: { ...kept, ...head } }
  }

  const numbered = (rows: readonly JournalRow[]) => rows.map((row, number) => ({ ...row, number }))

  it('is found, with the heads that the service signed and with new ones', async () => {
    const { keyring } = day.service
    const stream = '12345678'
    const { rows, head } = await rewritten(stream)
    const kept = day.heads.find((one) => one.stream === stream) ?? null
    expect(await faultOfChain({ stream, head: kept, rows: numbered(rows) }, keyring)).toMatchObject({
      why: 'differs from the head',
    })
    expect(await faultOfChain({ stream, head, rows: numbered(rows) }, keyring)).toMatchObject({
      why: 'the MAC of the head is not the service’s',
    })
    // Not even with a MAC of another day.service.
    const other = await newKeyring('cd'.repeat(32), (bytes) => void crypto.getRandomValues(bytes))
    const mac = (await other.journalMac(headContent(stream, head))).toHex()
    expect(
      await faultOfChain({ stream, head: { ...head, mac }, rows: numbered(rows) }, keyring),
    ).not.toBeNull()
    // The service itself would be believed: its key is the proof.
    const own = (await keyring.journalMac(headContent(stream, head))).toHex()
    expect(
      await faultOfChain({ stream, head: { ...head, mac: own }, rows: numbered(rows) }, keyring),
    ).toBeNull()
  })

  it('is found when the head of another stream, or an older head, is in its place', async () => {
    const { keyring } = day.service
    const [one, other] = day.heads.filter(({ stream }) => !stream.startsWith('merchant:'))
    if (one === undefined || other === undefined) throw new Error('no heads')
    const rows = numbered(day.journal.filter(({ terminalId }) => terminalId === one.stream))
    const chain = (head: HeadRow) => faultOfChain({ stream: one.stream, head, rows }, keyring)
    expect(await chain(one)).toBeNull()
    expect(await chain({ ...one, mac: other.mac })).not.toBeNull()
    expect(await chain({ ...one, keyId: 2 })).not.toBeNull()
    expect(await chain({ ...one, mac: '' })).not.toBeNull()
  })
})
