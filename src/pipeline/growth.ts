/** @module The cron's watch over the database: its size once an hour, and the end of old counts. */

import { KEPT_DAYS, utcDay } from '../domain/refusal-quota.ts'
import { errorText } from '../store/db.ts'
import { forgetRefusals } from '../store/refusal-counts.ts'
import { databaseSize } from '../store/size.ts'
import type { PipelineOptions } from './types.ts'

/** From this share of the limit on, in percent, each line of the size has an alert. */
const ALERT_PERCENT = 70

const MINUTE_MS = 60_000
const MINUTES = 60

export interface GrowthOptions extends Pick<PipelineOptions, 'db' | 'log'> {
  /** The most bytes that the database can have. */
  readonly databaseLimit: number
}

/**
 * In the first minute of an hour: logs the size, alerts from 70 % of the limit on, and deletes old counts. `scheduledAt`
 * is the time of the cron's run, in milliseconds since the epoch. So the state of no isolate counts. Never throws.
 */
export async function watchGrowth(
  { db, log, databaseLimit }: GrowthOptions,
  scheduledAt: number,
): Promise<void> {
  if (Math.floor(scheduledAt / MINUTE_MS) % MINUTES !== 0) return
  try {
    const { bytes, entries } = await databaseSize(db)
    const percent = Math.floor((bytes * 100) / databaseLimit)
    log('size', { bytes, entries, limit: databaseLimit, percent })
    if (percent >= ALERT_PERCENT) log('alert', { why: 'database_size', bytes, limit: databaseLimit, percent })
    await forgetRefusals(db, utcDay(scheduledAt) - KEPT_DAYS)
  } catch (error) {
    log('size_failed', { error: errorText(error) })
  }
}
