/** @module The change that an entry makes to a forwarded message, and the reasons for a case (semantics.md, Cases). */

import type { AcquirerState, AcquirerStatus } from './acquirer-state.ts'

/**
 * The reason for a case. `no_answer`: the acquirer does not answer. `reversal_refused`: it keeps a message that is
 * reversed here.
 */
export const CASE_REASONS = [
  'no_answer',
  'reversal_refused',
  /** The acquirer's list differs from our record. */
  'record_differs',
  /** The acquirer's list has a message that we do not have. */
  'only_acquirer',
  /** The database refuses the entry of the message, which the acquirer did not get, or an entry after its claim. */
  'not_recorded',
] as const
export type CaseReason = (typeof CASE_REASONS)[number]

/** A forwarded message moves to its next state. Members that are absent keep their values. */
export interface AcquirerMove {
  readonly messageKey: string
  readonly state: AcquirerState
  readonly at: number
  /** The time of the next try, in milliseconds since the epoch. Null: no try is necessary. */
  readonly nextAt: number | null
  /** A new deadline, in milliseconds since the epoch. A reversal long after the claim gets a new deadline. */
  readonly decideBy?: number
  readonly acquirerRrn?: string | null
  readonly acquirerStatus?: AcquirerStatus
  /** In minor units. */
  readonly acquirerAmount?: number | null
  /** Opens a case for this reason. */
  readonly caseReason?: CaseReason
  /** The acquirer's day of the message, MMDD, if it is not that of the move by the clock. */
  readonly settlementDate?: string
}
