/**
 * @module Statements over a set, built once per database handle. Their text never changes, only the rows. Building a
 * statement costs more than the rest of a message.
 */

import { fillPlaceholders, type SQL, sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import type { Db } from './db.ts'

/** A set as a table with one JSON object per row, `item.value`. It is one bound parameter, whatever its size. */
const ITEMS = sql`json_each(${sql.placeholder('rows')}) as item`

/** The part of a statement that Drizzle's batch uses. */
interface Built {
  getQuery(): { readonly sql: string; readonly params: unknown[] }
}

/**
 * A statement over the rows of a set, for a batch. `build` runs once per handle, with the set as the table `item`. Its
 * other parameters are bound for ever.
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

/** SQL of a member of an item of a set. */
export const field = (name: string): SQL => sql`item.value ->> ${sql.raw(`'${name}'`)}`
