/** @module `annul status`: the size of the database, what it holds, what waits, and which migrations are missing. */

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DAY_MS, utcDay } from '../domain/refusal-quota.ts'
import { COUNT_ENTRIES } from '../store/size.ts'
import { root } from './dev/wrangler.ts'
import { type Database, databaseOf, execute, query, type Row } from './lib/database.ts'
import type { Run } from './lib/declare.ts'
import { Failure } from './lib/failure.ts'
import { localSize } from './lib/local-size.ts'
import { readDatabaseSettings } from './lib/worker-settings.ts'
import type { STATUS } from './table/operation.ts'

/** Figures that need every table. */
interface Figures {
  readonly entries: number
  readonly sales: number
  readonly voids: number
  readonly openCases: number
  readonly dueMessages: number
  readonly oldestDue: string | null
  readonly refusalsBeyondQuota: number
  /** Days of the acquirer whose case is open. */
  readonly openDays: number
  /** The last echo at the acquirer, and those in a row without a good answer. Null: none was sent. */
  readonly echo: { readonly askedAt: string; readonly failures: number; readonly why: string | null } | null
}

interface Found {
  readonly applied: readonly string[]
  /** Null: a table is missing. */
  readonly figures: Figures | null
  readonly bytes: number | null
}

export const run: Run<typeof STATUS> = async (parsed, io) => {
  const database = databaseOf(parsed)
  const { id, limit } = readDatabaseSettings(database)
  const now = Date.now()
  const { applied, figures, bytes: reported } = await look(database, now)
  const bytes = reported ?? (database.remote ? null : localSize(id, database.persistTo))
  const missing = migrations().filter((name) => !applied.includes(name))
  const status = {
    bytes,
    limit,
    percent: bytes === null ? null : Math.floor((bytes * 100) / limit),
    day: new Date(now).toISOString().slice(0, 10),
    ...figures,
    migrations: { applied: applied.length, missing },
  }
  io.stdout(parsed.json ? JSON.stringify(status) : sentences(status, figures))
  return missing.length === 0 ? 0 : 1
}

/** The files of the checkout that wrangler applies, in order. */
const migrations = (): string[] =>
  readdirSync(join(root, 'migrations'))
    .filter((name) => name.endsWith('.sql'))
    .sort()

const APPLIED = 'select name from d1_migrations order by id'

/** Sales and voids have no index by time, so this reads all of them. */
const figuresAt = (now: number): string => {
  const day = utcDay(now)
  return `select
    ${COUNT_ENTRIES} as entries,
    (select count(*) from sale where sold_at >= ${day * DAY_MS} and status = 'approved') as sales,
    (select count(*) from void where voided_at >= ${day * DAY_MS} and state not in ('declined', 'reversed')) as voids,
    (select count(*) from acquirer_message where case_opened_at is not null and case_closed_at is null) as openCases,
    (select count(*) from acquirer_message where next_at <= ${now}) as dueMessages,
    (select min(next_at) from acquirer_message where next_at <= ${now}) as oldestDue,
    (select coalesce(sum(refused), 0) from refusal_count where day = ${day}) as refusalsBeyondQuota,
    (select count(*) from acquirer_settlement where case_opened_at is not null and case_closed_at is null) as openDays,
    (select json_array(asked_at, failures, why) from acquirer_line) as echo`
}

/** Reads all in one statement. Where a table is missing, reads which migrations are applied. */
async function look(database: Database, now: number): Promise<Found> {
  try {
    const [first, second] = await execute(database, `${APPLIED}; ${figuresAt(now)}`)
    const row = second?.rows[0]
    return {
      applied: namesOf(first?.rows),
      figures: row === undefined ? null : figuresOf(row),
      bytes: second?.bytes ?? null,
    }
  } catch (error) {
    const missing = error instanceof Failure ? /no such (?:table|column): (\w+)/.exec(error.message) : null
    if (missing === null) throw error
    const applied = missing[1] === 'd1_migrations' ? [] : namesOf((await query(database, APPLIED))[0])
    // With every migration applied, the table is missing for another reason.
    if (migrations().every((name) => applied.includes(name))) throw error
    return { applied, figures: null, bytes: null }
  }
}

const namesOf = (rows: readonly Row[] = []): string[] => rows.map(({ name }) => String(name))

const figuresOf = (row: Row): Figures => ({
  entries: Number(row.entries),
  sales: Number(row.sales),
  voids: Number(row.voids),
  openCases: Number(row.openCases),
  dueMessages: Number(row.dueMessages),
  oldestDue: row.oldestDue === null ? null : new Date(Number(row.oldestDue)).toISOString(),
  refusalsBeyondQuota: Number(row.refusalsBeyondQuota),
  openDays: Number(row.openDays),
  echo: echoOf(row.echo),
})

function echoOf(value: unknown): Figures['echo'] {
  if (typeof value !== 'string') return null
  const [askedAt, failures, why] = JSON.parse(value)
  return { askedAt: new Date(askedAt).toISOString(), failures, why }
}

interface Status {
  readonly bytes: number | null
  readonly limit: number
  readonly percent: number | null
  readonly day: string
  readonly migrations: { readonly applied: number; readonly missing: readonly string[] }
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

function sentences({ bytes, limit, percent, day, migrations }: Status, figures: Figures | null): string {
  const { applied, missing } = migrations
  const size = bytes === null ? 'size unknown' : `${megabytes(bytes)} of ${megabytes(limit)}, ${percent} %`
  return [
    `database: ${size}`,
    ...(figures === null ? [] : linesOf(figures, day)),
    `migrations: ${applied} applied, ${missing.length === 0 ? 'none' : missing.join(', ')} missing`,
  ].join('\n')
}

const linesOf = (figures: Figures, day: string): string[] => {
  const { dueMessages, oldestDue, openDays, echo } = figures
  return [
    `journal: ${figures.entries} entries`,
    `today (${day} UTC): ${figures.sales} sales, ${figures.voids} voids`,
    `refusals beyond the quota today: ${figures.refusalsBeyondQuota}`,
    `open cases: ${figures.openCases}`,
    `due messages: ${dueMessages}${oldestDue === null ? '' : `, the oldest since ${oldestDue}`}`,
    ...(openDays === 0 ? [] : [`days of the acquirer with an open case: ${openDays}`]),
    ...(echo === null ? [] : [lineOf(echo)]),
  ]
}

const lineOf = ({ askedAt, failures, why }: NonNullable<Figures['echo']>): string =>
  failures === 0
    ? `acquirer: answers, last echo ${askedAt}`
    : `acquirer: ${failures} echoes without an answer, the last ${askedAt}: ${why}`
