/** @module Writes rows of a replica as statements. */

import type { HeadRow } from '../../store/rebuild.ts'
import { HEADS } from '../../store/rebuild.ts'
import { BUCKET_GUARD } from './audit-buckets.ts'
import { sqlText } from './database.ts'
import type { Cell, Replica } from './replica.ts'
import type { AuditedTable } from './table-fault.ts'

/**
 * Statements that empty the tables with a fault, and fill each with the rows of the replica. The first one fails if a head is no longer
 * the one of `heads`. Otherwise the others would take back newer entries. No row leaves the journal, and no guard of
 * a bucket goes.
 */
export function insertsOf(
  replica: Replica,
  tables: readonly AuditedTable[],
  heads: readonly HeadRow[],
): string {
  const wrong = tables.filter(({ fault }) => fault !== null).map(({ table }) => table)
  // A row of `acquirer_message` is not inserted while a sale or void has its number. So all tables are emptied first.
  const deletes = wrong.map((table) => DELETES[table] ?? `delete from ${table};`)
  const inserts = wrong.flatMap((table) =>
    table === 'journal' ? voidCountsOf(replica) : rowsOf(replica, table),
  )
  return [sameHeads(heads), ...deletes, ...inserts].join('\n')
}

const DELETES: Readonly<Record<string, string>> = {
  guard: `delete from guard where substr(key, 1, ${BUCKET_GUARD.length}) <> '${BUCKET_GUARD}';`,
  journal: 'update journal set void_of = null where void_of is not null;',
}

/** A statement that breaks a rule of the table `guard`, unless the heads are these. It writes nothing. */
function sameHeads(heads: readonly HeadRow[]): string {
  const sum = heads.reduce((total, { seq }) => total + seq, 0)
  const now = `select count(*) as n, coalesce(sum(seq), 0) as total from (${HEADS})`
  const sql = `insert into guard (key, version) select null, 0 from (${now}) where n <> ${heads.length} or total <> ${sum};`
  return sql.replaceAll(/\s+/g, ' ')
}

function rowsOf(replica: Replica, table: string): string[] {
  const columns = replica.storedColumns(table)
  const names = columns.join(', ')
  return replica.rows(`select ${names} from ${table}`).map((row) => {
    const values = columns.map((name) => literal(row[name] ?? null)).join(', ')
    return `insert into ${table} (${names}) values (${values});`
  })
}

/** The count of voids is the one column of the journal that follows from its entries. */
const voidCountsOf = (replica: Replica): string[] =>
  replica
    .rows('select terminal_id, seq, void_of from journal where void_of is not null')
    .map(
      ({ terminal_id: stream, seq, void_of: count }) =>
        `update journal set void_of = ${count} where terminal_id = ${sqlText(String(stream))} and seq = ${seq};`,
    )

function literal(cell: Cell): string {
  if (cell === null) return 'null'
  if (typeof cell === 'number') return String(cell)
  return typeof cell === 'string' ? sqlText(cell) : `x'${Buffer.from(cell).toString('hex')}'`
}
