/** @module Refusals beyond the quota, which are counted and not written, and the end of old counts. */

import { lt, sql } from 'drizzle-orm'
import type { SenderRefusals } from '../domain/decision.ts'
import type { Db } from './db.ts'
import { refusalCount } from './schema.ts'
import { overItems } from './statements.ts'
import { excluded, fromItem } from './step.ts'

/** Refusals of a sender beyond its quota. */
export interface BeyondQuota extends Pick<SenderRefusals, 'key' | 'day'> {
  readonly refused: number
}

const add = overItems((db, items) =>
  db
    .insert(refusalCount)
    .select(sql`select ${fromItem(refusalCount)} from ${items} where true`)
    .onConflictDoUpdate({
      target: [refusalCount.key, refusalCount.day],
      set: { refused: sql`refused + ${excluded('refused')}` },
    })
    .returning({ key: refusalCount.key, day: refusalCount.day, refused: refusalCount.refused }),
)

/**
 * Adds to the counts, one row for a sender and day. Returns the senders whose first refusals beyond the quota these are. Throws the
 * errors of D1. After an error with an unknown outcome it is not sent again, so a count may be too small.
 */
export async function countBeyondQuota(db: Db, rows: readonly BeyondQuota[]): Promise<BeyondQuota[]> {
  const [counts] = await db.batch([
    add(
      db,
      rows.map((row) => ({ ...row, written: 0 })),
    ),
  ])
  return rows.filter(({ key, day, refused }) =>
    counts.some((count) => count.key === key && count.day === day && count.refused === refused),
  )
}

/** The most counts that one call deletes. */
const MOST_FORGOTTEN = 5000

/** Deletes the counts of the days before `day`, in days since the epoch. */
export async function forgetRefusals(db: Db, day: number): Promise<void> {
  const old = db
    .select({ key: refusalCount.key, day: refusalCount.day })
    .from(refusalCount)
    .where(lt(refusalCount.day, day))
    .limit(MOST_FORGOTTEN)
  await db.delete(refusalCount).where(sql`(key, day) in ${old}`)
}
