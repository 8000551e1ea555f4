/** @module A D1 that counts its trips and can fail before or after a trip. */

import { rows } from './book.ts'

export interface Statement {
  readonly sql: string
  readonly params: readonly unknown[]
}

/** One round trip: a batch, or a single statement. */
export interface Trip {
  readonly statements: readonly Statement[]
}

export interface Watch {
  /** Runs before the trip. If it throws, the caller gets its error and nothing was done. */
  before?(trip: Trip): void | Promise<void>
  /** Runs after the trip. If it throws, the caller gets its error although all was done. */
  after?(trip: Trip): void | Promise<void>
}

export const writesJournal = ({ statements }: Trip): boolean =>
  statements.some(({ sql }) => /^insert into "incoming"/i.test(sql))

export interface WatchedD1 {
  readonly database: D1Database
  /** Round trips so far, including failed ones. */
  readonly trips: Trip[]
  watch: Watch
}

class Watched {
  readonly real: D1PreparedStatement
  readonly statement: Statement
  readonly #ask: (trip: Trip, work: () => Promise<unknown>) => Promise<unknown>

  constructor(real: D1PreparedStatement, statement: Statement, ask: Watched['ask']) {
    this.real = real
    this.statement = statement
    this.#ask = ask
  }

  get ask() {
    return this.#ask
  }

  bind(...params: unknown[]): Watched {
    return new Watched(this.real.bind(...params), { ...this.statement, params }, this.#ask)
  }

  all = () => this.#alone(() => this.real.all())
  run = () => this.#alone(() => this.real.run())
  raw = () => this.#alone(() => this.real.raw())
  first = () => this.#alone(() => this.real.first())

  #alone(work: () => Promise<unknown>): Promise<unknown> {
    return this.#ask({ statements: [this.statement] }, work)
  }
}

export function watchD1(d1: D1Database): WatchedD1 {
  const watched = { trips: [] as Trip[], watch: {} as Watch }
  const ask = async (trip: Trip, work: () => Promise<unknown>): Promise<unknown> => {
    watched.trips.push(trip)
    await watched.watch.before?.(trip)
    const result = await work()
    await watched.watch.after?.(trip)
    return result
  }
  const database = {
    prepare: (sql: string) => new Watched(d1.prepare(sql), { sql, params: [] }, ask),
    batch: (statements: readonly Watched[]) =>
      ask({ statements: statements.map(({ statement }) => statement) }, () =>
        d1.batch(statements.map(({ real }) => real)),
      ),
  }
  return Object.assign(watched, { database: database as unknown as D1Database })
}

/** The whole tables that a statement would read, by its plan. */
export async function scansOf(sql: string, params: readonly unknown[]): Promise<string[]> {
  const plan = await rows(`explain query plan ${sql}`, ...params)
  const scans = plan.map(({ detail }) => String(detail)).filter((detail) => /\bSCAN\b/.test(detail))
  return scans.filter((detail) => !/^SCAN (json_each VIRTUAL TABLE|each$|CONSTANT ROW|found)/.test(detail))
}

/** The error text of platform.md after which a write may or may not have been done. */
export const LOST = 'D1_ERROR: Network connection lost.'
