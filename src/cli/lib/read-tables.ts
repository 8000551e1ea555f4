/** @module Reads whole tables of a database, and writes rows as statements. */

import {
  type AuditedColumns,
  type AuditedTable,
  type KeysOfTerminals,
  plain,
  type TableRow,
} from './audit-tables.ts'
import { type Database, query, sqlText } from './database.ts'
import type { Cell, Replica } from './replica.ts'

const KEYS_SQL = [
  'select terminal_id as terminalId, merchant_id as merchantId, key_version as keyVersion from terminal',
  'select terminal_id as terminalId, version, wrapped from master_key',
  'select terminal_id as terminalId, version, mak, tpk, tdk from key_set',
]

export interface DatabaseTables {
  /** The rows of each table, with its columns. Bytes are hex digits. */
  readonly rows: readonly (readonly TableRow[])[]
  readonly keys: KeysOfTerminals
}

/** Reads the tables and the keys of terminals in one call of wrangler: each call takes seconds. */
export async function readTables(
  database: Database,
  tables: readonly AuditedColumns[],
): Promise<DatabaseTables> {
  const selects = tables.map(([table, columns]) => `select ${columns.map(plain).join(', ')} from ${table}`)
  const found = await query(database, [...selects, ...KEYS_SQL].join(';\n'))
  const [terminals = [], masterKeys = [], keySets = []] = found.slice(selects.length)
  return {
    rows: found.slice(0, selects.length) as unknown as TableRow[][],
    keys: { terminals, masterKeys, keySets } as unknown as KeysOfTerminals,
  }
}

/** Statements that empty the tables with a fault, and fill each with the rows of the replica. */
export function insertsOf(replica: Replica, tables: readonly AuditedTable[]): string {
  const wrong = tables.filter(({ fault }) => fault !== null).map(({ table }) => table)
  // A row of `acquirer_message` is not inserted while a sale or void has its number. So all tables are emptied first.
  const deletes = wrong.map((table) => `delete from ${table};`)
  const inserts = wrong.flatMap((table) => {
    const columns = replica.storedColumns(table)
    const rows = replica.rows(`select ${columns.join(', ')} from ${table}`)
    const names = columns.join(', ')
    return rows.map((row) => {
      const values = columns.map((name) => literal(row[name] ?? null)).join(', ')
      return `insert into ${table} (${names}) values (${values});`
    })
  })
  return [...deletes, ...inserts].join('\n')
}

function literal(cell: Cell): string {
  if (cell === null) return 'null'
  if (typeof cell === 'number') return String(cell)
  return typeof cell === 'string' ? sqlText(cell) : `x'${Buffer.from(cell).toString('hex')}'`
}
