/**
 * @module The audit of a database. It finds a row that was deleted, changed, moved or added, in each table and column.
 * It finds a journal that was rewritten without the key of the service.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type AuditedTable,
  auditedColumns,
  auditKeys,
  auditTables,
  type KeysOfTerminals,
  plain,
  replicaOf,
  type TableRow,
} from '../../src/cli/lib/audit-tables.ts'
import type { Replica } from '../../src/cli/lib/replica.ts'
import { faultOfChain } from '../../src/cli/lib/verify-chain.ts'
import { headContent } from '../../src/store/head-mac.ts'
import { type JournalRow, seal } from '../../src/store/journal.ts'
import { HEADS, type HeadRow, PROJECTIONS } from '../../src/store/rebuild.ts'
import { Replay } from '../../src/store/replay.ts'
import type { Service } from '../integrate/service.ts'
import { newKeyring } from '../support/memory-data-keys.ts'
import { auditedDay } from './audited-day.ts'

let service: Service
let journal: JournalRow[]
let heads: HeadRow[]
let replica: Replica

beforeAll(async () => {
  service = await auditedDay()
  journal = service.storage.rows<JournalRow>(
    `select terminal_id as terminalId, seq, hash, message_key as messageKey, rrn, body from journal order by rowid`,
  )
  heads = service.storage.rows<HeadRow>(HEADS).map((head) => ({ ...head }))
  replica = await replicaOf(journal, heads)
}, 30_000)

afterAll(() => {
  replica.close()
  service.close()
})

/** The tables as they are now. */
function audited(): AuditedTable[] {
  const rows = auditedColumns(replica).map(([table, columns]) =>
    service.storage.rows<TableRow>(`select ${columns.map(plain).join(', ')} from ${table}`),
  )
  return auditTables(replica, rows)
}

/** The faults of the tables as they are now. */
async function faults(): Promise<Record<string, string>> {
  return Object.fromEntries(
    audited().flatMap(({ table, fault }) => (fault === null ? [] : [[table, fault.why]])),
  )
}

/** Does it, looks, and takes it back. */
async function tampered(sql: string): Promise<Record<string, string>> {
  service.storage.rows('savepoint tampering')
  try {
    service.storage.rows(sql)
    return await faults()
  } finally {
    service.storage.rows('rollback to tampering')
    service.storage.rows('release tampering')
  }
}

const TABLES = [...PROJECTIONS, 'guard']
const keyOf = (table: string): string =>
  ({
    api_key: 'id',
    guard: 'key',
    region: 'id',
    merchant: 'merchant_id',
    terminal: 'terminal_id',
    batch: 'terminal_id || batch_number',
    reversal: 'target_key',
  })[table] ?? 'message_key'

describe.each(TABLES)('table %s', (table) => {
  const key = keyOf(table)
  const first = `${key} = (select min(${key}) from ${table})`

  it('is sound as the service left it, and has rows', async () => {
    expect(service.storage.rows(`select 1 from ${table}`).length).toBeGreaterThan(0)
    expect(await faults()).toEqual({})
  })

  it('shows a deleted row', async () => {
    expect(await tampered(`delete from ${table} where ${first}`)).toEqual({ [table]: 'this row is missing' })
  })

  it('shows an added row', async () => {
    const columns = replica.storedColumns(table)
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
    service.storage.rows('pragma ignore_check_constraints = on')
    expect(await tampered(added)).toEqual({ [table]: 'the journal does not give this row' })
  })

  it('shows a change of each column', async () => {
    for (const column of replica.storedColumns(table)) {
      if (['attempts', 'next_at'].includes(column)) continue
      const [row] = service.storage.rows<{ type: string }>(
        `select typeof(${column}) as type from ${table} where ${first}`,
      )
      const changed =
        row?.type === 'integer'
          ? `${column} + 1`
          : row?.type === 'blob'
            ? `randomblob(length(${column}))`
            : row?.type === 'null'
              ? '1'
              : `'x' || ${column}`
      const ignored = `pragma ignore_check_constraints = on`
      service.storage.rows(ignored)
      const found = await tampered(`update ${table} set ${column} = ${changed} where ${first}`)
      expect([column, Object.keys(found)]).toEqual([column, [table]])
    }
  })
})

it('shows a change of the count of voids in the journal', async () => {
  const is = 'terminal_id = (select min(terminal_id) from journal where void_of is not null) and void_of'
  expect(await tampered(`update journal set void_of = null where ${is} > 0`)).toEqual({
    journal: 'the journal gives another value for void_of',
  })
  expect(await tampered(`update journal set void_of = void_of - 1 where ${is} < 0`)).toEqual({
    journal: 'the journal gives another value for void_of',
  })
})

describe('keys of terminals', () => {
  const read = (): KeysOfTerminals => ({
    terminals: service.storage.rows(
      'select terminal_id as terminalId, merchant_id as merchantId, key_version as keyVersion from terminal',
    ),
    masterKeys: service.storage.rows('select terminal_id as terminalId, version, wrapped from master_key'),
    keySets: service.storage.rows('select terminal_id as terminalId, version, mak, tpk, tdk from key_set'),
  })
  const look = async (keys: KeysOfTerminals) => {
    const found = await auditKeys(keys, (wrapped, context) =>
      service.keyring.unwrap(wrapped, context).then(
        () => true,
        () => false,
      ),
    )
    return found.flatMap(({ table, fault }) => (fault === null ? [] : [`${table}: ${fault.why}`]))
  }

  it('are sound as the service left them', async () => {
    expect(await look(read())).toEqual([])
  })

  it('that are deleted, changed or moved are found', async () => {
    const keys = read()
    const [one, other] = keys.masterKeys
    const [set] = keys.keySets
    if (one === undefined || other === undefined || set === undefined) throw new Error('no keys')
    expect(await look({ ...keys, masterKeys: [one] })).toEqual(['master_key: this row is missing'])
    expect(await look({ ...keys, keySets: keys.keySets.slice(1) })).toEqual(['key_set: this row is missing'])
    const moved = [{ ...one, wrapped: other.wrapped }, other]
    expect(await look({ ...keys, masterKeys: moved })).toEqual([
      'master_key: the master key does not open in this place',
    ])
    for (const member of ['mak', 'tpk'] as const)
      expect(
        await look({
          ...keys,
          keySets: [
            { ...set, [member]: set.mak === set[member] ? set.tpk : set.mak },
            ...keys.keySets.slice(1),
          ],
        }),
      ).toEqual([`key_set: ${member} does not open in this place`])
    const later = keys.keySets.map((row) => ({ ...row, version: row.version + 1 }))
    expect(await look({ ...keys, keySets: later })).toEqual(['key_set: this row is missing'])
  })
})

describe('a journal that is rewritten and rechained', () => {
  /** All entries of a terminal again, with one amount changed, each with its right hash. */
  async function rewritten(stream: string): Promise<{ rows: JournalRow[]; head: HeadRow }> {
    const replay = new Replay()
    const rows: JournalRow[] = []
    let head = { seq: 0, hash: '0'.repeat(64) }
    for (const row of journal.filter(({ terminalId }) => terminalId === stream)) {
      const { entry, effects, terminal } = replay.next(row)
      const { seq: _, hash: __, ...draft } = entry
      const answer = draft.answer && { ...draft.answer, authorizationCode: '999999' }
      const context = { before: terminal?.batch ?? null, base: null, merchantId: draft.merchantId }
      const forged = await seal({ ...draft, answer, effects }, head, row.rrn, context)
      rows.push(forged)
      head = { seq: forged.seq, hash: forged.hash }
    }
    const kept = heads.find((one) => one.stream === stream)
    if (kept === undefined) throw new Error('no head')
    return { rows, head: { ...kept, ...head } }
  }

  const numbered = (rows: readonly JournalRow[]) => rows.map((row, number) => ({ ...row, number }))

  it('is found, with the heads that the service signed and with new ones', async () => {
    const { keyring } = service
    const stream = '12345678'
    const { rows, head } = await rewritten(stream)
    const kept = heads.find((one) => one.stream === stream) ?? null
    expect(await faultOfChain({ stream, head: kept, rows: numbered(rows) }, keyring)).toMatchObject({
      why: 'differs from the head',
    })
    expect(await faultOfChain({ stream, head, rows: numbered(rows) }, keyring)).toMatchObject({
      why: 'the MAC of the head is not the service’s',
    })
    // Not even with a MAC of another service.
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
    const { keyring } = service
    const [one, other] = heads.filter(({ stream }) => !stream.startsWith('merchant:'))
    if (one === undefined || other === undefined) throw new Error('no heads')
    const rows = numbered(journal.filter(({ terminalId }) => terminalId === one.stream))
    const chain = (head: HeadRow) => faultOfChain({ stream: one.stream, head, rows }, keyring)
    expect(await chain(one)).toBeNull()
    expect(await chain({ ...one, mac: other.mac })).not.toBeNull()
    expect(await chain({ ...one, keyId: 2 })).not.toBeNull()
    expect(await chain({ ...one, mac: '' })).not.toBeNull()
  })
})
