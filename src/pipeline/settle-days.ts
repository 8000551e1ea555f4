/**
 * @module The cron's settlement of days with the acquirer (protocol.md §3.9). A day is counted once over all databases, when its messages
 * have outcomes. Its 0500 is repeated until the acquirer answers.
 */

import type { AcquirerDays, DayResponse } from '../acquirer/port.ts'
import {
  type AcquirerDay,
  beginOf,
  type CutOff,
  dateOf,
  dayAt,
  dayOf,
  endOf,
  monthAndDayOf,
} from '../domain/acquirer-day.ts'
import { CNY, NO_TOTALS } from '../domain/money.ts'
import type { Totals } from '../domain/totals.ts'
import {
  addSettlements,
  giveUpSettlements,
  leaseSettlement,
  noteSettled,
  readSettlements,
  type SettlementRow,
  totalsIn,
  totalsList,
} from '../store/acquirer-settlements.ts'
import { type DayRange, readDayTotals, readUndecided, type Undecided } from '../store/day-totals.ts'
import { errorText } from '../store/db.ts'
import type { AcquirerStage } from './types.ts'

const MINUTE_MS = 60_000

/** A day is counted so long after its end: messages on their way arrive, and the acquirer ends its day too. */
const FIRST_COUNT_MS = 5 * MINUTE_MS

/** The longest wait for messages without an outcome, after the end of the day. */
const LAST_COUNT_MS = 30 * MINUTE_MS

/** A database without a counted day counts no day that ended before. */
const FIRST_DAY_MS = 60 * MINUTE_MS

/** Days that are counted late, and days that are sent again. */
const MOST_DAYS = 7

/** Each try without an answer from this one on has an alert. */
const ALERT_FROM = 3

/** Counts a day that is over, and sends what is due. `each`: one stage for each database, database 0 first. Never throws. */
export async function settleDays(each: readonly AcquirerStage[]): Promise<void> {
  const [home] = each
  const days = home?.acquirer.days
  if (home === undefined || days === undefined) return
  try {
    const now = home.now()
    const latest = dayAt(days.cutOff, now - FIRST_COUNT_MS) - 1
    const oldest = dateOf(latest + 1 - MOST_DAYS)
    const { last, isDue, isOverdue } = await readSettlements(home.db, now, oldest)
    if (isOverdue) await giveUp(home, now, oldest)
    const day = nextDay(days.cutOff, latest, last, now)
    const isCounted = day !== null && (await count(each, days, day, now))
    if (isCounted && last !== null) alertSkipped(home, dayOf(last) + 1, day - 1)
    if (isDue || isCounted) await send(home, days, now, oldest)
  } catch (error) {
    home.log('recovery_failed', { error: errorText(error) })
  }
}

/** The day to count; null when none is over. */
function nextDay(cutOff: CutOff, latest: number, last: string | null, now: number): number | null {
  if (last === null) return now < endOf(cutOff, latest) + FIRST_DAY_MS ? latest : null
  const next = Math.max(dayOf(last) + 1, latest + 1 - MOST_DAYS)
  return next <= latest ? next : null
}

/** Writes the totals of a day. False: messages of the day have no outcome yet. */
async function count(
  each: readonly AcquirerStage[],
  { cutOff, newStan }: AcquirerDays,
  day: number,
  now: number,
): Promise<boolean> {
  const [home] = each
  const range: DayRange = {
    begin: beginOf(cutOff, day),
    end: endOf(cutOff, day),
    monthAndDay: monthAndDayOf(day),
  }
  const undecided = await Promise.all(each.map(({ db }) => readUndecided(db, range)))
  const left = undecided.reduce((sum, { count: one }) => sum + one, 0)
  if (home === undefined || (left > 0 && now < range.end + LAST_COUNT_MS)) return false
  if (left > 0) alertUndecided(home, dateOf(day), undecided)
  const totals = await Promise.all(each.map(({ db }) => readDayTotals(db, range)))
  const sums = totals.flatMap((one) => [...one]).reduce(addedTo, new Map<string, Totals>())
  if (sums.size === 0) sums.set(CNY, NO_TOTALS)
  await addSettlements(
    home.db,
    [...sums].map(([currencyCode, own]) => ({
      day: dateOf(day),
      currencyCode,
      acquirerStan: newStan(),
      own: totalsList(own),
      undecided: left,
      countedAt: now,
    })),
  )
  return true
}

function addedTo(sums: Map<string, Totals>, [currencyCode, one]: [string, Totals]): Map<string, Totals> {
  const before = sums.get(currencyCode) ?? NO_TOTALS
  return sums.set(currencyCode, {
    debitAmount: before.debitAmount + one.debitAmount,
    debitCount: before.debitCount + one.debitCount,
    creditAmount: before.creditAmount + one.creditAmount,
    creditCount: before.creditCount + one.creditCount,
  })
}

/** They are in the day in which they are decided. So the totals of both days may differ. */
function alertUndecided({ log }: AcquirerStage, day: string, undecided: readonly Undecided[]): void {
  log('alert', {
    why: 'acquirer_day_undecided',
    day,
    messages: undecided.reduce((sum, { count: one }) => sum + one, 0),
    first: undecided.flatMap(({ named }) => named),
  })
}

/** The days from `first` to `last` are too old to be counted. Without such days nothing is to say. */
function alertSkipped({ log }: AcquirerStage, first: AcquirerDay, last: AcquirerDay): void {
  if (first <= last) log('alert', { why: 'acquirer_days_skipped', first: dateOf(first), last: dateOf(last) })
}

/** A person compares a day that the acquirer never answered. */
async function giveUp({ db, log }: AcquirerStage, now: number, oldest: string): Promise<void> {
  for (const { day, currencyCode, attempts, own } of await giveUpSettlements(db, now, oldest))
    log('alert', { why: 'acquirer_day_given_up', day, currencyCode, attempts, own: totalsIn(own)[0] })
}

async function send(home: AcquirerStage, days: AcquirerDays, now: number, oldest: string): Promise<void> {
  const row = await leaseSettlement(home.db, now, oldest)
  if (row === null) return
  const { day, currencyCode, acquirerStan: stan, own, attempts } = row
  const [totals = NO_TOTALS] = totalsIn(own)
  const response = await days.settle({
    stan,
    date: day.slice(5).replace('-', ''),
    currencyCode,
    totals,
    isRepeat: attempts > 1,
  })
  if (response.kind === 'unknown') {
    const { why } = response
    home.log('acquirer_unsettled', { day, currencyCode, attempts, why })
    if (attempts >= ALERT_FROM)
      home.log('alert', { why: 'acquirer_day_unsettled', day, attempts, error: why })
    return
  }
  await noteAnswer(home, row, response)
}

async function noteAnswer(
  { db, log, now }: AcquirerStage,
  row: SettlementRow,
  response: Exclude<DayResponse, { kind: 'unknown' }>,
): Promise<void> {
  const { day, currencyCode, undecided } = row
  const result =
    response.kind === 'refused'
      ? ('refused' as const)
      : response.isEqual
        ? ('equal' as const)
        : ('different' as const)
  const theirs = response.kind === 'refused' ? null : totalsList(response.domestic, response.foreign)
  const isFirst = await noteSettled(db, row, { result, theirs, at: now() })
  if (!isFirst) return
  log('acquirer_settled', { day, currencyCode, result })
  if (result === 'equal') return
  log('alert', {
    why: 'acquirer_day_differs',
    day,
    currencyCode,
    result,
    own: totalsIn(row.own)[0],
    ...(response.kind === 'refused'
      ? { error: response.why }
      : { theirs: response.domestic, theirForeign: response.foreign }),
    undecided,
  })
}
