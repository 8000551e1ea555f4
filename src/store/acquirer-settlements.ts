/** @module The days that are settled with the acquirer, in database 0. A lease lets one caller send a 0500, as for messages (outbox.ts). */

import { asc, desc, sql } from 'drizzle-orm'
import type { Totals } from '../domain/totals.ts'
import { acquirerSettlement } from './acquirer-schema.ts'
import { type Db, persist } from './db.ts'

export type SettlementRow = typeof acquirerSettlement.$inferSelect

/** Totals as a JSON list, one after another. */
export const totalsList = (...totals: readonly Totals[]): string =>
  JSON.stringify(
    totals.flatMap((one) => [one.debitAmount, one.debitCount, one.creditAmount, one.creditCount]),
  )

/** The totals of such a list. */
export function totalsIn(list: string): readonly Totals[] {
  const numbers: number[] = JSON.parse(list)
  return Array.from({ length: numbers.length / 4 }, (_, i) => {
    const [debitAmount = 0, debitCount = 0, creditAmount = 0, creditCount = 0] = numbers.slice(4 * i)
    return { debitAmount, debitCount, creditAmount, creditCount }
  })
}

export interface Settlements {
  /** The last counted day, YYYY-MM-DD. Null: none yet. */
  readonly last: string | null
  /** Whether a 0500 is due. */
  readonly isDue: boolean
  /** Whether a day without an answer is too old to be sent again. */
  readonly isOverdue: boolean
}

/** A day that is older is not sent again. */
const isSendable = (now: number, oldest: string) => sql`next_at <= ${now} and day >= ${oldest}`

export async function readSettlements(db: Db, now: number, oldest: string): Promise<Settlements> {
  const [[last], due, overdue] = await persist(() =>
    db.batch([
      db
        .select({ day: acquirerSettlement.day })
        .from(acquirerSettlement)
        .orderBy(desc(acquirerSettlement.day))
        .limit(1),
      db
        .select({ day: acquirerSettlement.day })
        .from(acquirerSettlement)
        .where(isSendable(now, oldest))
        .limit(1),
      db
        .select({ day: acquirerSettlement.day })
        .from(acquirerSettlement)
        .where(sql`next_at is not null and day < ${oldest}`)
        .limit(1),
    ]),
  )
  return { last: last?.day ?? null, isDue: due.length > 0, isOverdue: overdue.length > 0 }
}

/** Adds a counted day, one row for each currency. The first count of a day stays. */
export async function addSettlements(
  db: Db,
  rows: readonly Pick<
    SettlementRow,
    'day' | 'currencyCode' | 'acquirerStan' | 'own' | 'undecided' | 'countedAt'
  >[],
): Promise<void> {
  const all = rows.map((row) => ({ ...row, attempts: 0, nextAt: row.countedAt }))
  // A later count may have another currency. So the whole count depends on the day.
  await persist(() =>
    db.batch([
      db.insert(acquirerSettlement).select(
        sql`select item.value ->> 0, item.value ->> 1, item.value ->> 2, item.value ->> 3, item.value ->> 4, item.value ->> 5, 0,
          item.value ->> 5, null, null, null, null, null, null, null from json_each(${JSON.stringify(
            all.map((row) => [
              row.day,
              row.currencyCode,
              row.acquirerStan,
              row.own,
              row.undecided,
              row.countedAt,
            ]),
          )}) as item where not exists (select 1 from acquirer_settlement where day = ${rows[0]?.day})`,
      ),
    ]),
  )
}

const MINUTE_MS = 60_000

/** The longest wait between two tries, in minutes. */
const LONGEST_WAIT = 60

/** Takes the oldest due day for one try. The next try is due a minute later after the first one, and so on, up to an hour. */
export async function leaseSettlement(db: Db, now: number, oldest: string): Promise<SettlementRow | null> {
  // Not `persist`: a repeat finds the lease taken, and gives nothing to anyone.
  const due = db
    .select({ at: sql`rowid` })
    .from(acquirerSettlement)
    .where(isSendable(now, oldest))
    .orderBy(asc(acquirerSettlement.day), asc(acquirerSettlement.currencyCode))
    .limit(1)
  const [[leased]] = await db.batch([
    db
      .update(acquirerSettlement)
      .set({
        attempts: sql`attempts + 1`,
        nextAt: sql`${now} + ${MINUTE_MS} * min(attempts + 1, ${LONGEST_WAIT})`,
      })
      .where(sql`rowid = ${due}`)
      .returning(),
  ])
  return leased ?? null
}

/** The answer of the acquirer. */
export interface DayAnswer {
  readonly result: NonNullable<SettlementRow['result']>
  readonly theirs: string | null
  readonly at: number
}

/** Writes the first answer, and opens a case unless both sides agree. False: another run was first. */
export async function noteSettled(
  db: Db,
  { day, currencyCode }: Pick<SettlementRow, 'day' | 'currencyCode'>,
  { result, theirs, at }: DayAnswer,
): Promise<boolean> {
  // The time names this answer, so a repeat after a lost connection finds it written.
  const [written] = await persist(() =>
    db.batch([
      db
        .update(acquirerSettlement)
        .set({ nextAt: null, answeredAt: at, result, theirs, caseOpenedAt: result === 'equal' ? null : at })
        .where(
          sql`day = ${day} and currency_code = ${currencyCode} and (next_at is not null or answered_at = ${at})`,
        )
        .returning({ day: acquirerSettlement.day }),
    ]),
  )
  return written.length > 0
}

/** Opens a case for each day without an answer that is too old to be sent again, and returns them. An answer in flight comes too late. */
export async function giveUpSettlements(
  db: Db,
  now: number,
  oldest: string,
): Promise<readonly SettlementRow[]> {
  // The time names this case, so a repeat after a lost connection finds it written.
  const [givenUp] = await persist(() =>
    db.batch([
      db
        .update(acquirerSettlement)
        .set({ nextAt: null, caseOpenedAt: now })
        .where(
          sql`day < ${oldest} and (next_at is not null or (answered_at is null and case_opened_at = ${now}))`,
        )
        .returning(),
    ]),
  )
  return givenUp
}
