/** @module Half of the checks, removed one at a time: a world ends in a violation within a number of voids. */

import { describe, expect, it } from 'vitest'
import { PROOFS, type ProofName, sizeOf } from '../proofs.ts'
import { coreModule } from '../support/load-core.ts'
import { MUTANTS } from './mutants.ts'
import { mutated } from './take-out.ts'
import { runWorlds } from './threads.ts'

/** Voids within which each must be detected. */
const VOIDS = 1_500

/** As many of the checks at even or odd places as the proof is large; the quick ones come first. */
export function proveNoticed(name: ProofName, parity: 0 | 1): void {
  const mine = MUTANTS.filter((_, at) => at % 2 === parity)
  const ordered = mine.toSorted((a, b) => Number(b.isQuick ?? false) - Number(a.isQuick ?? false))
  it('finds every check in the whole proof, and its snippet in its file once', () => {
    expect(mine).toHaveLength(PROOFS[name].whole)
    for (const mutant of mine) expect([mutant.name, mutated(mutant) !== '']).toEqual([mutant.name, true])
  })
  describe('a world without this check has a violation', () => {
    it.each(ordered.slice(0, sizeOf(name)))('$name', { timeout: 300_000 }, async (mutant) => {
      const violations: string[] = []
      await runWorlds(
        { module: coreModule, seed: mutant.seed ?? 1, voids: VOIDS, mutant, untilViolation: true },
        ({ violation }) => {
          if (violation !== null) violations.push(violation)
        },
      )
      expect(violations).toHaveLength(1)
    })
  })
}
