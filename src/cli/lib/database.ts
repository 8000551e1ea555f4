/** @module Statements on the service's D1 database, through `wrangler d1`: the local database, or with `--remote` the one at Cloudflare. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { complaintOf, runWrangler } from '../dev/wrangler.ts'
import { Failure, UsageError } from './failure.ts'
import { adviceOn } from './migration-advice.ts'

/** Which database; `persistTo` is an absolute path. */
export interface Database {
  /** `DB_0`, `DB_1` and so on, as the table of buckets names it. `DB_0` by default. */
  readonly name?: string | undefined
  readonly remote: boolean
  readonly env?: string | undefined
  readonly persistTo?: string | undefined
}

const HOME = 'DB_0'

/** Throws UsageError where the options contradict each other. */
export function databaseOf(options: {
  readonly database?: string | undefined
  readonly remote?: boolean
  readonly env?: string | undefined
  readonly persistTo: string | undefined
}): Database {
  const { database: name, remote = false, env, persistTo } = options
  if (remote && persistTo !== undefined)
    throw new UsageError('--persist-to is for the local database: omit it with --remote')
  return { name, remote, env, persistTo: persistTo === undefined ? undefined : resolve(persistTo) }
}

/** Database 0 of the same region. It has the data keys and the buckets of the region. */
export const homeOf = (database: Database): Database => ({ ...database, name: HOME })

/** The binding's name, which is the same in every environment. */
export const bindingOf = ({ name }: Pick<Database, 'name'>): string =>
  name === undefined || name === HOME ? 'DB' : name

const targetOf = ({ remote, env, persistTo }: Database): string[] => [
  remote ? '--remote' : '--local',
  ...(env === undefined ? [] : ['--env', env]),
  ...(persistTo === undefined ? [] : ['--persist-to', persistTo]),
]

export type Row = Readonly<Record<string, unknown>>

/** The result of one statement. */
interface StatementResult {
  readonly rows: Row[]
  /** Bytes of the database after it. Null: wrangler does not say, as with a local database. */
  readonly bytes: number | null
}

/** The rows of each statement in `sql`. Throws Failure with the error of the database. */
export const query = async (database: Database, sql: string): Promise<Row[][]> =>
  (await execute(database, sql)).map(({ rows }) => rows)

/** The result of each statement in `sql`. Throws Failure with the error of the database. */
export async function execute(database: Database, sql: string): Promise<StatementResult[]> {
  const finished = await runWrangler([
    'd1',
    'execute',
    bindingOf(database),
    '--json',
    '--yes',
    '--command',
    sql,
    ...targetOf(database),
  ])
  const answer = parse(finished.stdout)
  if (Array.isArray(answer)) return answer.map(resultOf)
  const { error } = (answer ?? {}) as { error?: { text?: string } }
  throw new Failure(`database: ${error?.text ?? complaintOf(finished)}`)
}

const resultOf = ({
  results,
  meta,
}: {
  results?: Row[]
  meta?: { size_after?: number }
}): StatementResult => ({
  rows: results ?? [],
  bytes: meta?.size_after ?? null,
})

/** Wrangler may print lines before the JSON. */
function parse(stdout: string): unknown {
  const start = stdout.search(/^[[{]/m)
  try {
    return JSON.parse(stdout.slice(start))
  } catch {
    return undefined
  }
}

/** Executes many statements, from a file of its own. Throws Failure with the error of the database. */
export async function executeFile(database: Database, sql: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'annul-sql-'))
  try {
    const file = join(folder, 'statements.sql')
    writeFileSync(file, sql, { mode: 0o600 })
    const finished = await runWrangler([
      'd1',
      'execute',
      bindingOf(database),
      '--yes',
      '--file',
      file,
      ...targetOf(database),
    ])
    if (finished.code !== 0) throw new Failure(`database: ${complaintOf(finished)}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export async function applyMigrations(database: Database): Promise<void> {
  const finished = await runWrangler([
    'd1',
    'migrations',
    'apply',
    bindingOf(database),
    ...targetOf(database),
  ])
  if (finished.code !== 0)
    throw new Failure(`migrations: ${adviceOn(finished.stdout + finished.stderr) ?? complaintOf(finished)}`)
}

/** A text as an SQL literal. */
export const sqlText = (text: string): string => `'${text.replaceAll("'", "''")}'`
