/**
 * @module Compares the tables of a database with what its journal gives, and names the first difference of each. The keys of
 * terminals do not follow from the journal: they must be there, and they must open.
 */

import type { KeyContext } from '../../crypto/keyring.ts'
import { keyGuard, merchantGuard } from '../../domain/guard.ts'
import type { JournalEntry } from '../../domain/types.ts'
import type { SegmentState } from '../../store/archive/segment.ts'
import type { JournalRow } from '../../store/journal.ts'
import { type HeadRow, macsOf, PROJECTIONS, rebuild } from '../../store/rebuild.ts'
import { EntryReader, VoidCounter } from '../../store/replay.ts'
import { type Cell, Replica } from './replica.ts'

export type TableRow = Readonly<Record<string, Cell>>

/** A table, and the columns to compare. */
export type AuditedColumns = readonly [table: string, columns: readonly string[]]

export interface TableFault {
  /** The primary key of the first row that differs. */
  readonly key: string
  readonly why: string
}

export interface AuditedTable {
  readonly table: string
  readonly rows: number
  readonly fault: TableFault | null
}

/** The columns that name a row. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  acquirer_message: ['message_key'],
  api_key: ['id'],
  batch: ['terminal_id', 'batch_number'],
  guard: ['key'],
  journal: ['terminal_id', 'seq'],
  merchant: ['merchant_id'],
  region: ['id'],
  reversal: ['target_key'],
  sale: ['message_key'],
  terminal: ['terminal_id'],
  void: ['message_key'],
}

/** The outbox: the number of tries and the time of the next one are no projections. */
export const NOT_PROJECTED: readonly string[] = ['attempts', 'next_at']

/** The chains cover the other columns of the journal. */
const AUDITED = [...PROJECTIONS, 'guard', 'journal'] as const

/** The guard that an entry raises; null for none. */
export function raisedBy({ kind, seq, merchantId, effects: { apiKey } }: JournalEntry): string | null {
  if (apiKey !== undefined) return keyGuard(apiKey.merchantId)
  return kind === 'merchant' || (kind === 'provision' && seq > 1) ? merchantGuard(merchantId) : null
}

/**
 * A database that has exactly what the journal gives. `journal` is in the order of the commits. `archived`: the terminals whose first
 * entries are in the archive.
 */
export async function replicaOf(
  journal: readonly JournalRow[],
  heads: readonly HeadRow[],
  archived: readonly SegmentState[] = [],
): Promise<Replica> {
  const replica = new Replica()
  const terminals = archived.map(({ terminal }) => terminal)
  const reader = new EntryReader(null, terminals)
  const raise = (guard: string, by: number) =>
    replica.rows(
      'insert into guard (key, version) values (?1, ?2) on conflict (key) do update set version = version + ?2',
      guard,
      by,
    )
  for (const { terminal, raised } of archived)
    if (raised > 0) raise(merchantGuard(terminal.merchantId), raised)
  const counter = new VoidCounter()
  for (const row of journal) {
    const entry = reader.open(row)
    replica.insertEntry(row, counter.next(entry))
    const raised = raisedBy(entry)
    if (raised !== null) raise(raised, 1)
  }
  await rebuild(replica.db, journal, macsOf(heads), terminals)
  return replica
}

/** The tables to compare with a replica, and their columns. */
export const auditedColumns = (replica: Replica): AuditedColumns[] =>
  AUDITED.map((table) => [
    table,
    table === 'journal'
      ? ['terminal_id', 'seq', 'void_of']
      : replica.storedColumns(table).filter((name) => !NOT_PROJECTED.includes(name)),
  ])

/** Compares the rows of each table in `auditedColumns` with the replica. */
export const auditTables = (replica: Replica, found: readonly (readonly TableRow[])[]): AuditedTable[] =>
  auditedColumns(replica).map(([table, columns], i) => {
    const is = found[i] ?? []
    const should = replica.rows(`select ${columns.map(plain).join(', ')} from ${table}`)
    return { table, rows: is.length, fault: firstDifference(table, is, should) }
  })

/** Bytes as hex digits. */
export const plain = (column: string): string =>
  column.endsWith('_raw') ? `iif(typeof(${column}) = 'blob', hex(${column}), ${column}) as ${column}` : column

function firstDifference(
  table: string,
  is: readonly TableRow[],
  should: readonly TableRow[],
): TableFault | null {
  const keyOf = (row: TableRow): string => (KEYS[table] ?? []).map((name) => String(row[name])).join(' ')
  const expected = new Map(should.map((row) => [keyOf(row), row]))
  const faults: TableFault[] = []
  const seen = new Set<string>()
  for (const row of is) {
    const key = keyOf(row)
    const wanted = expected.get(key)
    if (wanted === undefined || seen.has(key)) faults.push({ key, why: 'the journal does not give this row' })
    else {
      const column = Object.keys(wanted).find((name) => wanted[name] !== row[name])
      if (column !== undefined)
        faults.push({ key, why: `the journal gives another value for ${column.replace(/_raw$/, '')}` })
    }
    seen.add(key)
  }
  for (const key of expected.keys()) if (!seen.has(key)) faults.push({ key, why: 'this row is missing' })
  return faults.toSorted((a, b) => (a.key < b.key ? -1 : 1))[0] ?? null
}

/** The wrapped keys of terminals, as rows. */
export interface KeysOfTerminals {
  readonly terminals: readonly {
    readonly terminalId: string
    readonly merchantId: string
    readonly keyVersion: number | null
  }[]
  readonly masterKeys: readonly {
    readonly terminalId: string
    readonly version: number
    readonly wrapped: string
  }[]
  readonly keySets: readonly {
    readonly terminalId: string
    readonly version: number
    readonly mak: string
    readonly tpk: string
    readonly tdk: string | null
  }[]
}

type Opens = (wrapped: string, context: KeyContext) => Promise<boolean>

/** Every key opens in its place, and every terminal has its master key and the key set in use. */
export async function auditKeys(keys: KeysOfTerminals, opens: Opens): Promise<AuditedTable[]> {
  const merchants = new Map(keys.terminals.map(({ terminalId, merchantId }) => [terminalId, merchantId]))
  const contextOf = (terminalId: string, usage: KeyContext['usage'], version: number): KeyContext => ({
    merchantId: merchants.get(terminalId) ?? '',
    terminalId,
    usage,
    version,
  })
  const faults: TableFault[] = []
  for (const { terminalId, version, wrapped } of keys.masterKeys)
    if (!(await opens(wrapped, contextOf(terminalId, 'tmk', version))))
      faults.push({ key: terminalId, why: 'the master key does not open in this place' })
  const withMaster = new Set(keys.masterKeys.map(({ terminalId }) => terminalId))
  for (const { terminalId } of keys.terminals)
    if (!withMaster.has(terminalId)) faults.push({ key: terminalId, why: 'this row is missing' })

  const ofSets: TableFault[] = []
  for (const { terminalId, version, mak, tpk, tdk } of keys.keySets) {
    const parts = [
      ['mak', mak],
      ['tpk', tpk],
      ['tdk', tdk],
    ] as const
    for (const [usage, wrapped] of parts)
      if (wrapped !== null && !(await opens(wrapped, contextOf(terminalId, usage, version))))
        ofSets.push({ key: `${terminalId} ${version}`, why: `${usage} does not open in this place` })
  }
  const sets = new Set(keys.keySets.map(({ terminalId, version }) => `${terminalId} ${version}`))
  for (const { terminalId, keyVersion } of keys.terminals)
    if (keyVersion !== null && !sets.has(`${terminalId} ${keyVersion}`))
      ofSets.push({ key: `${terminalId} ${keyVersion}`, why: 'this row is missing' })
  return [
    { table: 'master_key', rows: keys.masterKeys.length, fault: first(faults) },
    { table: 'key_set', rows: keys.keySets.length, fault: first(ofSets) },
  ]
}

const first = (faults: readonly TableFault[]): TableFault | null =>
  faults.toSorted((a, b) => (a.key < b.key ? -1 : 1))[0] ?? null
