/**
 * @module Compares the tables of a database with a replica page by page, and names the first difference of each.
 *
 * The service may write meanwhile. The tables with the heads are read last. A head that is still the one of its chain shows that
 * no entry came between. So all rows of that stream belong to one moment. The rows of a stream that grew are not compared.
 */

import { KEPT_DAYS, TERMINAL_SENDER, utcDay } from '../../domain/refusal-quota.ts'
import type { HeadRow } from '../../store/rebuild.ts'
import { BUCKET_GUARD, type BucketsInDatabase } from './audit-buckets.ts'
import { auditKeys, KEY_TABLES, type KeysOfTerminals, type Opens } from './audit-keys.ts'
import { type AuditedColumns, auditedColumns, KEYS, plain } from './audit-tables.ts'
import type { Row } from './database.ts'
import { type PagedTable, type RunSql, readPages } from './read-pages.ts'
import { REFUSAL_COUNTS, type RefusalRow } from './refusal-bounds.ts'
import type { Replica } from './replica.ts'
import { type AuditedTable, firstOf, type TableFault } from './table-fault.ts'

/** SQL: the stream whose entries give a row. Entries of several streams raise a guard. */
const STREAMS: Readonly<Record<string, string>> = {
  acquirer_date: 'terminal_id',
  acquirer_message: 'terminal_id',
  api_key: `coalesce('merchant:' || merchant_id, 'region')`,
  batch: 'terminal_id',
  batch_difference: 'terminal_id',
  guard: 'null',
  journal: 'terminal_id',
  merchant: `'merchant:' || merchant_id`,
  region: `'region'`,
  reversal: 'terminal_id',
  sale: 'terminal_id',
  terminal: 'terminal_id',
  void: '(select terminal_id from sale where id_raw = void.sale_id_raw)',
}

/** The tables with heads. */
const WITH_HEADS: readonly string[] = ['merchant', 'region', 'terminal']

export interface Audit {
  readonly tables: readonly AuditedTable[]
  /** The streams that grew while the tables were read. */
  readonly grown: ReadonlySet<string>
  /** The guards of buckets and the merchants, which the table of buckets must fit. */
  readonly buckets: Omit<BucketsInDatabase, 'name'>
}

const pagedOf = ([table, columns]: AuditedColumns): PagedTable => ({
  table,
  columns: [...columns.map(plain), `${STREAMS[table]} as stream`],
  keys: KEYS[table] ?? [],
})

/**
 * Compares all tables with the replica, which has what the chains give. `heads`: the heads that were read with the chains. `now`:
 * milliseconds since the epoch. `size`:
 * rows of a page, by default some thousand.
 */
export async function auditTables(
  runSql: RunSql,
  replica: Replica,
  heads: readonly HeadRow[],
  opens: Opens,
  now: number,
  size?: number,
): Promise<Audit> {
  const known = new Map(heads.map(({ stream, seq }) => [stream, seq]))
  const grown = new Set<string>()
  const paged = auditedColumns(replica).map(pagedOf)
  const comparisons = new Map(paged.map((one) => [one.table, new Comparison(replica, one)]))
  const kept: Record<string, Row[]> = { master_key: [], key_set: [], terminal: [], refusal_count: [] }
  const guards = new Map<string, number>()
  const merchants: string[] = []
  const isLast = ({ table }: PagedTable): boolean => WITH_HEADS.includes(table)
  const groups = [
    [...paged.filter((one) => !isLast(one)), ...KEY_TABLES, REFUSAL_COUNTS],
    paged.filter(isLast),
  ]
  for (const group of groups)
    for await (const { table, rows, range } of readPages(runSql, group, size)) {
      const isOfBucket = ({ key }: Row): boolean => table === 'guard' && String(key).startsWith(BUCKET_GUARD)
      comparisons.get(table)?.add(
        rows.filter((row) => !isOfBucket(row)),
        range,
      )
      for (const { key, version } of rows.filter(isOfBucket)) guards.set(String(key), Number(version))
      if (table === 'merchant') merchants.push(...rows.map((row) => String(row.merchant_id)))
      kept[table]?.push(...rows)
      if (WITH_HEADS.includes(table))
        for (const { stream, head_seq: seq } of rows)
          if (Number(seq) > (known.get(String(stream)) ?? -1)) grown.add(String(stream))
    }
  const terminals = kept.terminal?.map((row) => ({
    terminalId: row.terminal_id,
    merchantId: row.merchant_id,
    keyVersion: row.key_version,
    tmkVersion: row.tmk_version,
  }))
  const keys = { terminals, masterKeys: kept.master_key, keySets: kept.key_set }
  const isStill = (sender: string): boolean =>
    grown.size === 0 ||
    (sender.startsWith(TERMINAL_SENDER) && !grown.has(sender.slice(TERMINAL_SENDER.length)))
  const refusals = (kept.refusal_count ?? []) as unknown as RefusalRow[]
  const tables = [
    ...[...comparisons.values()].map((one) => one.result(grown)),
    replica.refusals.audit(refusals, utcDay(now) - KEPT_DAYS, isStill),
    ...(await auditKeys(keys as unknown as KeysOfTerminals, opens, grown)),
  ]
  return { tables, grown, buckets: { guards, merchants } }
}

/** A guard that was raised. A stream that grew may have raised it. */
const RAISED = 'a raised guard'

/** The comparison of one table. */
class Comparison {
  readonly #replica: Replica
  readonly #paged: PagedTable
  /** The first fault of each stream. */
  readonly #faults = new Map<string, TableFault>()
  #rows = 0

  constructor(replica: Replica, paged: PagedTable) {
    this.#replica = replica
    this.#paged = paged
  }

  /** Compares a page with the rows of the replica in its range. */
  add(rows: readonly Row[], range: string): void {
    const { table, columns, keys } = this.#paged
    this.#rows += rows.length
    const keyOf = (row: Row): string => keys.map((name) => String(row[name])).join(' ')
    const expected = new Map<string, Row>(
      this.#replica
        .rows(`select ${columns.join(', ')} from ${table} where ${range}`)
        .map((row) => [keyOf(row), row]),
    )
    for (const row of rows) {
      const key = keyOf(row)
      const wanted = expected.get(key)
      expected.delete(key)
      if (wanted === undefined) this.#note(row, key, 'the journal does not give this row')
      else {
        const column = Object.keys(wanted).find((name) => name !== 'stream' && wanted[name] !== row[name])
        if (column !== undefined)
          this.#note(wanted, key, `the journal gives another value for ${column.replace(/_raw$/, '')}`)
      }
    }
    for (const [key, row] of expected) this.#note(row, key, 'this row is missing')
  }

  #note(row: Row, key: string, why: string): void {
    const isRaised = this.#paged.table === 'guard' && why !== 'this row is missing'
    const stream = isRaised ? RAISED : String(row.stream)
    const before = this.#faults.get(stream)
    if (before === undefined || key < before.key) this.#faults.set(stream, { key, why })
  }

  /** The first fault of a stream that did not grow. */
  result(grown: ReadonlySet<string>): AuditedTable {
    const faults = [...this.#faults].filter(([stream]) =>
      stream === RAISED ? grown.size === 0 : !grown.has(stream),
    )
    return { table: this.#paged.table, rows: this.#rows, fault: firstOf(faults.map(([, fault]) => fault)) }
  }
}
