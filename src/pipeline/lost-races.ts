/**
 * @module Decisions that lost all their races. Each sender gets `in_progress`, and the log gets an alert. The same message loses for
 * ever if the isolate has an old table of buckets, or if the head of a journal is damaged.
 */

import type { Need } from '../domain/guard.ts'
import { errorText } from '../store/db.ts'
import type { Log, PipelineOptions } from './types.ts'

/** The last of the decisions, with the log of its request. */
export interface LostDecision {
  readonly log: Log
  /** The place in the journal that it did not get. */
  readonly row: { readonly terminalId: string; readonly seq: number }
  readonly needs: readonly Need[]
}

/**
 * Logs an alert for each, with the versions of the guards that it needed. Then it reads the table of buckets again. If D1 does not
 * give the table, the old one stays.
 */
export async function reportLostRaces(
  { log: ofIsolate, readBuckets }: Pick<PipelineOptions, 'log' | 'readBuckets'>,
  lost: readonly LostDecision[],
): Promise<void> {
  for (const { log, row, needs } of lost) {
    const { terminalId, seq } = row
    log('alert', { why: 'lost_races', terminalId, seq, guards: Object.fromEntries(needs) })
  }
  if (lost.length === 0 || readBuckets === undefined) return
  try {
    await readBuckets()
  } catch (error) {
    ofIsolate('load_failed', { error: errorText(error) })
  }
}
