/** @module The life of key sets, at their boundaries. */

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { liveKeySets, PENDING_KEYS_MS, WORKING_KEYS_MS } from '../../src/domain/key-lifetime.ts'

const NOW = Date.UTC(2026, 5, 1)
const HOUR = 3_600_000
const set = (version: number, age: number) => ({ version, createdAt: NOW - age })
const versionsOf = (sets: { version: number; createdAt: number }[], inUse: number | null) =>
  liveKeySets(sets, inUse, NOW).map(({ version }) => version)

it('is 24 hours for a pending set and 31 days for the set in use', () => {
  expect([PENDING_KEYS_MS, WORKING_KEYS_MS]).toEqual([24 * HOUR, 31 * 24 * HOUR])
})

it('ends to the millisecond', () => {
  expect(versionsOf([set(1, 31 * 24 * HOUR - 1), set(2, 24 * HOUR - 1)], 1)).toEqual([1, 2])
  expect(versionsOf([set(1, 31 * 24 * HOUR), set(2, 24 * HOUR - 1)], 1)).toEqual([2])
  expect(versionsOf([set(1, 31 * 24 * HOUR - 1), set(2, 24 * HOUR)], 1)).toEqual([1])
  expect(versionsOf([set(1, 24 * HOUR - 1)], null)).toEqual([1])
  expect(versionsOf([set(1, 24 * HOUR)], null)).toEqual([])
})

it('begins in the future of a clock that is behind', () => {
  expect(versionsOf([set(1, -HOUR), set(2, -HOUR)], 1)).toEqual([1, 2])
})

it('keeps the order, and never ends for a set that lives longer at a later time', () => {
  const sets = fc.array(
    fc.record({ version: fc.nat(5), createdAt: fc.integer({ min: NOW - 40 * 24 * HOUR, max: NOW }) }),
  )
  fc.assert(
    fc.property(sets, fc.nat(5), fc.nat(40 * 24 * HOUR), (all, inUse, later) => {
      const now = liveKeySets(all, inUse, NOW)
      expect(now).toEqual(all.filter((one) => now.includes(one)))
      const then = liveKeySets(all, inUse, NOW + later)
      expect(then.filter((one) => !now.includes(one))).toEqual([])
    }),
  )
})
