/** @module Batches that closed with a difference: their rows, and the list of them. */

import { sql } from 'drizzle-orm'
import { differs } from '../domain/batch-closing.ts'
import type { Totals } from '../domain/totals.ts'

import { batchDifference } from './batch-schema.ts'
import { liveCredential, mayRead } from './caller.ts'
import type { Db } from './db.ts'
import type { Credential } from './load.ts'
import { overItems } from './statements.ts'
import { type CommitItem, newItems, optional, type Step } from './step.ts'

const listOf = (totals: Totals | null): string | null =>
  totals === null
    ? null
    : JSON.stringify([totals.debitAmount, totals.debitCount, totals.creditAmount, totals.creditCount])

function totalsOf(list: string): Totals {
  const [debitAmount, debitCount, creditAmount, creditCount] = JSON.parse(list)
  return { debitAmount, debitCount, creditAmount, creditCount }
}

const totalsOrNull = (list: string | null): Totals | null => (list === null ? null : totalsOf(list))

/** The row of an entry that closes a batch with a difference. */
const differenceRows = ({ effects: { closing, batch }, row, terminal }: CommitItem) =>
  optional(closing !== undefined && differs(closing) ? closing : undefined).map((one) => ({
    terminalId: row.terminalId,
    seq: row.seq,
    merchantId: terminal.merchantId,
    batchNumber: batch?.batchNumber,
    closedAt: one.at,
    own: listOf(one.own),
    office: listOf(one.office),
    declared: listOf(one.declared),
    declaredForeign: listOf(one.declaredForeign),
    difference: listOf(one.difference),
  }))

/** The step that writes them. */
export const DIFFERENCES: Step = {
  rows: differenceRows,
  table: 'batch_difference',
  target: ({ seq }) => String(seq),
  statement: overItems((db, items) =>
    db.insert(batchDifference).select(newItems(batchDifference, items)).onConflictDoNothing(),
  ),
}

export interface BatchDifference {
  readonly merchantId: string
  readonly terminalId: string
  readonly batchNumber: string
  readonly seq: number
  /** Milliseconds since the epoch. */
  readonly closedAt: number
  readonly own: Totals
  readonly office: Totals
  readonly declared: Totals | null
  readonly declaredForeign: Totals | null
  readonly difference: Totals | null
}

export interface DifferenceQuery {
  /** Undefined: all that the credential may read. */
  readonly merchantId: string | undefined
  /** The last one of the page before. */
  readonly after: Pick<BatchDifference, 'closedAt' | 'terminalId' | 'seq'>
  readonly limit: number
}

/** Reads up to `limit` differences in the order of their closing. `credential` is the SHA-256 of a bearer key, lower-case hex. */
export async function readDifferences(
  db: Db,
  credential: string,
  now: number,
  { merchantId, after, limit }: DifferenceQuery,
): Promise<{ readonly credential: Credential | null; readonly differences: readonly BatchDifference[] }> {
  const [credentials, rows] = await db.batch([
    liveCredential(db, credential, now),
    db
      .select()
      .from(batchDifference)
      .where(
        sql`(closed_at, terminal_id, seq) > (${after.closedAt}, ${after.terminalId}, ${after.seq})
          ${merchantId === undefined ? sql`` : sql`and merchant_id = ${merchantId}`}
          and ${mayRead(sql`batch_difference.merchant_id`, credential, now)}`,
      )
      .orderBy(batchDifference.closedAt, batchDifference.terminalId, batchDifference.seq)
      .limit(limit),
  ])
  const differences = rows.map(({ own, office, declared, declaredForeign, difference, ...row }) => ({
    ...row,
    own: totalsOf(own),
    office: totalsOf(office),
    declared: totalsOrNull(declared),
    declaredForeign: totalsOrNull(declaredForeign),
    difference: totalsOrNull(difference),
  }))
  return { credential: credentials[0] ?? null, differences }
}
