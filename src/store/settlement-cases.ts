/** @module The days that were settled with the acquirer, for administrators, and the end of a day's case. */

import { sql } from 'drizzle-orm'
import { acquirerSettlement } from './acquirer-schema.ts'
import type { SettlementRow } from './acquirer-settlements.ts'
import { isLive, liveCredential, mayRead } from './caller.ts'
import { type Db, persist } from './db.ts'
import type { Credential } from './load.ts'

/** A day and a currency name a row. */
export type DayName = Pick<SettlementRow, 'day' | 'currencyCode'>

export interface DayQuery {
  /** The state of the cases. Undefined: all days, also those without a case. */
  readonly state: 'open' | 'closed' | undefined
  /** The last one of the page before. */
  readonly after: DayName
  readonly limit: number
}

export interface FoundDays {
  readonly credential: Credential | null
  readonly days: readonly SettlementRow[]
}

/** No merchant has these rows. */
const NO_MERCHANT = sql`null`

/** Reads up to `limit` days in their order. `credential` is the SHA-256 of a bearer key, lower-case hex. */
export async function readDays(
  db: Db,
  credential: string,
  now: number,
  { state, after, limit }: DayQuery,
): Promise<FoundDays> {
  const isClosed = sql.raw(state === 'closed' ? 'is not null' : 'is null')
  const [credentials, days] = await db.batch([
    liveCredential(db, credential, now),
    db
      .select()
      .from(acquirerSettlement)
      .where(
        sql`(day, currency_code) > (${after.day}, ${after.currencyCode})
          ${state === undefined ? sql`` : sql`and case_opened_at is not null and case_closed_at ${isClosed}`}
          and ${mayRead(NO_MERCHANT, credential, now)}`,
      )
      .orderBy(acquirerSettlement.day, acquirerSettlement.currencyCode)
      .limit(limit),
  ])
  return { credential: credentials[0] ?? null, days }
}

/** Reads one day; none when it is not counted. */
export async function readDay(
  db: Db,
  credential: string,
  now: number,
  { day, currencyCode }: DayName,
): Promise<FoundDays> {
  const [credentials, days] = await db.batch([
    liveCredential(db, credential, now),
    db
      .select()
      .from(acquirerSettlement)
      .where(
        sql`day = ${day} and currency_code = ${currencyCode} and ${mayRead(NO_MERCHANT, credential, now)}`,
      ),
  ])
  return { credential: credentials[0] ?? null, days }
}

/** Closes the open case of a day, by a live key. Another caller may be first, so the row says whose note stays. */
export async function closeDay(
  db: Db,
  credential: string,
  { day, currencyCode }: DayName,
  { at, by, note }: { readonly at: number; readonly by: string; readonly note: string },
): Promise<void> {
  await persist(() =>
    db
      .update(acquirerSettlement)
      .set({ caseClosedAt: at, closedBy: by, note })
      .where(
        sql`day = ${day} and currency_code = ${currencyCode} and case_opened_at is not null and case_closed_at is null
          and exists (select 1 from api_key where ${isLive(credential, at)})`,
      ),
  )
}
