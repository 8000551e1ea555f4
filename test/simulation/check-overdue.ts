/** @module The deadlines of forwarded messages. */

import { must } from './checks.ts'
import type { Storage } from './platform/d1.ts'

/** No message is undecided after its deadline without a case. One cron run may lie in between. */
export function checkOverdue(storage: Storage, now: number): void {
  const overdue = storage.rows(
    `select message_key, state from acquirer_record where state in ('pending', 'undoing', 'reversing')
     and case_reason is null and decide_by < ?`,
    now - 120_000,
  )
  must(overdue.length === 0, `undecided for too long: ${JSON.stringify(overdue)}`)
}
