/** @module A database in memory with the tables of the service, behind the interface of D1. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { type Db, openDb } from '../../store/db.ts'
import type { JournalRow } from '../../store/journal.ts'
import { root } from '../dev/wrangler.ts'
import { RefusalBounds } from './refusal-bounds.ts'

export type Cell = string | number | null | Uint8Array

export class Replica {
  readonly #sqlite = new DatabaseSync(':memory:')
  /** The bounds of the counts of refusals. */
  readonly refusals = new RefusalBounds()
  readonly db: Db = openDb(d1Over(this.#sqlite))

  constructor() {
    const folder = join(root, 'migrations')
    for (const name of readdirSync(folder).sort())
      if (name.endsWith('.sql')) this.#sqlite.exec(readFileSync(join(folder, name), 'utf8'))
  }

  rows(sql: string, ...params: Cell[]): Record<string, Cell>[] {
    return this.#sqlite.prepare(sql).all(...params) as Record<string, Cell>[]
  }

  /** Puts an entry into the journal as it is. */
  insertEntry({ terminalId, seq, hash, messageKey, rrn, body }: JournalRow, voidOf: number | null): void {
    this.rows(
      `insert into journal (terminal_id, seq, hash_raw, message_key, rrn_raw, body, void_of)
       values (?, ?, unhex(?), ?, cast(? as integer), ?, ?)`,
      terminalId,
      seq,
      hash,
      messageKey,
      rrn,
      body,
      voidOf,
    )
  }

  /** The stored columns of a table. A virtual column follows from them. */
  storedColumns(table: string): string[] {
    return this.rows('select name from pragma_table_xinfo(?) where hidden = 0', table).map(({ name }) =>
      String(name),
    )
  }

  close(): void {
    this.#sqlite.close()
  }
}

interface Bound {
  bind(...params: unknown[]): Bound
  all(): Promise<{ results: unknown[] }>
  raw(): Promise<unknown[][]>
  run(): Promise<{ results: unknown[] }>
}

/** The part of D1 that Drizzle needs. The caller opens a transaction where it needs one. */
export function d1Over(sqlite: DatabaseSync): D1Database {
  const prepared = new Map<string, StatementSync>()
  const prepare = (sql: string, params: unknown[] = []): Bound => {
    const statement = prepared.get(sql) ?? sqlite.prepare(sql)
    prepared.set(sql, statement)
    const all = () => statement.all(...(params as string[]))
    return {
      bind: (...values) => prepare(sql, values),
      all: async () => ({ results: all() }),
      run: async () => ({ results: all() }),
      raw: async () => all().map((row) => Object.values(row)),
    }
  }
  const batch = (statements: readonly Bound[]) => Promise.all(statements.map((statement) => statement.all()))
  return { prepare, batch } as unknown as D1Database
}
