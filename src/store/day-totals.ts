/** @module The totals of a day of the acquirer in one database: what both sides have approved, and what has no outcome yet. */

import { type SQL, sql } from 'drizzle-orm'
import { ACQUIRER_STATES, isUnsettled } from '../domain/acquirer-state.ts'
import { ACQUIRER_KEY } from '../domain/message-key.ts'
import { NO_TOTALS } from '../domain/money.ts'
import type { Totals } from '../domain/totals.ts'
import { fromEachPart, hasNoRow, type RecordPart } from './acquirer-record.ts'
import { type Db, persist } from './db.ts'
import { acquirerMessage } from './schema.ts'

/** A day of the acquirer. Times are milliseconds since the epoch. */
export interface DayRange {
  readonly begin: number
  /** The first moment of the next day. */
  readonly end: number
  /** MMDD. */
  readonly monthAndDay: string
}

const DAY_MS = 86_400_000

/** The longest time from a claim to its outcome with which a settled message still counts. */
const LONGEST_OUTCOME_MS = 2 * DAY_MS

/** A message with a row of its own may have waited for a person. */
const LONGEST_CASE_MS = 32 * DAY_MS

/** The most by which the clocks of isolates differ, at the end of a day. */
const MOST_SKEW_MS = 600_000

/** Messages that were sent so long after the end of a day may still be in it by the acquirer's clock. */
const LATE_MS = 60_000

/** The most messages without an outcome that are named. */
const NAMED = 20

export interface Undecided {
  readonly count: number
  /** Up to 20 of them. */
  readonly named: readonly {
    readonly terminalId: string
    readonly acquirerStan: string
    readonly type: string
  }[]
}

const UNSETTLED = sql.raw(
  ACQUIRER_STATES.filter(isUnsettled)
    .map((state) => `'${state}'`)
    .join(', '),
)

/** SQL: the acquirer keeps a message that is reversed here, and a person must decide. */
const IS_KEPT = sql`coalesce(case_reason = 'reversal_refused' and acquirer_status = 'approved', 0)`

/**
 * SQL: the time that gives a message its day. It never changes, so no later move counts the message in a second day. A message that
 * has a row again keeps the time of its approval in its sale or void. Without an approval it was at the acquirer when it was claimed.
 */
function timeIn(part: RecordPart): SQL {
  if (part !== 'acquirer_message') return sql`moved_at`
  const settledAt = (view: string) =>
    sql.raw(
      `(select moved_at from ${view} as settled where settled.message_key = acquirer_message.message_key)`,
    )
  return sql`coalesce(${settledAt('settled_sale')}, ${settledAt('settled_void')}, claimed_at)`
}

/** Messages of the day without an outcome, or whose reversal has none. They are found by the time of their claims. */
export async function readUndecided(db: Db, { begin, end }: DayRange): Promise<Undecided> {
  const isOfDay = sql`claimed_at between ${begin - LONGEST_OUTCOME_MS} and ${end + LATE_MS}
    and next_at is not null and state in (${UNSETTLED}) and not ${IS_KEPT}`
  const [[counted], named] = await persist(() =>
    db.batch([
      db.select({ count: sql<number>`count(*)` }).from(acquirerMessage).where(isOfDay),
      db
        .select({
          terminalId: acquirerMessage.terminalId,
          acquirerStan: acquirerMessage.acquirerStan,
          type: acquirerMessage.kind,
        })
        .from(acquirerMessage)
        .where(isOfDay)
        .orderBy(acquirerMessage.claimedAt, acquirerMessage.messageKey)
        .limit(NAMED),
    ]),
  )
  return { count: counted?.count ?? 0, named }
}

interface Group {
  readonly kind: string
  readonly currencyCode: string
  readonly count: number
  readonly amount: number
}

/**
 * The totals of a day, by currency. A voided sale stays in the debits, and its void is in the credits. Reversed and declined messages
 * are in neither, nor is a message that Annul has only from the acquirer's list. A message whose reversal the acquirer refuses stays.
 *
 * The day of a message is that of its approval by the clock, unless the acquirer gave another one.
 */
export async function readDayTotals(
  db: Db,
  { begin, end, monthAndDay }: DayRange,
): Promise<ReadonlyMap<string, Totals>> {
  const parts = fromEachPart((part) => {
    const table = sql.raw(part)
    const time = timeIn(part)
    const longest = part === 'acquirer_message' ? LONGEST_CASE_MS : LONGEST_OUTCOME_MS
    return sql`select kind, currency_code, amount,
        coalesce((select settlement_date from acquirer_date where acquirer_date.message_key = ${table}.message_key),
          iif(${time} >= ${begin} and ${time} < ${end}, ${monthAndDay}, '')) as settlement_date
      from ${table} where claimed_at between ${begin - longest} and ${end + MOST_SKEW_MS} and (state = 'approved' or ${IS_KEPT})
        and acquirer_stan <> '000000' and substr(message_key, 1, ${ACQUIRER_KEY.length}) <> ${ACQUIRER_KEY} and ${hasNoRow(part)}`
  })
  const [groups] = await persist(() =>
    db.batch([
      db
        .select({
          kind: sql<string>`kind`,
          currencyCode: sql<string>`currency_code`,
          count: sql<number>`count(*)`,
          amount: sql<number>`sum(amount)`,
        })
        .from(sql`(${parts})`)
        .where(sql`settlement_date = ${monthAndDay}`)
        .groupBy(sql`kind`, sql`currency_code`),
    ]),
  )
  return groups.reduce(added, new Map())
}

function added(all: Map<string, Totals>, { kind, currencyCode, count, amount }: Group): Map<string, Totals> {
  const before = all.get(currencyCode) ?? NO_TOTALS
  const part =
    kind === 'sale'
      ? { debitCount: count, debitAmount: amount }
      : { creditCount: count, creditAmount: amount }
  return all.set(currencyCode, { ...before, ...part })
}
