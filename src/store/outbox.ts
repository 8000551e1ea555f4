/**
 * @module The outbox: forwarded messages on which the acquirer and we do not agree yet.
 *
 * Taking one puts its next try off for as long as a try may last, in the same statement: of two who look at once one takes it,
 * and one that is taken by someone who dies is due again. It is no lock; that a message is settled once, the journal sees to.
 */

import { and, asc, eq, isNotNull, isNull, lte, type SQL, sql } from 'drizzle-orm'
import { CASE_WAIT_MS, LONGEST_WAIT_MS, TRY_MS } from '../domain/acquirer-state.ts'
import type { AcquirerMessage } from '../domain/types.ts'
import { type Db, persist } from './db.ts'
import { messageFrom } from './rows.ts'
import { acquirerMessage, sale, voidTable } from './schema.ts'

/** A message, and how many tries it has had with this one. */
export interface Leased {
  readonly message: AcquirerMessage
  readonly attempts: number
}

/** Whether a person is to look (`isCaseOpen`). */
export const IS_CASE = sql`${acquirerMessage.caseOpenedAt} is not null and ${acquirerMessage.caseClosedAt} is null`

async function take(db: Db, which: SQL | undefined, now: number): Promise<Leased[]> {
  const leased = await db
    .update(acquirerMessage)
    .set({ attempts: sql`${acquirerMessage.attempts} + 1`, nextAt: now + TRY_MS })
    .where(which)
    .returning()
  return leased.map((row) => ({ message: messageFrom(row), attempts: row.attempts }))
}

/** Takes up to `limit` of those that are due, the longest due first; those for which a person was called after the others. */
export function leaseDue(db: Db, now: number, limit: number): Promise<Leased[]> {
  const due = db
    .select({ messageKey: acquirerMessage.messageKey })
    .from(acquirerMessage)
    .where(lte(acquirerMessage.nextAt, now))
    .orderBy(IS_CASE, asc(acquirerMessage.nextAt))
    .limit(limit)
  return take(db, sql`${acquirerMessage.messageKey} in ${due}`, now)
}

/** Takes one if it is due; null where it is not, or is agreed on. */
export async function leaseOne(db: Db, messageKey: string, now: number): Promise<Leased | null> {
  return (
    (
      await take(db, and(eq(acquirerMessage.messageKey, messageKey), lte(acquirerMessage.nextAt, now)), now)
    )[0] ?? null
  )
}

/** From a second, doubled with each try, to a minute; while a case is open, an hour. */
const WAIT = sql`iif(${IS_CASE}, ${CASE_WAIT_MS},
  min(1000 * (1 << min(${acquirerMessage.attempts}, 20)), ${LONGEST_WAIT_MS}))`

/** The try is over and brought no agreement: the next is due after the wait. Does nothing where the message has moved on. */
export async function release(
  db: Db,
  { message, attempts }: Pick<Leased, 'attempts'> & { readonly message: Pick<AcquirerMessage, 'messageKey'> },
  now: number,
): Promise<void> {
  const { messageKey } = message
  await persist(() =>
    db
      .update(acquirerMessage)
      .set({ nextAt: sql`${now} + ${WAIT}` })
      .where(
        and(
          eq(acquirerMessage.messageKey, messageKey),
          eq(acquirerMessage.attempts, attempts),
          isNotNull(acquirerMessage.nextAt),
        ),
      ),
  )
}

/** Up to `limit` messages whose time is up and that are no case yet. */
export async function overdue(db: Db, now: number, limit: number): Promise<AcquirerMessage[]> {
  const rows = await db
    .select()
    .from(acquirerMessage)
    .where(
      and(
        isNotNull(acquirerMessage.nextAt),
        isNull(acquirerMessage.caseReason),
        lte(acquirerMessage.decideBy, now),
      ),
    )
    .limit(limit)
  return rows.map(messageFrom)
}

/** When there is something to do next, in milliseconds since the epoch: a try or a case; null where nothing is owed. */
export async function nextDue(db: Db): Promise<number | null> {
  const [first] = await db
    .select({
      at: sql<
        number | null
      >`min(min(${acquirerMessage.nextAt}, iif(${acquirerMessage.caseReason} is null, ${acquirerMessage.decideBy}, ${acquirerMessage.nextAt})))`,
    })
    .from(acquirerMessage)
    .where(isNotNull(acquirerMessage.nextAt))
  return first?.at ?? null
}

/** Whether a void of this sale is still to be undone at the acquirer, which must happen before the sale is. */
export async function hasUnsettledVoid(db: Db, saleKey: string): Promise<boolean> {
  const unsettled = await db
    .select({ messageKey: acquirerMessage.messageKey })
    .from(sale)
    .innerJoin(
      voidTable,
      sql`${voidTable.saleId} = ${sale.id} and void.state not in ('declined', 'reversed')`,
    )
    .innerJoin(acquirerMessage, eq(acquirerMessage.messageKey, voidTable.messageKey))
    .where(and(eq(sale.messageKey, saleKey), isNotNull(acquirerMessage.nextAt)))
    .limit(1)
  return unsettled.length > 0
}
