/**
 * @module The outbox: forwarded messages on which the host and we do not agree yet.
 *
 * Taking one puts its next try off for as long as a try may last, in the same statement: of two who look at once one takes it,
 * and one that is taken by someone who dies is due again. It is no lock; that a message is settled once, the journal sees to.
 */

import { and, asc, eq, isNotNull, isNull, lte, type SQL, sql } from 'drizzle-orm'
import { CASE_WAIT_MS, LONGEST_WAIT_MS, TRY_MS } from '../domain/host-state.ts'
import type { HostMessage } from '../domain/types.ts'
import { type Db, persist } from './db.ts'
import { messageFrom } from './rows.ts'
import { hostMessage, sale, voidTable } from './schema.ts'

/** A message, and how many tries it has had with this one. */
export interface Taken {
  readonly message: HostMessage
  readonly attempts: number
}

/** Whether a person is to look (`isCaseOpen`). */
export const IS_CASE = sql`${hostMessage.caseOpenedAt} is not null and ${hostMessage.caseClosedAt} is null`

async function take(db: Db, which: SQL | undefined, now: number): Promise<Taken[]> {
  const taken = await db
    .update(hostMessage)
    .set({ attempts: sql`${hostMessage.attempts} + 1`, nextAt: now + TRY_MS })
    .where(which)
    .returning()
  return taken.map((row) => ({ message: messageFrom(row), attempts: row.attempts }))
}

/** Takes up to `limit` of those that are due, the longest due first; those for which a person was called after the others. */
export function takeDue(db: Db, now: number, limit: number): Promise<Taken[]> {
  const due = db
    .select({ messageKey: hostMessage.messageKey })
    .from(hostMessage)
    .where(lte(hostMessage.nextAt, now))
    .orderBy(IS_CASE, asc(hostMessage.nextAt))
    .limit(limit)
  return take(db, sql`${hostMessage.messageKey} in ${due}`, now)
}

/** Takes one if it is due; null where it is not, or is agreed on. */
export async function takeOne(db: Db, messageKey: string, now: number): Promise<Taken | null> {
  return (
    (await take(db, and(eq(hostMessage.messageKey, messageKey), lte(hostMessage.nextAt, now)), now))[0] ??
    null
  )
}

/** From a second, doubled with each try, to a minute; while a case is open, an hour. */
const WAIT = sql`iif(${IS_CASE}, ${CASE_WAIT_MS},
  min(1000 * (1 << min(${hostMessage.attempts}, 20)), ${LONGEST_WAIT_MS}))`

/** The try is over and brought no agreement: the next is due after the wait. Does nothing where the message has moved on. */
export async function putBack(
  db: Db,
  { message, attempts }: Pick<Taken, 'attempts'> & { readonly message: Pick<HostMessage, 'messageKey'> },
  now: number,
): Promise<void> {
  const { messageKey } = message
  await persist(() =>
    db
      .update(hostMessage)
      .set({ nextAt: sql`${now} + ${WAIT}` })
      .where(
        and(
          eq(hostMessage.messageKey, messageKey),
          eq(hostMessage.attempts, attempts),
          isNotNull(hostMessage.nextAt),
        ),
      ),
  )
}

/** Up to `limit` messages whose time is up and that are no case yet. */
export async function overdue(db: Db, now: number, limit: number): Promise<HostMessage[]> {
  const rows = await db
    .select()
    .from(hostMessage)
    .where(and(isNotNull(hostMessage.nextAt), isNull(hostMessage.caseReason), lte(hostMessage.decideBy, now)))
    .limit(limit)
  return rows.map(messageFrom)
}

/** When there is something to do next, in milliseconds since the epoch: a try or a case; null where nothing is owed. */
export async function nextDue(db: Db): Promise<number | null> {
  const [first] = await db
    .select({
      at: sql<
        number | null
      >`min(min(${hostMessage.nextAt}, iif(${hostMessage.caseReason} is null, ${hostMessage.decideBy}, ${hostMessage.nextAt})))`,
    })
    .from(hostMessage)
    .where(isNotNull(hostMessage.nextAt))
  return first?.at ?? null
}

/** Whether a void of this sale is still to be undone at the host, which must happen before the sale is. */
export async function isVoidOwed(db: Db, saleKey: string): Promise<boolean> {
  const owed = await db
    .select({ messageKey: hostMessage.messageKey })
    .from(sale)
    .innerJoin(
      voidTable,
      sql`${voidTable.saleId} = ${sale.id} and void.state not in ('declined', 'reversed')`,
    )
    .innerJoin(hostMessage, eq(hostMessage.messageKey, voidTable.messageKey))
    .where(and(eq(sale.messageKey, saleKey), isNotNull(hostMessage.nextAt)))
    .limit(1)
  return owed.length > 0
}
