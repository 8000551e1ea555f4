/**
 * @module The quota of refusals: how many refusals of one sender and UTC day become journal entries (semantics.md, Quota
 * of refusals). Without it, one stolen key could fill the database with refused messages.
 */

import type { Decision, SenderRefusals } from './decision.ts'
import type { EntryKind } from './types.ts'

/**
 * The quota of a terminal. A busy terminal makes some hundred sales and voids in a day, and a few of them are refused.
 * So a terminal that works, with every message refused, stays below it.
 */
export const TERMINAL_QUOTA = 1000

/** The quota of all bearer keys of a merchant, and of the administrators' keys: as ten terminals have. */
export const KEYS_QUOTA = 10_000

/** Begins the key of a terminal. Its number follows. */
export const TERMINAL_SENDER = 'terminal:'

/** Begins the key of bearer keys. Their merchant follows, or `admin`. */
export const KEYS_SENDER = 'keys:'

export const DAY_MS = 86_400_000

/** The UTC day of a time in milliseconds since the epoch, in days since the epoch. */
export const utcDay = (at: number): number => Math.floor(at / DAY_MS)

/** A refusal to write and to count. Its entry is written only while at most `most` refusals are. */
export interface CountedRefusal extends Pick<SenderRefusals, 'key' | 'day'> {
  readonly most: number
}

export interface Limited {
  readonly decision: Decision
  /** Null: no refusal that counts, or one beyond the quota. */
  readonly counted: CountedRefusal | null
  /** Whether the refusal is beyond the quota. Then the decision is its answer without an entry. */
  readonly isBeyond: boolean
}

const LIMITED: readonly EntryKind[] = ['sale', 'void', 'sale_reversal', 'void_reversal']

/**
 * Whether a decision is a refusal by our own guards. Its entry has no effect. Approvals, declines of the acquirer,
 * approved reversals and refusals with a case are always written.
 */
function isCounted({ draft }: Extract<Decision, { kind: 'commit' }>): boolean {
  const { kind, answer, effects } = draft
  const isRefused = answer !== null && answer.reason !== null
  return LIMITED.includes(kind) && isRefused && Object.keys(effects).length === 0
}

/**
 * Applies the quota to a decision. `refusals` null: the message has no sender that counts. `before`: refusals of the
 * same sender before this one in its set.
 */
export function withinQuota(decision: Decision, refusals: SenderRefusals | null, before: number): Limited {
  if (refusals === null || decision.kind !== 'commit' || !isCounted(decision))
    return { decision, counted: null, isBeyond: false }
  const { key, day, written } = refusals
  const quota = key.startsWith(TERMINAL_SENDER) ? TERMINAL_QUOTA : KEYS_QUOTA
  const { answer } = decision.draft
  if (answer !== null && written + before >= quota)
    return { decision: { kind: 'answer', answer }, counted: null, isBeyond: true }
  return { decision, counted: { key, day, most: quota - 1 - before }, isBeyond: false }
}
