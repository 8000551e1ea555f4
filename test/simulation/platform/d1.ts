/**
 * @module D1 over SQLite in memory: a batch is one transaction, rows are objects by column name, errors are
 * in D1's words. The link decides when and whether a trip is made.
 */

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { textOf } from '../take-out.ts'

export interface Statement {
  readonly sql: string
  readonly params: readonly unknown[]
}

/** One round trip: a batch, or a single statement. */
export interface Trip {
  readonly statements: readonly Statement[]
}

interface Result {
  readonly success: true
  readonly results: Record<string, unknown>[]
  readonly meta: { readonly changes: number; readonly size_after: number }
}

/** Carries a trip to the database, where `apply` executes it, and its results back; or fails as D1 does. */
export type Link = <T>(trip: Trip, apply: () => T) => Promise<T>

const migrations = join(import.meta.dirname, '../../../migrations')

/** The schema after all migrations. Each world starts from it, which is faster than to rebuild tables again. */
const SCHEMA = schemaOf(
  readdirSync(migrations)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => textOf(join(migrations, name))),
)

function schemaOf(files: readonly string[]): string {
  const sqlite = new DatabaseSync(':memory:')
  for (const file of files) sqlite.exec(file)
  const made = sqlite
    .prepare(
      `select type, name, sql from sqlite_master where sql is not null order by type <> 'table', rowid`,
    )
    .all() as { type: string; name: string; sql: string }[]
  for (const { type, name } of made)
    if (type === 'table' && sqlite.prepare(`select 1 from "${name}"`).get() !== undefined)
      throw new Error(`the migrations write rows into ${name}: a world would begin without them`)
  sqlite.close()
  return made.map(({ sql }) => sql).join(';\n')
}

export type Row = Readonly<Record<string, string | number | null>>

/** The one database, which all isolates share. */
export class Storage {
  readonly #sqlite = new DatabaseSync(':memory:')
  readonly #prepared = new Map<string, StatementSync>()
  /** Whether a statement returns rows. */
  readonly #reads = new Map<StatementSync, boolean>()

  constructor() {
    this.#sqlite.exec(SCHEMA)
    // Nothing outlives this process, so nothing needs to be durable.
    this.#sqlite.exec('pragma synchronous = off; pragma journal_mode = memory')
  }

  /** Runs a query without any of the platform in between. */
  rows<T = Row>(sql: string, ...params: (string | number | null)[]): T[] {
    return this.#statement(sql).all(...params) as T[]
  }

  /** Executes a trip as one transaction. Throws as D1 does, with nothing done. */
  apply({ statements }: Trip): Result[] {
    const alone = statements.length === 1
    if (!alone) this.#sqlite.exec('begin')
    try {
      const results = statements.map((statement) => this.#run(statement))
      if (!alone) this.#sqlite.exec('commit')
      return results
    } catch (error) {
      if (!alone) this.#sqlite.exec('rollback')
      const text = error instanceof Error ? error.message : 'unknown'
      const message = text.includes('constraint failed')
        ? `${text}: SQLITE_CONSTRAINT`
        : `${text}: SQLITE_ERROR`
      throw new Error(`D1_ERROR: ${message}`, { cause: new Error(message) })
    }
  }

  /** Keeps a copy of everything, as a backup does. */
  backUp(): void {
    const tables = this.#tables()
    if (!this.#isKept) this.#sqlite.exec(`attach ':memory:' as kept`)
    this.#isKept = true
    for (const table of tables)
      this.#sqlite.exec(
        `drop table if exists kept.${table}; create table kept.${table} as select ${this.#columns(table)} from main.${table}`,
      )
  }

  /** Restores the copy over all later changes. */
  restore(): void {
    for (const table of this.#tables())
      this.#sqlite.exec(
        `delete from main.${table}; insert into main.${table} (${this.#columns(table)}) select * from kept.${table}`,
      )
  }

  /** The stored columns. A virtual column follows from them. */
  #columns(table: string): string {
    return this.rows<{ name: string }>(`select name from pragma_table_xinfo('${table}') where hidden = 0`)
      .map(({ name }) => `"${name}"`)
      .join(', ')
  }

  #isKept = false

  #tables(): string[] {
    return this.rows<{ name: string }>(`select name from main.sqlite_master where type = 'table'`).map(
      ({ name }) => name,
    )
  }

  /** Bytes of the database. */
  size(): number {
    const [size] = this.rows<{ bytes: number }>(
      'select page_count * page_size as bytes from pragma_page_count, pragma_page_size',
    )
    return size?.bytes ?? 0
  }

  close(): void {
    this.#sqlite.close()
  }

  #statement(sql: string): StatementSync {
    let statement = this.#prepared.get(sql)
    if (statement === undefined) {
      statement = this.#sqlite.prepare(sql)
      this.#prepared.set(sql, statement)
      this.#reads.set(statement, statement.columns().length > 0)
    }
    return statement
  }

  #run({ sql, params }: Statement): Result {
    const statement = this.#statement(sql)
    const given = params as (string | number | null)[]
    if (this.#reads.get(statement) === false) {
      const { changes } = statement.run(...given)
      return { success: true, results: [], meta: this.#meta(Number(changes)) }
    }
    const results = statement.all(...given).map((row) => ({ ...row }))
    return { success: true, results, meta: this.#meta(results.length) }
  }

  /** The size is measured when someone asks for it. */
  #meta(changes: number): Result['meta'] {
    const measure = () => this.size()
    return {
      changes,
      get size_after() {
        return measure()
      },
    }
  }
}

class Prepared {
  readonly statement: Statement
  readonly #alone: (statement: Statement) => Promise<Result>

  constructor(statement: Statement, alone: (statement: Statement) => Promise<Result>) {
    this.statement = statement
    this.#alone = alone
  }

  bind(...params: unknown[]): Prepared {
    return new Prepared({ sql: this.statement.sql, params }, this.#alone)
  }

  all(): Promise<Result> {
    return this.#alone(this.statement)
  }

  run(): Promise<Result> {
    return this.#alone(this.statement)
  }

  async raw(): Promise<unknown[][]> {
    const { results } = await this.#alone(this.statement)
    return results.map((row) => Object.values(row))
  }

  async first(): Promise<unknown> {
    const { results } = await this.#alone(this.statement)
    return results[0] ?? null
  }
}

/** The binding of one isolate. */
export function bindD1(storage: Storage, link: Link): D1Database {
  const ask = (trip: Trip): Promise<Result[]> => link(trip, () => storage.apply(trip))
  const alone = async (statement: Statement): Promise<Result> => {
    const [result] = await ask({ statements: [statement] })
    if (result === undefined) throw new Error('one statement has one result')
    return result
  }
  const database = {
    prepare: (sql: string) => new Prepared({ sql, params: [] }, alone),
    batch: (statements: readonly Prepared[]) =>
      ask({ statements: statements.map(({ statement }) => statement) }),
  }
  return database as unknown as D1Database
}
