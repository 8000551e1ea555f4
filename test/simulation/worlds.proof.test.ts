/** @module Worlds of faults on consecutive seeds: none ends in a violation. */

import { expect, it } from 'vitest'
import { isWhole, sizeOf } from '../proofs.ts'
import { KINDS } from './coverage.ts'
import { faultsOf, violationsOf, worlds } from './seeds.ts'

const VOIDS = sizeOf('simulation/worlds')

it(`worlds of faults end without a violation: ${VOIDS} voids`, { timeout: 900_000 }, async () => {
  // One file counts the faults of all seeds, because the rarest fault is absent from most worlds.
  const reports = await worlds(1, VOIDS, { threads: isWhole() ? 2 : 1 })
  expect(violationsOf(reports)).toEqual([])
  const faults = faultsOf(reports)
  expect(faults.size).toBeGreaterThan(15)
  // Kinds are rarer than faults, because they need a profile, a setting or a late act. Each must come.
  for (const kind of isWhole() ? KINDS : []) expect([kind, (faults.get(kind) ?? 0) > 0]).toEqual([kind, true])
  const rare = new Set([...KINDS, 'settlements that differ'])
  // The worlds were eventful. The final states at the acquirer are no events. A sample is too small to count.
  for (const [fault, count] of isWhole() ? faults : [])
    if (!fault.startsWith('acquirer ') && !rare.has(fault)) expect([fault, count > 50]).toEqual([fault, true])
})
