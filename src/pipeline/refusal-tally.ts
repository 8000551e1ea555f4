/** @module Applies the quota of refusals to one set of messages, and counts the refusals beyond it. */

import type { Decision, SenderRefusals } from '../domain/decision.ts'
import { type CountedRefusal, withinQuota } from '../domain/refusal-quota.ts'
import { errorText } from '../store/db.ts'
import { type BeyondQuota, countBeyondQuota } from '../store/refusal-counts.ts'
import type { PipelineOptions } from './types.ts'

interface Limited {
  readonly decision: Decision
  readonly counted: CountedRefusal | null
}

export interface RefusalTally {
  /** The decision within the quota. Refusals of the set before it count too. */
  limit(decision: Decision, refusals: SenderRefusals | null): Limited
  /** Counts the refusals beyond the quota in one statement. Reports the first ones of a sender and day. */
  settle(): Promise<void>
}

interface Sender {
  readonly day: number
  /** Refusals of the set within the quota, and beyond it. */
  within: number
  beyond: number
}

/** The tally of one set. */
export function createRefusalTally({ db, log }: Pick<PipelineOptions, 'db' | 'log'>): RefusalTally {
  const senders = new Map<string, Sender>()
  return {
    limit(decision, refusals) {
      const sender = refusals === null ? undefined : senders.get(refusals.key)
      const { isBeyond, ...limited } = withinQuota(decision, refusals, sender?.within ?? 0)
      if (refusals !== null && (isBeyond || limited.counted !== null)) {
        const one = sender ?? { day: refusals.day, within: 0, beyond: 0 }
        if (isBeyond) one.beyond++
        else one.within++
        senders.set(refusals.key, one)
      }
      return limited
    },
    async settle() {
      const rows: BeyondQuota[] = [...senders]
        .filter(([, { beyond }]) => beyond > 0)
        .map(([key, { day, beyond }]) => ({ key, day, refused: beyond }))
      if (rows.length === 0) return
      try {
        for (const { key } of await countBeyondQuota(db, rows))
          log('alert', { why: 'refusals_over_quota', sender: key })
      } catch (error) {
        log('count_failed', { error: errorText(error), refusals: rows.length })
      }
    },
  }
}
