/** @module The cron's part of the acquirer's stage. It opens the due cases, and drives every due message. */

import { leaseDue, nextDue, overdue } from '../store/outbox.ts'
import { drive, only, safely, submitEvent } from './try-acquirer.ts'
import type { AcquirerStage } from './types.ts'

/** The most messages at once: an invocation of a Worker may have six outbound connections. */
const AT_ONCE = 6

/** The most cases at once: one set of the pipeline. */
const CASES_AT_ONCE = 100

/** The most such sets before the tries begin. */
const MOST_CASE_SETS = 20

/** Poll interval for more due messages while tries are under way, in milliseconds. */
const POLL_INTERVAL_MS = 1000

/** Runs the recovery of each database, side by side. Together they keep to the number of connections. */
export async function recoverEach(each: readonly AcquirerStage[], until: number): Promise<number> {
  const share = Math.max(1, Math.floor(AT_ONCE / each.length))
  const tries = await Promise.all(each.map((stage) => recover(stage, until, share)))
  return tries.reduce((sum, count) => sum + count, 0)
}

/**
 * Opens the cases of all messages that are past their deadline, and drives all messages that are or become due. Stops
 * at `until`, in milliseconds since the epoch. It drives at most `atOnce` messages at a time. Several runs may overlap. Returns the
 * number of tries.
 */
export async function recover(stage: AcquirerStage, until: number, atOnce = AT_ONCE): Promise<number> {
  const { db } = stage
  const underWay = new Set<Promise<unknown>>()
  for (let tries = 0, isFirst = true; ; isFirst = false) {
    await safely(stage, () => openCases(stage))
    const now = stage.now()
    const capacity = isFirst || now < until ? atOnce - underWay.size : 0
    const due = capacity === 0 ? [] : ((await safely(stage, () => leaseDue(db, now, capacity))) ?? [])
    for (const leased of due) {
      const one: Promise<unknown> = drive(stage, leased).finally(() => underWay.delete(one))
      underWay.add(one)
    }
    tries += due.length
    if (underWay.size > 0) {
      await Promise.race(now < until ? [...underWay, stage.sleep(POLL_INTERVAL_MS)] : underWay)
      continue
    }
    const next = await safely(stage, () => nextDue(db))
    if (next === null || now >= until || (next !== undefined && next >= until)) return tries
    await stage.sleep(Math.max((next ?? 0) - now, POLL_INTERVAL_MS))
  }
}

/** Opens cases without the acquirer, so a slow acquirer delays none. */
async function openCases(stage: AcquirerStage): Promise<void> {
  for (let set = 0; set < MOST_CASE_SETS; set++) {
    const late = await overdue(stage.db, stage.now(), CASES_AT_ONCE)
    await Promise.all(late.map((message) => submitEvent(stage, message, only('overdue'))))
    if (late.length < CASES_AT_ONCE) return
  }
}
