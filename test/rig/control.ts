/** @module The rig's control API: D1 faults, queries without faults, and the scheduled handler. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../src/cli/dev/wrangler.ts'
import type { Counts, Fault, Faults } from './d1.ts'

export type Row = Readonly<Record<string, string | number | null>>

export interface Control {
  /** Changes the named settings and returns all. A seed restarts its sequence. */
  faults(change: Partial<Faults>): Promise<Faults>
  /** The faults of the next writing calls, one each, whatever the shares are. */
  next(...faults: readonly Fault[]): Promise<void>
  /** Since the process started or since the last call of this. */
  counts(): Promise<Counts>
  /** The rows of a statement, without faults. */
  query(sql: string, ...params: readonly (string | number | null)[]): Promise<Row[]>
  /** Runs the scheduled handler of an isolate to its end. Returns its outcome. */
  scheduled(isolate?: number): Promise<string>
}

interface Result {
  readonly results: {
    readonly columns: readonly string[]
    readonly rows: readonly (readonly (string | number | null)[])[]
  }
}

export function openControl(url: URL): Control {
  const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(new URL(path, url), {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`control: ${method} ${path}: HTTP ${response.status}`)
    return response.json()
  }
  return {
    faults: async (change) => (await ask('PUT', '/faults', change)) as Faults,
    next: async (...faults) => void (await ask('POST', '/next', faults)),
    counts: async () => (await ask('GET', '/counts')) as Counts,
    async query(sql, ...params) {
      const answer = (await ask('POST', '/query', [{ sql, params }])) as Result[] | { error: string }
      if (!Array.isArray(answer)) throw new Error(`${answer.error}: ${sql}`)
      const [{ results }] = answer as [Result]
      return results.rows.map((row) => Object.fromEntries(row.map((cell, i) => [results.columns[i], cell])))
    },
    async scheduled(isolate = 0) {
      const { outcome } = (await ask('POST', `/scheduled?isolate=${isolate}`)) as { outcome: string }
      return outcome
    },
  }
}

/** Applies each file of migrations/ that the database does not have. */
export async function migrate({ query }: Control): Promise<void> {
  await query('create table if not exists d1_migrations (name text primary key)')
  const applied = new Set((await query('select name from d1_migrations')).map(({ name }) => name))
  const folder = join(root, 'migrations')
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith('.sql') || applied.has(name)) continue
    await query(
      `${readFileSync(join(folder, name), 'utf8')}; insert into d1_migrations (name) values ('${name}')`,
    )
  }
}
