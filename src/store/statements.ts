/**
 * @module Statements whose text never changes, only the values that are bound. The text is built once for all handles.
 * Building a statement costs more than the rest of a message.
 */

import { fillPlaceholders, type SQL, sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import { type Db, openDb } from './db.ts'

/**
 * A set as a table with one JSON object per row, `item.value`. It is one bound parameter, whatever its size. SQLite parses each object
 * once. Without `materialized` it would parse the object again for each column.
 */
const ITEMS = sql`(
  with each as materialized (select key, jsonb(value) as value from json_each(${sql.placeholder('rows')}))
  select key, value from each
) as item`

/** The part of a prepared statement that Drizzle's batch uses. */
interface Built {
  getQuery(): { readonly sql: string; readonly params: unknown[] }
  mapResult(response: unknown, isFromBatch: boolean): unknown
}

/** Statements are built over no database, because only their text and the readers of their rows are wanted. */
const NO_DATABASE = openDb({ prepare: () => null } as unknown as D1Database)

type Buildable<S> = S & { prepare(): Built }

/** A value of a statement, by its name in `withValues`. */
export const value = (name: string): SQL => sql`${sql.placeholder(name)}`

/**
 * A statement for a batch. `build` runs once, and names its values with `value`. Its other parameters are bound for ever.
 * Each database prepares the text once. Throws when a value is missing.
 */
export function withValues<S extends BatchItem<'sqlite'>>(
  build: (db: Db) => Buildable<S>,
): (db: Db, values: Record<string, string | number>) => S {
  let built: Built | undefined
  const preparedFor = new WeakMap<D1Database, D1PreparedStatement>()
  return (db, values) => {
    built ??= build(NO_DATABASE).prepare()
    const { sql: text, params } = built.getQuery()
    const { $client } = db
    const stmt = preparedFor.get($client) ?? $client.prepare(text)
    preparedFor.set($client, stmt)
    const query = { sql: text, params: fillPlaceholders(params, values) }
    const { mapResult } = built
    const bound = { stmt, getQuery: () => query, mapResult: mapResult.bind(built) }
    return { _prepare: () => bound } as unknown as S
  }
}

/** A statement over the rows of a set, for a batch, with the set as the table `item` (`withValues`). */
export function overItems<S extends BatchItem<'sqlite'>>(
  build: (db: Db, items: SQL) => Buildable<S>,
): (db: Db, rows: readonly object[]) => S {
  const statement = withValues((db) => build(db, ITEMS))
  return (db, rows) => statement(db, { rows: JSON.stringify(rows) })
}

/** SQL of a member of an item of a set. */
export const field = (name: string): SQL => sql`item.value ->> ${sql.raw(`'${name}'`)}`
