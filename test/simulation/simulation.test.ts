/** @module A seed gives the same transcript twice. */

import { expect, it } from 'vitest'
import { worlds } from './seeds.ts'
import { digestOf } from './threads.ts'

it('worlds are the same for the same seed, to the byte', { timeout: 300_000 }, async () => {
  const [first, second] = await Promise.all([worlds(18, 60), worlds(18, 60)])
  expect(first.length).toBeGreaterThan(0)
  expect(digestOf(second)).toBe(digestOf(first))
  expect(digestOf(await worlds(10, 60))).not.toBe(digestOf(first))
})
