/** @module The service under load, with what the driver may use of it. */

import type { Row } from '../rig/control.ts'

export interface Target {
  /** The kind, and the version of what runs it. */
  readonly name: string
  readonly url: URL
  readonly merchantId: string
  /** Several keys, so that none exceeds its rate. */
  readonly adminKeys: readonly string[]
  readonly merchantKeys: readonly string[]
  /** The Worker of the floors; null when none runs beside the service. */
  readonly floors: URL | null
  /** Milliseconds for which another isolate may repeat an answer after a reversal. */
  readonly graceMs: number
  /** Calls of D1 and their statements since the last call. Null when nobody counts them. */
  readonly counts: (() => Promise<D1Counts>) | null
  /** Rows of the database. Null when only the API is there. */
  readonly rows: ((sql: string) => Promise<Row[]>) | null
  /** Whether `rows` is quick enough while the load runs. */
  readonly hasQuickRows: boolean
  /** Adds milliseconds to each call of D1, those of the floors too. */
  readonly slowDown: ((ms: number) => Promise<void>) | null
  /** Differences between the acquirer’s books and ours. */
  readonly compareAcquirer: (() => Promise<string[]>) | null
  /** The alerts in the log of the service, by what they say. */
  alerts(): Readonly<Record<string, number>>
  /** Checks chains and tables as they are on the disk. May stop the service. Null without its database. */
  readonly audit: (() => Promise<string[]>) | null
  /** The processes of the service and of the floors, as far as they are known. */
  readonly pids: readonly number[]
  stop(): Promise<void>
}

export interface D1Counts {
  readonly calls: number
  readonly statements: number
}
