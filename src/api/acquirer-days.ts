/** @module The days that are settled with the acquirer: the list, and the end of a case (protocol.md §3.9). Database 0 has them. */

import type * as z from 'zod'
import { CNY, NO_TOTALS } from '../domain/money.ts'
import { type SettlementRow, totalsIn } from '../store/acquirer-settlements.ts'
import { closeDay, type DayName, readDay, readDays } from '../store/settlement-cases.ts'
import { permit } from './handler.ts'
import { iso, isoOrNull } from './json/bodies.ts'
import { FINAL } from './json/certainty.ts'
import type { dayAnswer } from './json/day-schemas.ts'
import { apiProblem } from './json/problem.ts'
import { pageIn } from './page.ts'
import type { Handler } from './router.ts'

/** The position before the first day. */
const START = '2000-01-01-000'

export const getAcquirerDays: Handler<'GET /v1/acquirer-days'> = async (call) => {
  const { services, credential, query } = call
  const { state, cursor = START, limit } = query
  const after = { day: cursor.slice(0, 10), currencyCode: cursor.slice(11) }
  const found = await readDays(services.db, credential, services.now(), { state, after, limit: limit + 1 })
  const caller = permit(call, found.credential)
  if (!caller.ok) return caller.error
  const { items, next } = pageIn(found.days, limit, ({ day, currencyCode }) => `${day}-${currencyCode}`)
  return { status: 200, body: { items: items.map(dayBody), next, ...FINAL } }
}

export const postDayClosing: Handler<'POST /v1/acquirer-days/{day}/close'> = async (call) => {
  const { services, credential, path, body } = call
  const { db, now, log } = services
  const { currency = CNY, note } = body
  const name: DayName = { day: path.day, currencyCode: currency }
  const before = await readDay(db, credential, now(), name)
  const caller = permit(call, before.credential)
  if (!caller.ok) return caller.error
  const [row] = before.days
  if (row === undefined || row.caseOpenedAt === null) return apiProblem('not_found')
  if (row.caseClosedAt === null)
    await closeDay(db, credential, name, { at: now(), by: caller.value.name, note })
  const [after] = (await readDay(db, credential, now(), name)).days
  // Another decision was first, or the key has ended meanwhile.
  if (after?.caseClosedAt == null || after.note !== note) return apiProblem('case_closed')
  log('acquirer_day_closed', { door: 'json', ...name })
  return { status: 200, body: dayBody(after) }
}

function dayBody(row: SettlementRow): z.input<typeof dayAnswer> {
  const { day, currencyCode, undecided, countedAt, attempts, answeredAt, result, theirs } = row
  const { caseOpenedAt, caseClosedAt, closedBy, note } = row
  const [own = NO_TOTALS] = totalsIn(row.own)
  const [acquirer = null, acquirerForeign = null] = theirs === null ? [] : totalsIn(theirs)
  return {
    day,
    currency: currencyCode,
    own,
    undecided,
    countedAt: iso(countedAt),
    attempts,
    answeredAt: isoOrNull(answeredAt),
    result,
    acquirer,
    acquirerForeign,
    case:
      caseOpenedAt === null
        ? null
        : {
            state: caseClosedAt === null ? 'open' : 'closed',
            openedAt: iso(caseOpenedAt),
            closedAt: isoOrNull(caseClosedAt),
            closedBy,
            note,
          },
    ...FINAL,
  }
}
