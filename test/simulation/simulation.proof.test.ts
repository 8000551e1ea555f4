/** @module A seed gives the same transcript twice. */

import { expect, it } from 'vitest'
import { sizeOf } from '../proofs.ts'
import { worlds } from './seeds.ts'
import { digestOf } from './threads.ts'

it('worlds are the same for the same seed, to the byte', { timeout: 300_000 }, async () => {
  const voids = sizeOf('simulation/simulation')
  const [first, second] = await Promise.all([worlds(18, voids), worlds(18, voids)])
  expect(first.length).toBeGreaterThan(0)
  expect(digestOf(second)).toBe(digestOf(first))
  expect(digestOf(await worlds(10, voids))).not.toBe(digestOf(first))
})
