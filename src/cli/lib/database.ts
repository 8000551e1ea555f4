/** @module The service's D1 database from the command line, through `wrangler d1`: the local one, or with `--remote` the real one. */

import { resolve } from 'node:path'
import { complaintOf, runWrangler } from '../dev/wrangler.ts'
import { Failure } from './failure.ts'
import { type JsonObject, UsageError } from './ndjson.ts'
import { textOf } from './options.ts'

/** Which database; `persistTo` is an absolute path. */
export interface Database {
  readonly remote: boolean
  readonly env?: string | undefined
  readonly persistTo?: string | undefined
}

export const DATABASE_TEXTS = ['env', 'persist-to'] as const

export function databaseOf(values: JsonObject): Database {
  const persistTo = textOf(values, 'persist-to')
  if (values.remote && persistTo !== undefined)
    throw new UsageError('--persist-to is about the local database, --remote is not')
  return {
    remote: values.remote === true,
    env: textOf(values, 'env'),
    persistTo: persistTo === undefined ? undefined : resolve(persistTo),
  }
}

/** The binding's name, which is the same in every environment. */
const BINDING = 'DB'

const placeOf = ({ remote, env, persistTo }: Database): string[] => [
  remote ? '--remote' : '--local',
  ...(env === undefined ? [] : ['--env', env]),
  ...(persistTo === undefined ? [] : ['--persist-to', persistTo]),
]

export type Row = Readonly<Record<string, unknown>>

/** Rows of each statement in `sql`. Throws Failure with the database's complaint. */
export async function query(database: Database, sql: string): Promise<Row[][]> {
  const finished = await runWrangler([
    'd1',
    'execute',
    BINDING,
    '--json',
    '--yes',
    '--command',
    sql,
    ...placeOf(database),
  ])
  const answer = parse(finished.stdout)
  if (Array.isArray(answer)) return answer.map(({ results }: { results?: Row[] }) => results ?? [])
  const { error } = (answer ?? {}) as { error?: { text?: string } }
  throw new Failure(`database: ${error?.text ?? complaintOf(finished)}`)
}

/** Wrangler may say something before the JSON. */
function parse(stdout: string): unknown {
  const start = stdout.search(/^[[{]/m)
  try {
    return JSON.parse(stdout.slice(start))
  } catch {
    return undefined
  }
}

export async function applyMigrations(database: Database): Promise<void> {
  const finished = await runWrangler(['d1', 'migrations', 'apply', BINDING, ...placeOf(database)])
  if (finished.code !== 0) throw new Failure(`migrations: ${complaintOf(finished)}`)
}

/** A text as an SQL literal. */
export const sqlText = (text: string): string => `'${text.replaceAll("'", "''")}'`
