/** @module Makes messages with an open case due at once. */

import { sql } from 'drizzle-orm'
import { TRY_MS } from '../domain/acquirer-state.ts'
import { type Db, persist } from './db.ts'
import { acquirerMessage } from './schema.ts'
import { value, withValues } from './statements.ts'

/** A message that is due sooner than a lease ends has a driver, or is about to get one. */
const wake = withValues((db) =>
  db
    .update(acquirerMessage)
    .set({ nextAt: value('now') })
    .where(
      sql`message_key in (select message_key from acquirer_message
        where case_opened_at is not null and case_closed_at is null and next_at is not null
        and next_at > ${value('leased')} and (${value('isAll')} = 1 or case_reason = 'no_answer')
        order by next_at limit ${value('limit')})`,
    )
    .returning({ messageKey: acquirerMessage.messageKey }),
)

/** Makes up to `limit` open cases due at `now`: all of them, or those that the acquirer did not answer. Returns how many. */
export async function wakeCases(
  db: Db,
  { now, isAll, limit }: { readonly now: number; readonly isAll: boolean; readonly limit: number },
): Promise<number> {
  const [woken] = await persist(() =>
    db.batch([wake(db, { now, leased: now + TRY_MS, isAll: Number(isAll), limit })]),
  )
  return woken.length
}
