/**
 * @module The rig's D1: a Worker with the HTTP protocol of workerd's own D1 binding and with D1's faults. A
 * Durable Object keeps the SQLite file. Its `Control` is the rig's control API, on another socket.
 *
 * It runs inside workerd: its types are stripped when a rig starts, and it imports nothing else.
 */

import { DurableObject } from 'cloudflare:workers'

interface Query {
  readonly sql: string
  readonly params?: readonly (string | number | null | readonly number[])[] | null
}

interface D1Env {
  readonly DATABASE: DurableObjectNamespace<Database>
  /** The service's isolates. */
  readonly ISOLATES: readonly string[]
  readonly FAULTS: Partial<Faults>
}

/** A service binding to one of them. */
interface Scheduled {
  scheduled(event: { scheduledTime: Date; cron: string }): Promise<{ outcome: string }>
}

/** Shares of calls from 0 to 1. A call gets at most one fault. */
export interface Faults {
  readonly seed: number
  /** The call is lost on its way: nothing is written. */
  readonly before: number
  /** The reply is lost: everything is written. */
  readonly after: number
  /** Refused, nothing is written. D1 reports it and does not retry. */
  readonly overload: number
  readonly late: number
  /** Milliseconds that a late call waits before it runs. */
  readonly lateMs: number
  /** Milliseconds added to every call. */
  readonly latencyMs: number
  /** Milliseconds for which a call blocks the database, because D1 runs one at a time. */
  readonly busyMs: number
  /** Calls that may wait for the database. One more is refused as overload. 0 means no limit. */
  readonly queue: number
}

export type Fault = 'before' | 'after' | 'overload' | 'late'

/** The number of calls, of writing calls, of their statements, and of each fault. */
export type Counts = Record<'calls' | 'writes' | 'statements' | Fault, number>

/**
 * D1's error texts after which a call may be repeated and may or may not have been done (its list of errors,
 * developers.cloudflare.com/d1/observability/debug-d1). Used in turn.
 */
const LOST = [
  'Network connection lost.',
  'Internal error while starting up D1 DB storage caused object to be reset.',
  'Internal error in D1 DB storage caused object to be reset.',
  'D1 DB storage operation exceeded timeout which caused object to be reset.',
  'D1 DB exceeded its CPU time limit and was reset.',
  'Cannot resolve D1 DB due to transient issue on remote node.',
  'D1 DB reset because its code was updated.',
]
const OVERLOADED = 'D1 DB is overloaded. Requests queued for too long.'
const QUEUE_FULL = 'D1 DB is overloaded. Too many requests queued.'

export class Database extends DurableObject {
  /** All of it or nothing. */
  run(queries: readonly Query[]): object[] {
    const { sql } = this.ctx.storage
    return this.ctx.storage.transactionSync(() =>
      queries.map(({ sql: text, params }) => {
        const bound = (params ?? []).map((value) =>
          Array.isArray(value) ? Uint8Array.from(value).buffer : value,
        )
        const cursor = sql.exec(text, ...bound)
        const rows = [...cursor.raw()]
        const meta = {
          duration: 0,
          changes: cursor.rowsWritten,
          last_row_id: 0,
          changed_db: cursor.rowsWritten > 0,
          size_after: sql.databaseSize,
          rows_read: cursor.rowsRead,
          rows_written: cursor.rowsWritten,
        }
        return { success: true, results: { columns: cursor.columnNames, rows }, meta }
      }),
    )
  }
}

const NONE: Faults = {
  seed: 1,
  before: 0,
  after: 0,
  overload: 0,
  late: 0,
  lateMs: 0,
  latencyMs: 0,
  busyMs: 0,
  queue: 0,
}
const NO_COUNTS: Counts = { calls: 0, writes: 0, statements: 0, before: 0, after: 0, overload: 0, late: 0 }

let faults: Faults | null = null
/** The faults of the next writing calls, whatever the shares are. */
let next: Fault[] = []
let counts = { ...NO_COUNTS }
let state = 0
let waiting = 0
let lost = 0
let free: Promise<unknown> = Promise.resolve()

function setFaults(change: Partial<Faults>): Faults {
  faults = { ...NONE, ...faults, ...change }
  if (change.seed !== undefined) state = change.seed >>> 0
  return faults
}

/** 0 to 1, the same for the same seed (mulberry32). */
function random(): number {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
}

function draw(writes: boolean, { before, after, overload, late }: Faults): Fault | null {
  const scripted = writes ? next.shift() : undefined
  if (scripted !== undefined) return scripted
  const at = random()
  if (at < before) return 'before'
  if (at < before + after) return 'after'
  if (at < before + after + overload) return 'overload'
  return at < before + after + overload + late ? 'late' : null
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const failure = (error: string): Response => Response.json({ success: false, error })

/** One call at a time when each blocks the database. Null when too many wait. */
async function oneAtATime<T>(run: () => Promise<T>, { busyMs, queue }: Faults): Promise<T | null> {
  if (busyMs === 0) return run()
  if (queue > 0 && waiting > queue) return null
  waiting += 1
  const mine = free.then(() => Promise.all([run(), sleep(busyMs)]))
  free = mine.catch(() => undefined)
  try {
    return (await mine)[0]
  } finally {
    waiting -= 1
  }
}

async function call(env: D1Env, queries: readonly Query[]): Promise<Response> {
  const settings = faults ?? setFaults(env.FAULTS)
  const writes = queries.some(({ sql }) => !/^\s*select\b/i.test(sql))
  const database = env.DATABASE.get(env.DATABASE.idFromName('annul'))
  const run = () => database.run(queries as Query[])
  counts.calls += 1
  counts.statements += queries.length
  if (writes) counts.writes += 1
  // D1 itself repeats reading calls up to twice, and never writing calls.
  for (let attempt = 1; ; attempt++) {
    const fault = draw(writes, settings)
    if (fault !== null) counts[fault] += 1
    if (settings.latencyMs > 0) await sleep(settings.latencyMs)
    if (fault === 'overload') return failure(OVERLOADED)
    if (fault === 'late') await sleep(settings.lateMs)
    try {
      const results = fault === 'before' ? null : await oneAtATime(run, settings)
      if (results === null && fault !== 'before') return failure(QUEUE_FULL)
      if (results !== null && fault !== 'after') return Response.json(results)
    } catch (error) {
      return failure((error as Error).message)
    }
    if (writes || attempt === 3) return failure(LOST[lost++ % LOST.length] ?? '')
  }
}

/** The end of the service's D1 binding. */
export default {
  async fetch(request, env, context) {
    const queries = (await request.json()) as Query | Query[]
    const called = call(env, Array.isArray(queries) ? queries : [queries])
    // A call that arrived is executed, even when its sender is killed.
    context.waitUntil(called)
    const response = await called
    if (Array.isArray(queries) || !response.ok) return response
    const body = (await response.json()) as object[] | object
    return Response.json(Array.isArray(body) ? body[0] : body)
  },
} satisfies ExportedHandler<D1Env>

/**
 * `PUT /faults`, `POST /next`, `GET /counts` (and reset), `POST /query` without faults, `POST /scheduled`.
 */
export const Control = {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url)
    switch (`${request.method} ${pathname}`) {
      case 'PUT /faults':
        return Response.json(setFaults((await request.json()) as Partial<Faults>))
      case 'POST /next':
        next = (await request.json()) as Fault[]
        return Response.json(next)
      case 'GET /counts': {
        const before = counts
        counts = { ...NO_COUNTS }
        return Response.json(before)
      }
      case 'POST /query':
        try {
          const database = env.DATABASE.get(env.DATABASE.idFromName('annul'))
          return Response.json(await database.run((await request.json()) as Query[]))
        } catch (error) {
          return failure((error as Error).message)
        }
      case 'POST /scheduled': {
        const at = Number(searchParams.get('isolate') ?? 0)
        const isolate = (env as unknown as Record<string, Scheduled>)[env.ISOLATES[at] ?? '']
        const cron = searchParams.get('cron') ?? '* * * * *'
        const ran = await isolate?.scheduled({ scheduledTime: new Date(), cron })
        return Response.json(ran ?? { outcome: 'no such isolate' })
      }
    }
    return new Response(null, { status: 404 })
  },
} satisfies ExportedHandler<D1Env>
