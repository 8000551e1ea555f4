/** @module Reads whole tables of a database page by page, in the order of their keys. So a table may be of any size. */

import type { Row } from './database.ts'

/** Runs statements, with `;` between them; returns the rows of each. */
export type RunSql = (sql: string) => Promise<readonly (readonly Row[])[]>

/** A table to read. `keys` are columns with a unique index, and `columns` are SQL expressions. */
export interface PagedTable {
  readonly table: string
  readonly columns: readonly string[]
  readonly keys: readonly string[]
}

export interface TablePage {
  readonly table: string
  readonly rows: readonly Row[]
  /** SQL condition: the keys from the page before to the end of this one. The last page has no end. */
  readonly range: string
}

/** Rows of one page. A row has some hundred bytes. */
const PAGE = 2000

/** The name of the column with a key as an SQL literal. */
const literalOf = (key: string): string => `literal ${key}`

/** Only the exact value continues at the right row, whatever its type. So SQLite writes the literal. */
const selectOf = ({ table, columns, keys }: PagedTable, range: string, size: number): string => {
  const literals = keys.map((key) => `quote(${key}) as "${literalOf(key)}"`)
  return `select ${[...columns, ...literals].join(', ')} from ${table} where ${range} order by ${keys.join(', ')} limit ${size}`
}

/**
 * Reads the tables side by side, one page of each in a call: a call takes seconds. Each row is read once. A row that is written
 * meanwhile is in a page, or comes too late for it.
 */
export async function* readPages(
  runSql: RunSql,
  tables: readonly PagedTable[],
  size = PAGE,
): AsyncGenerator<TablePage> {
  let open = tables.map((paged) => ({ paged, range: 'true' }))
  while (open.length > 0) {
    const found = await runSql(open.map(({ paged, range }) => selectOf(paged, range, size)).join(';\n'))
    const more: typeof open = []
    for (const [i, { paged, range }] of open.entries()) {
      const { table, keys } = paged
      const rows = found[i] ?? []
      const last = rows.length < size ? undefined : rows.at(-1)
      const at = `(${keys.join(', ')})`
      const to = last === undefined ? '' : `(${keys.map((key) => last[literalOf(key)]).join(', ')})`
      yield { table, rows, range: last === undefined ? range : `${range} and ${at} <= ${to}` }
      if (last !== undefined) more.push({ paged, range: `${at} > ${to}` })
    }
    open = more
  }
}
