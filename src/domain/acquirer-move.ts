/** @module How an entry moves a forwarded message, and why one becomes a person's case. */

import type { AcquirerState, AcquirerStatus } from './acquirer-state.ts'

/** Why a person must look: the acquirer does not answer at all, will not undo what we have undone, or has other books. */
export type CaseReason =
  | 'no_answer'
  | 'reversal_refused'
  /** Its own list says otherwise than we hold. */
  | 'record_differs'
  /** Its own list has what we have no trace of. */
  | 'only_acquirer'

/** A forwarded message in its next state; what is absent stays as it is. */
export interface AcquirerMove {
  readonly messageKey: string
  readonly state: AcquirerState
  readonly at: number
  /** When the acquirer is to be asked next; null: it need not be. */
  readonly nextAt: number | null
  /** A new time by which it is decided: what is reversed long after its claim is given time anew. */
  readonly decideBy?: number
  readonly acquirerRrn?: string | null
  readonly acquirerStatus?: AcquirerStatus
  /** In minor units. */
  readonly acquirerAmount?: number | null
  /** Opens a case. */
  readonly caseReason?: CaseReason
}
