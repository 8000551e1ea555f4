/**
 * @module Runs a table of guards: each row alone gives its own reason, and two faults give the upper row's.
 */

import { describe, expect, it } from 'vitest'
import type { Decision } from '../../src/domain/decision.ts'
import type { DeclineReason } from '../../src/domain/decline-reason.ts'

export interface Guard<C> {
  readonly fault: string
  readonly reason: DeclineReason
  /** Breaks one thing in a case. Other parts of it may be broken already. */
  readonly break: (valid: C) => C
}

export const reasonOf = (decision: Decision): DeclineReason | null => {
  switch (decision.kind) {
    case 'commit':
      return decision.draft.answer?.reason ?? null
    case 'answer':
      return decision.answer.reason
    case 'replay':
      return decision.answer.reason
    case 'pending':
      return null
  }
}

export function guardSuite<C>(
  name: string,
  valid: C,
  decide: (c: C) => Decision,
  guards: readonly Guard<C>[],
): void {
  describe(name, () => {
    it('is approved without a fault', () => {
      expect(reasonOf(decide(valid))).toBeNull()
    })

    it.each(guards)('$fault → $reason', (guard) => {
      expect(reasonOf(decide(guard.break(valid)))).toBe(guard.reason)
    })

    const pairs = guards.flatMap((upper, i) => guards.slice(i + 1).map((lower) => ({ upper, lower })))
    it(`${pairs.length} pairs of faults: gives the upper reason`, () => {
      const answered = pairs.map(({ upper, lower }) => ({
        faults: [upper.fault, lower.fault],
        reason: reasonOf(decide(upper.break(lower.break(valid)))),
      }))
      expect(answered).toEqual(
        pairs.map(({ upper, lower }) => ({ faults: [upper.fault, lower.fault], reason: upper.reason })),
      )
    })
  })
}
