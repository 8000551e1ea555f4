/** @module Mild faults: every void of a client that follows the rules ends final. */

import { expect, it } from 'vitest'
import { sizeOf } from '../proofs.ts'
import { violationsOf, worlds } from './seeds.ts'

const VOIDS = sizeOf('simulation/mild')

it(`clients that follow the rules succeed under mild faults: ${VOIDS} of ${VOIDS} voids end final`, {
  timeout: 900_000,
}, async () => {
  const reports = await worlds(1, VOIDS, { isMild: true })
  expect(violationsOf(reports)).toEqual([])
  expect(reports.reduce((sum, { voids }) => sum + voids, 0)).toBeGreaterThanOrEqual(VOIDS)
  expect(reports.flatMap(({ open }) => open)).toEqual([])
})
