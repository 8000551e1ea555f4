/** @module Reads whole tables of a database, and writes rows as statements. */

import {
  type AuditedTable,
  type KeysOfTerminals,
  plain,
  type ReadTables,
  type TableRow,
} from './audit-tables.ts'
import { type Database, query, sqlText } from './database.ts'
import type { Cell, Replica } from './replica.ts'

/** The rows of the tables, in one call of wrangler: each takes seconds. */
export const readTables =
  (database: Database): ReadTables =>
  async (tables) =>
    (await query(
      database,
      tables.map(([table, columns]) => `select ${columns.map(plain).join(', ')} from ${table}`).join(';\n'),
    )) as unknown as TableRow[][]

export async function readWrappedKeys(database: Database): Promise<KeysOfTerminals> {
  const [terminals = [], masterKeys = [], keySets = []] = await query(
    database,
    `select terminal_id as terminalId, merchant_id as merchantId, key_version as keyVersion from terminal;
     select terminal_id as terminalId, version, wrapped from master_key;
     select terminal_id as terminalId, version, mak, tpk, tdk from key_set`,
  )
  return { terminals, masterKeys, keySets } as unknown as KeysOfTerminals
}

/** Statements that empty the tables with a fault, and fill each with the rows of the replica. */
export function insertsOf(replica: Replica, tables: readonly AuditedTable[]): string {
  return tables
    .filter(({ fault }) => fault !== null)
    .flatMap(({ table }) => {
      const columns = replica.storedColumns(table)
      const rows = replica.rows(`select ${columns.join(', ')} from ${table}`)
      const names = columns.join(', ')
      return [
        `delete from ${table};`,
        ...rows.map((row) => {
          const values = columns.map((name) => literal(row[name] ?? null)).join(', ')
          return `insert into ${table} (${names}) values (${values});`
        }),
      ]
    })
    .join('\n')
}

function literal(cell: Cell): string {
  if (cell === null) return 'null'
  if (typeof cell === 'number') return String(cell)
  return typeof cell === 'string' ? sqlText(cell) : `x'${Buffer.from(cell).toString('hex')}'`
}
