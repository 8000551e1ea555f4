/** @module The cron's part of the acquirer's stage: opens the cases that are due, and drives every message that is due. */

import { leaseDue, nextDue, overdue } from '../store/outbox.ts'
import { drive, only, safely, submitEvent } from './try-acquirer.ts'
import type { AcquirerStage } from './types.ts'

/** How many due messages are driven at once: an invocation of a Worker may hold six outbound connections. */
const AT_ONCE = 6

/** How many cases are opened at once: one set of the pipeline. */
const CASES_AT_ONCE = 100

/** How many such sets are opened before the tries get their turn. */
const MOST_CASE_SETS = 20

/** Poll interval for more due messages while tries are under way, in milliseconds. */
const LOOK_MS = 1000

/**
 * Opens the cases of all messages whose time is up, and drives everything that is due or becomes due, until `until`
 * (milliseconds since the epoch). Several may run at once. Returns the number of tries.
 */
export async function recover(stage: AcquirerStage, until: number): Promise<number> {
  const { db } = stage
  const underWay = new Set<Promise<void>>()
  for (let tries = 0, isFirst = true; ; isFirst = false) {
    await safely(stage, () => openCases(stage))
    const now = stage.now()
    const capacity = isFirst || now < until ? AT_ONCE - underWay.size : 0
    const due = capacity === 0 ? [] : ((await safely(stage, () => leaseDue(db, now, capacity))) ?? [])
    for (const leased of due) {
      const one: Promise<void> = drive(stage, leased).finally(() => underWay.delete(one))
      underWay.add(one)
    }
    tries += due.length
    if (underWay.size > 0) {
      await Promise.race(now < until ? [...underWay, stage.sleep(LOOK_MS)] : underWay)
      continue
    }
    const next = await safely(stage, () => nextDue(db))
    if (next === null || now >= until || (next !== undefined && next >= until)) return tries
    await stage.sleep(Math.max((next ?? 0) - now, LOOK_MS))
  }
}

/** A case is opened without the acquirer, so a slow acquirer never delays it. */
async function openCases(stage: AcquirerStage): Promise<void> {
  for (let set = 0; set < MOST_CASE_SETS; set++) {
    const late = await overdue(stage.db, stage.now(), CASES_AT_ONCE)
    await Promise.all(late.map((message) => submitEvent(stage, message, only('overdue'))))
    if (late.length < CASES_AT_ONCE) return
  }
}
