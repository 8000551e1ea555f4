/**
 * @module The cron's part of the acquirer's stage. It opens the due cases, and drives every due message.
 *
 * A run has the budget of one invocation. It opens cases first, and stops when its budget does not suffice for a try. The next run
 * continues: a message with a case is not due for one, and a tried message is due later than the others.
 */

import { type Budget, createBudget, SET_QUERIES } from '../store/budget.ts'
import { type DeadlineCursor, FIRST_DEADLINE, leaseDue, nextDue, overdue } from '../store/outbox.ts'
import { inOpenBuckets } from './moved-buckets.ts'
import { drive, eventMessage, only, safely, withBudget } from './try-acquirer.ts'
import type { AcquirerStage } from './types.ts'
import { wakeAfterAnswer } from './wake-cases.ts'

/** The most messages at once: an invocation of a Worker may have six outbound connections. */
const AT_ONCE = 6

/** The most cases at once: one set of the pipeline. */
const CASES_AT_ONCE = 100

/** The most such sets before the tries begin. */
const MOST_CASE_SETS = 20

/** Poll interval for more due messages while tries are under way, in milliseconds. */
const POLL_INTERVAL_MS = 1000

/** The queries of one try: its event in a set, its requests to the acquirer, and its lease. */
const TRY_QUERIES = SET_QUERIES + 4

/** The queries of the reads between two tries. */
const READS = 3

/** Runs the recovery of each database, side by side. Together they keep to the number of connections and to the budget. */
export async function recoverEach(
  each: readonly AcquirerStage[],
  until: number,
  budget: Budget = createBudget(each[0]?.queryLimit),
): Promise<number> {
  const share = Math.max(1, Math.floor(AT_ONCE / each.length))
  const tries = await Promise.all(each.map((stage) => recover(stage, until, share, budget)))
  return tries.reduce((sum, count) => sum + count, 0)
}

/**
 * Opens the cases of all messages that are past their deadline, and drives all messages that are or become due. Stops
 * at `until`, in milliseconds since the epoch, or when the budget does not suffice for a try. It drives at most `atOnce` messages at a
 * time. Several runs may overlap. Returns the number of tries.
 */
export async function recover(
  given: AcquirerStage,
  until: number,
  atOnce = AT_ONCE,
  budget: Budget = createBudget(given.queryLimit),
): Promise<number> {
  const stage = withBudget(given, budget)
  const { db } = stage
  const underWay = new Set<Promise<unknown>>()
  const cases: CasePass = { after: FIRST_DEADLINE, nextAt: 0 }
  const mostTries = () => Math.floor((budget.left() - READS) / TRY_QUERIES) - underWay.size
  for (let tries = 0, isFirst = true; ; isFirst = false) {
    await safely(stage, () => openCases(stage, budget, cases))
    await wakeAfterAnswer(stage)
    const now = stage.now()
    const capacity = isFirst || now < until ? Math.min(atOnce - underWay.size, mostTries()) : 0
    const due = capacity <= 0 ? [] : ((await safely(stage, () => leaseDue(db, now, capacity))) ?? [])
    for (const leased of due) {
      const one: Promise<unknown> = drive(stage, leased).finally(() => underWay.delete(one))
      underWay.add(one)
    }
    tries += due.length
    if (underWay.size > 0) {
      await Promise.race(now < until ? [...underWay, stage.sleep(POLL_INTERVAL_MS)] : underWay)
      continue
    }
    if (mostTries() <= 0) {
      stage.log('recovery_stopped', { why: 'budget', tries })
      return tries
    }
    const next = await safely(stage, () => nextDue(db))
    if (next === null || now >= until || (next !== undefined && next >= until)) return tries
    await stage.sleep(Math.max((next ?? 0) - now, POLL_INTERVAL_MS))
  }
}

/** The cases that a run has opened so far. A case that cannot be opened holds up no other one, and waits for the next run. */
interface CasePass {
  after: DeadlineCursor
  /** The time of the next read, in milliseconds since the epoch. So a run reads once in a poll interval. */
  nextAt: number
}

/** Opens cases without the acquirer, so a slow acquirer delays none. */
async function openCases(stage: AcquirerStage, budget: Budget, pass: CasePass): Promise<void> {
  const now = stage.now()
  if (now < pass.nextAt) return
  for (let set = 0; set < MOST_CASE_SETS && budget.left() > SET_QUERIES; set++) {
    const late = await overdue(stage.db, stage.now(), CASES_AT_ONCE, pass.after)
    const last = late.at(-1)
    if (last === undefined) break
    pass.after = { decideBy: last.decideBy, messageKey: last.messageKey }
    const open = await inOpenBuckets(stage, late)
    const events = open.map((message) => eventMessage(stage, message, only('overdue')))
    await stage.pipeline.submitEvents(events, (set) => void set.catch(() => undefined), budget)
    if (late.length < CASES_AT_ONCE) break
  }
  pass.nextAt = now + POLL_INTERVAL_MS
}
