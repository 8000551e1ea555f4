/**
 * @module The outbox: forwarded messages on which the acquirer and Annul do not agree yet.
 *
 * A lease moves the next try by the longest time of a try, in one statement. So only one of two callers gets the
 * message, and the message is due again when its caller dies. A lease is not a lock: the journal makes sure that a
 * message gets one outcome.
 */

import { and, asc, eq, isNotNull, isNull, type SQL, sql } from 'drizzle-orm'
import { CASE_WAIT_MS, LONGEST_WAIT_MS, TRY_MS } from '../domain/acquirer-state.ts'
import type { AcquirerMessage } from '../domain/types.ts'
import { type Db, persist } from './db.ts'
import { messageFrom, readable } from './rows.ts'
import { acquirerMessage, sale, voidTable } from './schema.ts'
import { value, withValues } from './statements.ts'

/** A message, and the number of its tries with this one. */
export interface Leased {
  readonly message: AcquirerMessage
  readonly attempts: number
}

/** Whether a case is open (`isCaseOpen`). */
export const IS_CASE = sql`${acquirerMessage.caseOpenedAt} is not null and ${acquirerMessage.caseClosedAt} is null`

const IS_DUE = sql`${acquirerMessage.nextAt} <= ${value('now')}`

/** Takes the messages that `which` finds. */
const takes = (which: (db: Db) => SQL) =>
  withValues((db) =>
    db
      .update(acquirerMessage)
      .set({ attempts: sql`${acquirerMessage.attempts} + 1`, nextAt: value('until') })
      .where(which(db))
      .returning(readable(acquirerMessage)),
  )

const takeDue = takes((db) => {
  const due = db
    .select({ messageKey: acquirerMessage.messageKey })
    .from(acquirerMessage)
    .where(IS_DUE)
    .orderBy(IS_CASE, asc(acquirerMessage.nextAt))
    .limit(sql.placeholder('limit'))
  return sql`${acquirerMessage.messageKey} in ${due}`
})

const takeOne = takes(() => sql`${acquirerMessage.messageKey} = ${value('messageKey')} and ${IS_DUE}`)

/** Whether it is due or not. Without a next try no try is necessary. */
const takeNow = takes(
  () => sql`${acquirerMessage.messageKey} = ${value('messageKey')} and ${acquirerMessage.nextAt} is not null`,
)

async function take(
  db: Db,
  statement: ReturnType<typeof takes>,
  now: number,
  values: { readonly messageKey: string } | { readonly limit: number },
): Promise<Leased[]> {
  const [leased] = await db.batch([statement(db, { now, until: now + TRY_MS, ...values })])
  return leased.map((row) => ({ message: messageFrom(row), attempts: row.attempts }))
}

/**
 * Leases up to `limit` due messages, the longest due first, messages with an open case last. `now` is in milliseconds
 * since the epoch.
 */
export function leaseDue(db: Db, now: number, limit: number): Promise<Leased[]> {
  return take(db, takeDue, now, { limit })
}

/** Leases one message if it is due. Null when it is not due, or when both sides agree. */
export async function leaseOne(db: Db, messageKey: string, now: number): Promise<Leased | null> {
  return (await take(db, takeOne, now, { messageKey }))[0] ?? null
}

/** Leases one message for a try at once. Null when it needs no try. */
export async function leaseNow(db: Db, messageKey: string, now: number): Promise<Leased | null> {
  return (await take(db, takeNow, now, { messageKey }))[0] ?? null
}

/** One second, doubled with each try, at most a minute. One hour while a case is open. */
const WAIT = sql`iif(${IS_CASE}, ${CASE_WAIT_MS},
  min(1000 * (1 << min(${acquirerMessage.attempts}, 20)), ${LONGEST_WAIT_MS}))`

/**
 * Ends a try without agreement: the next try is due after the wait. Does nothing when the message has changed since.
 */
export async function release(
  db: Db,
  { message, attempts }: Pick<Leased, 'attempts'> & { readonly message: Pick<AcquirerMessage, 'messageKey'> },
  now: number,
): Promise<void> {
  const { messageKey } = message
  await persist(() => db.batch([wait(db, { messageKey, attempts, now })]))
}

const wait = withValues((db) =>
  db
    .update(acquirerMessage)
    .set({ nextAt: sql`${value('now')} + ${WAIT}` })
    .where(
      sql`${acquirerMessage.messageKey} = ${value('messageKey')} and ${acquirerMessage.attempts} = ${value('attempts')}
        and ${acquirerMessage.nextAt} is not null`,
    ),
)

/** A position in the order of deadlines. */
export interface DeadlineCursor {
  /** Milliseconds since the epoch. */
  readonly decideBy: number
  readonly messageKey: string
}

/** The position before all messages. */
export const FIRST_DEADLINE: DeadlineCursor = { decideBy: 0, messageKey: '' }

/** Up to `limit` messages after the cursor that are past their deadline without a case, the longest late first. */
export async function overdue(
  db: Db,
  now: number,
  limit: number,
  { decideBy, messageKey }: DeadlineCursor = FIRST_DEADLINE,
): Promise<AcquirerMessage[]> {
  const [rows] = await db.batch([late(db, { now, limit, decideBy, messageKey })])
  return rows.map(messageFrom)
}

const late = withValues((db) =>
  db
    .select(readable(acquirerMessage))
    .from(acquirerMessage)
    .where(
      and(
        isNotNull(acquirerMessage.nextAt),
        isNull(acquirerMessage.caseReason),
        sql`${acquirerMessage.decideBy} <= ${value('now')}`,
        sql`(${acquirerMessage.decideBy}, ${acquirerMessage.messageKey}) > (${value('decideBy')}, ${value('messageKey')})`,
      ),
    )
    .orderBy(asc(acquirerMessage.decideBy), asc(acquirerMessage.messageKey))
    .limit(sql.placeholder('limit')),
)

/** The time of the next try or case, in milliseconds since the epoch. Null: nothing to do. */
export async function nextDue(db: Db): Promise<number | null> {
  const [[first]] = await db.batch([soonest(db, {})])
  return first?.at ?? null
}

const soonest = withValues((db) =>
  db
    .select({
      at: sql<
        number | null
      >`min(min(${acquirerMessage.nextAt}, iif(${acquirerMessage.caseReason} is null, ${acquirerMessage.decideBy}, ${acquirerMessage.nextAt})))`,
    })
    .from(acquirerMessage)
    .where(isNotNull(acquirerMessage.nextAt)),
)

/** Whether the acquirer must still reverse a void of this sale. The sale waits for that. */
export async function hasUnsettledVoid(db: Db, saleKey: string): Promise<boolean> {
  const [unsettled] = await db.batch([unsettledVoid(db, { saleKey })])
  return unsettled.length > 0
}

const unsettledVoid = withValues((db) =>
  db
    .select({ messageKey: acquirerMessage.messageKey })
    .from(sale)
    .innerJoin(
      voidTable,
      sql`${voidTable.saleIdRaw} = ${sale.idRaw} and void.state not in ('declined', 'reversed')`,
    )
    .innerJoin(acquirerMessage, eq(acquirerMessage.messageKey, voidTable.messageKey))
    .where(and(sql`${sale.messageKey} = ${value('saleKey')}`, isNotNull(acquirerMessage.nextAt)))
    .limit(1),
)
