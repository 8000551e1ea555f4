/**
 * @module Compares the tables, indexes, views and triggers of a database with those of the migrations. A trigger without its conditions
 * would let an entry into the journal that no decision made.
 */

import type { Row } from './database.ts'
import type { Replica } from './replica.ts'
import { type AuditedTable, firstOf } from './table-fault.ts'

/** The tables of SQLite, of D1 and of its migrations have other owners. */
export const SCHEMA_SQL = `select type, name, tbl_name, sql from sqlite_schema
  where sql is not null and substr(name, 1, 7) <> 'sqlite_' and substr(name, 1, 4) <> '_cf_' and name <> 'd1_migrations'`

/** Comments and blanks do not count. A migration tool may remove them. */
const plainSql = (sql: unknown): string =>
  String(sql)
    .replaceAll(/--[^\n]*/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim()

export function auditSchema(rows: readonly Row[], replica: Replica): AuditedTable {
  const expected = new Map(replica.rows(SCHEMA_SQL).map((row) => [String(row.name), plainSql(row.sql)]))
  const found = new Map(rows.map((row) => [String(row.name), row]))
  const faults = [...expected]
    .filter(([name, sql]) => plainSql(found.get(name)?.sql) !== sql)
    .map(([key]) => ({
      key,
      why: found.has(key) ? 'the migrations make it otherwise' : 'the migrations make it, and it is missing',
    }))
  const added = [...found.keys()]
    .filter((name) => !expected.has(name))
    .map((key) => ({ key, why: 'no migration makes it' }))
  return { table: 'sqlite_schema', rows: rows.length, fault: firstOf([...faults, ...added]) }
}
