/** @module The move of a void to its next state, as an entry has it. */

import type { AcquirerState } from './acquirer-state.ts'

/** A void in its next state. */
export interface VoidMove {
  readonly id: string
  readonly state: AcquirerState
  /** Null when it was not reversed. */
  readonly reversedAt: number | null
  /** Whether a terminal reversed it long after its answer: the event `void.reversed_late` (late-reversal.ts). */
  readonly reversedLate?: boolean
}
