/** @module Many worlds of faults on consecutive seeds: none ends in a violation. */

import { expect, it } from 'vitest'
import { isWhole, type ProofName, sizeOf } from '../proofs.ts'
import { faultsOf, violationsOf, worlds } from './seeds.ts'

export function proveWorlds(name: ProofName, seed: number): void {
  const voids = sizeOf(name)
  it(`worlds of faults end as they must: ${voids} voids from seed ${seed}`, {
    timeout: 900_000,
  }, async () => {
    const reports = await worlds(seed, voids)
    expect(violationsOf(reports)).toEqual([])
    const faults = faultsOf(reports)
    expect(faults.size).toBeGreaterThan(15)
    // The worlds were eventful; what is left at the acquirer in the end is no event. A sample is too small to count.
    for (const [fault, count] of isWhole() ? faults : [])
      if (!fault.startsWith('acquirer ')) expect([fault, count > 50]).toEqual([fault, true])
  })
}
