/**
 * @module The outbox: forwarded messages on which the host and we do not agree yet.
 *
 * Taking one puts its next try off, in the same statement: of two who look at once one takes it, and one that is taken by
 * someone who dies is due again after the wait. It is no lock; that a message is settled once, the journal sees to.
 */

import { asc, isNotNull, lte, type SQL, sql } from 'drizzle-orm'
import { LONGEST_CASE_WAIT_MS, LONGEST_WAIT_MS } from '../domain/host-state.ts'
import type { HostMessage } from '../domain/types.ts'
import { type Db, persist } from './db.ts'
import { messageFrom } from './rows.ts'
import { hostMessage } from './schema.ts'

/** From a second, doubled with each try, to a minute; with a case open to an hour. */
const WAIT = sql`min(1000 * (1 << min(${hostMessage.attempts}, 20)),
  iif(${hostMessage.caseReason} is null, ${LONGEST_WAIT_MS}, ${LONGEST_CASE_WAIT_MS}))`

async function take(db: Db, which: SQL, now: number): Promise<HostMessage[]> {
  const taken = await db
    .update(hostMessage)
    .set({ attempts: sql`${hostMessage.attempts} + 1`, nextAt: sql`${now} + ${WAIT}` })
    .where(which)
    .returning()
  return taken.map(messageFrom)
}

/** Takes up to `limit` of those that are due, the longest due first. */
export function takeDue(db: Db, now: number, limit: number): Promise<HostMessage[]> {
  const due = db
    .select({ messageKey: hostMessage.messageKey })
    .from(hostMessage)
    .where(lte(hostMessage.nextAt, now))
    .orderBy(asc(hostMessage.nextAt))
    .limit(limit)
  return take(db, sql`${hostMessage.messageKey} in ${due}`, now)
}

/** Takes one if it is due; null where it is not, or is agreed on. */
export async function takeOne(db: Db, messageKey: string, now: number): Promise<HostMessage | null> {
  const mine = sql`${hostMessage.messageKey} = ${messageKey} and ${hostMessage.nextAt} <= ${now}`
  return (await take(db, mine, now))[0] ?? null
}

/** The first try, inside the request, brought nothing: the next is due after `waitMs` instead of after its whole patience. */
export async function putBack(db: Db, messageKey: string, now: number, waitMs: number): Promise<void> {
  await persist(() =>
    db
      .update(hostMessage)
      .set({ attempts: 1, nextAt: now + waitMs })
      .where(
        sql`${hostMessage.messageKey} = ${messageKey} and ${hostMessage.attempts} = 0
          and ${hostMessage.nextAt} is not null`,
      ),
  )
}

/** When the next one is due, in milliseconds since the epoch; null where nothing is owed. */
export async function nextDue(db: Db): Promise<number | null> {
  const [first] = await db
    .select({ nextAt: hostMessage.nextAt })
    .from(hostMessage)
    .where(isNotNull(hostMessage.nextAt))
    .orderBy(asc(hostMessage.nextAt))
    .limit(1)
  return first?.nextAt ?? null
}
