/**
 * @module Statements over a set, built once per database handle: their text never changes, only the rows. Building one afresh
 * costs more than the rest of a message's way.
 */

import { fillPlaceholders, type SQL, sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import type { Db } from './db.ts'

/** A set as a table of one JSON object a row, `item.value`; one bound parameter, whatever its size. */
const ITEMS = sql`json_each(${sql.placeholder('rows')}) as item`

/** What drizzle's batch asks of a statement. */
interface Built {
  getQuery(): { readonly sql: string; readonly params: unknown[] }
}

/**
 * A statement over the rows of a set, for a batch. `build` is called once per handle, with the set as the table `item`; what
 * else it binds is bound for good.
 */
export function overItems<S extends BatchItem<'sqlite'>>(
  build: (db: Db, items: SQL) => S & { prepare(): Built },
): (db: Db, rows: readonly object[]) => S {
  const builtFor = new WeakMap<Db, Built>()
  return (db, rows) => {
    const built = builtFor.get(db) ?? build(db, ITEMS).prepare()
    builtFor.set(db, built)
    const { sql, params } = built.getQuery()
    const query = { sql, params: fillPlaceholders(params, { rows: JSON.stringify(rows) }) }
    const bound: Built = Object.create(built, { getQuery: { value: () => query } })
    return { _prepare: () => bound } as unknown as S
  }
}
