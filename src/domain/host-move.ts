/** @module How an entry moves a forwarded message, and why one becomes a person's case. */

import type { HostState, HostWord } from './host-state.ts'

/** Why a person must look: the host does not answer at all, will not undo what we have undone, or has other books. */
export type CaseReason =
  | 'host_silent'
  | 'host_keeps'
  /** Its own list says otherwise than we hold. */
  | 'host_differs'
  /** Its own list has what we have no trace of. */
  | 'only_host'

/** A forwarded message in its next state; what is absent stays as it is. */
export interface HostMove {
  readonly messageKey: string
  readonly state: HostState
  readonly at: number
  /** When the host is to be asked next; null: it need not be. */
  readonly nextAt: number | null
  /** A new time by which it is decided: what is reversed long after its claim is given time anew. */
  readonly decideBy?: number
  readonly hostRrn?: string | null
  readonly hostSaid?: HostWord
  /** In minor units. */
  readonly hostAmount?: number | null
  /** Opens a case. */
  readonly caseReason?: CaseReason
}
