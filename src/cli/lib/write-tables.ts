/** @module Writes rows of a replica as statements. */

import type { AuditedTable } from './audit-tables.ts'
import { sqlText } from './database.ts'
import type { Cell, Replica } from './replica.ts'

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
