/**
 * @module The cron's echo at the acquirer (protocol.md §3.9). It shows a dead line before a terminal meets it. While sales and voids get
 * answers, they prove the line, and no echo is sent.
 */

import { hasAnswers, leaseEcho, noteAnswers, noteEcho } from '../store/acquirer-line.ts'
import { errorText } from '../store/db.ts'
import type { AcquirerStage } from './types.ts'
import { noteResponse, wakeAfterAnswer } from './wake-cases.ts'

/** Each failed echo from this one in a row on has an alert. */
const ALERT_FROM = 3

/** Sends an echo if one is due. `each`: one stage for each database, database 0 first. Never throws. */
export async function watchLine(each: readonly AcquirerStage[]): Promise<void> {
  const [home] = each
  const line = home?.acquirer.line
  if (home === undefined || line === undefined) return
  const { db, log, now } = home
  try {
    const since = now() - line.idleMs
    const proofs = await Promise.all(each.map((stage) => hasAnswers(stage.db, since)))
    if (proofs.includes(true)) return await noteAnswers(db)
    const before = await leaseEcho(db, now(), line.idleMs)
    if (before === null) return
    const why = await line.echo()
    const failures = why === null ? 0 : before + 1
    log('acquirer_echo', { failures, ...(why === null ? {} : { why }) })
    if (failures >= ALERT_FROM) log('alert', { why: 'acquirer_silent', failures, error: why })
    // Before the count is reset: a run that ends here is repeated.
    if (before > 0 || why !== null) for (const stage of each) await noteAndWake(stage, why)
    await noteEcho(db, failures, why)
  } catch (error) {
    log('recovery_failed', { error: errorText(error) })
  }
}

/** A good echo after a bad one is a first good answer. Another isolate may have met the silence. */
async function noteAndWake(stage: AcquirerStage, why: string | null): Promise<void> {
  noteResponse(stage, 'unknown')
  if (why !== null) return
  noteResponse(stage, 'approved')
  await wakeAfterAnswer(stage)
}
