/** @module A message that a reversal named. It can have no effect any more. */

/** A reversed message. `tombstone`: the reversal came before the message. */
export interface Reversal {
  readonly targetKey: string
  readonly kind: 'reversed' | 'tombstone'
  /** The terminal's own totals still have the message, because someone else reversed it (office-totals.ts). */
  readonly stillCounted?: true
}
