/**
 * @module The rules of a merchant: late reversals of a terminal, the reason of a void, and the deadline of a void
 * (semantics.md, Late reversals).
 */

import { DECIDE_MS } from './acquirer-state.ts'

export const LATE_REVERSALS = ['allow', 'refuse'] as const

export interface MerchantRules {
  /** Whether a terminal may reverse a void long after its answer. */
  readonly lateReversals: (typeof LATE_REVERSALS)[number]
  /** Whether a void by JSON must have a reason. */
  readonly reasonRequired: boolean
  /** Seconds from the claim of a void to its deadline, at least 180. `window`: until the sale can no longer be voided. */
  readonly decideWithin: number | 'window'
}

/** The least and the most seconds of `decideWithin`. The most are the longest window in minutes. */
export const LEAST_DECIDE_SECONDS = DECIDE_MS / 1000
export const MOST_DECIDE_SECONDS = 525_600 * 60

/** The rules of a merchant that names none. */
const USUAL_RULES: MerchantRules = {
  lateReversals: 'allow',
  reasonRequired: false,
  decideWithin: LEAST_DECIDE_SECONDS,
}

/** All rules of a merchant. */
export const rulesOf = ({
  lateReversals = USUAL_RULES.lateReversals,
  reasonRequired = USUAL_RULES.reasonRequired,
  decideWithin = USUAL_RULES.decideWithin,
}: Partial<MerchantRules>): MerchantRules => ({ lateReversals, reasonRequired, decideWithin })
