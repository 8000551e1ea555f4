/**
 * @module The MAC keys of sign-ons at the acquirer, and the lease of a sign-on. Both are in database 0.
 *
 * The lease gives a number to one caller in each minute. The number is the version of the key that its sign-on brings. So no two
 * sign-ons write one row.
 */

import { desc, lt, sql } from 'drizzle-orm'
import { type Db, persist } from './db.ts'
import { acquirerKeyTable, acquirerSignOnTable } from './key-schema.ts'

export type AcquirerKeyRow = typeof acquirerKeyTable.$inferSelect

/** Milliseconds from the beginning of one sign-on to that of the next. */
const SIGN_ON_EVERY_MS = 60_000

/** The keys that are kept: the newest one, and the one before for messages in flight. */
const KEPT = 2

const newestKeys = (db: Db) =>
  db.select().from(acquirerKeyTable).orderBy(desc(acquirerKeyTable.version)).limit(KEPT)

/** The newest key and the one before it. */
export const readAcquirerKeys = (db: Db): Promise<AcquirerKeyRow[]> => persist(() => newestKeys(db))

export interface SignOnLease {
  /** The version of the new key; null when no sign-on may begin. */
  readonly version: number | null
  /** The last sign-on that began, perhaps this one. */
  readonly last: { readonly version: number; readonly askedAt: number } | null
  /** As of now, the newest first. */
  readonly rows: readonly AcquirerKeyRow[]
}

/**
 * Begins a sign-on, unless there is a key after `known`, or another one began in the last minute. A clock that is wrong by more than
 * that begins one early. `now`: milliseconds since the epoch.
 */
export async function leaseSignOn(db: Db, known: number, now: number): Promise<SignOnLease> {
  // Not `persist`: a repeat finds the lease taken, and gives nothing to anyone.
  const [leased, rows, [last]] = await db.batch([
    db
      .insert(acquirerSignOnTable)
      .select(sql`select 1, 1, ${now} where not exists (select 1 from acquirer_key where version > ${known})`)
      .onConflictDoUpdate({
        target: acquirerSignOnTable.id,
        set: { version: sql`${acquirerSignOnTable.version} + 1`, askedAt: now },
        setWhere: sql`abs(${acquirerSignOnTable.askedAt} - ${now}) >= ${SIGN_ON_EVERY_MS}`,
      })
      .returning({ version: acquirerSignOnTable.version }),
    newestKeys(db),
    db
      .select({ version: acquirerSignOnTable.version, askedAt: acquirerSignOnTable.askedAt })
      .from(acquirerSignOnTable),
  ])
  return { version: leased[0]?.version ?? null, last: last ?? null, rows }
}

/** Adds the key of a sign-on, and deletes keys that no message in flight can have. */
export async function addAcquirerKey(db: Db, row: AcquirerKeyRow): Promise<void> {
  const older = db
    .select({ version: acquirerKeyTable.version })
    .from(acquirerKeyTable)
    .orderBy(desc(acquirerKeyTable.version))
    .limit(1)
    .offset(KEPT - 1)
  await persist(() =>
    db.batch([
      db.insert(acquirerKeyTable).values(row).onConflictDoNothing(),
      db.delete(acquirerKeyTable).where(lt(acquirerKeyTable.version, older)),
    ]),
  )
}
