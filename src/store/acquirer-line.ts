/** @module The line of the acquirer: the last echo, in database 0, and the answers that prove the line without one. */

import { sql } from 'drizzle-orm'
import { acquirerLineTable } from './acquirer-schema.ts'
import { type Db, persist } from './db.ts'
import { sale, voidTable } from './schema.ts'

/** A run of the cron may begin so many milliseconds early. */
const EARLY_MS = 10_000

/** Milliseconds from a failed echo to the next one. */
const RETRY_MS = 60_000

/** Whether the acquirer answered a sale or void that was sent after `since`, in milliseconds since the epoch. */
export async function hasAnswers(db: Db, since: number): Promise<boolean> {
  const [sales, voids] = await persist(() =>
    db.batch([
      db
        .select({ n: sql`1` })
        .from(sale)
        .where(sql`acquirer_stan_raw is not null and sold_at > ${since}`)
        .limit(1),
      db
        .select({ n: sql`1` })
        .from(voidTable)
        .where(sql`acquirer_stan_raw is not null and voided_at > ${since}`)
        .limit(1),
    ]),
  )
  return sales.length + voids.length > 0
}

/**
 * Begins an echo, unless one began in the last `idleMs`, or in the last minute after a failure. Returns the failures in a row before it,
 * null when none may begin. `now`: milliseconds since the epoch.
 */
export async function leaseEcho(db: Db, now: number, idleMs: number): Promise<number | null> {
  // Not `persist`: a repeat finds the lease taken, and gives nothing to anyone.
  const [[leased]] = await db.batch([
    db
      .insert(acquirerLineTable)
      .values({ id: 1, askedAt: now, failures: 0, why: null })
      .onConflictDoUpdate({
        target: acquirerLineTable.id,
        set: { askedAt: now },
        setWhere: sql`abs(asked_at - ${now}) >= iif(failures > 0, ${RETRY_MS}, ${idleMs}) - ${EARLY_MS}`,
      })
      .returning({ failures: acquirerLineTable.failures }),
  ])
  return leased?.failures ?? null
}

/** Writes the result of an echo: its fault, or null. */
export async function noteEcho(db: Db, failures: number, why: string | null): Promise<void> {
  await persist(() => db.batch([db.update(acquirerLineTable).set({ failures, why }).where(sql`id = 1`)]))
}

/** Other answers have proved the line. */
export async function noteAnswers(db: Db): Promise<void> {
  await persist(() =>
    db.batch([db.update(acquirerLineTable).set({ failures: 0, why: null }).where(sql`failures > 0`)]),
  )
}
