/** @module The kinds of arrivals, and the draw of the next one by their weights. */

import type { Random } from '../support/micro-random.ts'

export const MIX_KINDS = [
  'sale',
  'void',
  'inquiry',
  'copy',
  /** The reversal of the last message. */
  'reversal',
  /** Two voids of one sale at once. */
  'rival',
  /** A reversal first, and then its sale. */
  'late',
  'sign-on',
] as const
export type MixKind = (typeof MIX_KINDS)[number]

/** The weight of each kind. */
export type Mix = Readonly<Record<MixKind, number>>

const STEPS = 1_000_000

/** Draws a kind. */
export function drawKind(mix: Mix, random: Random): MixKind {
  const sum = Object.values(mix).reduce((total, weight) => total + weight, 0)
  let at = (random.below(STEPS) / STEPS) * sum
  for (const kind of MIX_KINDS) {
    at -= mix[kind]
    if (at < 0) return kind
  }
  return MIX_KINDS.findLast((kind) => mix[kind] > 0) ?? 'sale'
}
