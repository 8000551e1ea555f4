/**
 * @module The concurrency limit: which request is refused first, that no slot is lost, and that a vanished
 * request frees its slot.
 */

import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  createConcurrencyLimit,
  LEASE_MS,
  PRIORITIES,
  type Priority,
} from '../../src/admission/concurrency-limit.ts'

const open = (capacity: number) => {
  const clock = { now: 1_000_000 }
  return { clock, limit: createConcurrencyLimit(capacity, () => clock.now) }
}

const fill = (limit: ReturnType<typeof createConcurrencyLimit>, priority: Priority): number => {
  let inside = 0
  while (limit.enter(priority) !== undefined) inside++
  return inside
}

it('refuses less urgent requests first', () => {
  const { limit } = open(100)
  expect(PRIORITIES.map((priority) => [priority, fill(limit, priority)])).toEqual([
    ['other', 25],
    ['sale', 55],
    ['undo', 20],
  ])
  expect(PRIORITIES.map((priority) => limit.isClosed(priority))).toEqual([true, true, true])
})

it('holds at least one request of each priority at any capacity', () => {
  for (const priority of PRIORITIES) expect(fill(open(1).limit, priority)).toBe(1)
})

it('counts the requests inside in any order of arrivals and departures, also when one leaves twice', () => {
  const move = fc.oneof(
    fc.record({ kind: fc.constant('enter' as const), priority: fc.constantFrom(...PRIORITIES) }),
    fc.record({ kind: fc.constant('leave' as const), which: fc.nat() }),
  )
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.array(move, { maxLength: 300 }), (capacity, moves) => {
      const { limit } = open(capacity)
      const share = { other: 0.25, sale: 0.8, undo: 1 }
      let inside: (() => void)[] = []
      for (const move of moves) {
        if (move.kind === 'leave') {
          const leave = inside[move.which % Math.max(inside.length, 1)]
          leave?.()
          leave?.()
          inside = inside.filter((other) => other !== leave)
          continue
        }
        const leave = limit.enter(move.priority)
        expect(leave !== undefined).toBe(inside.length < capacity * share[move.priority])
        if (leave !== undefined) inside.push(leave)
        expect(inside.length).toBeLessThanOrEqual(capacity)
      }
    }),
  )
})

it('counts a request by its weight', () => {
  const { limit } = open(10)
  const leave = limit.enter('undo', 9)
  expect(limit.isClosed('undo')).toBe(false)
  limit.enter('undo', 9)
  expect(limit.isClosed('undo')).toBe(true)
  leave?.()
  expect([limit.isClosed('undo'), limit.isClosed('sale')]).toEqual([false, true])
})

it('frees some of the places of a request, and the rest when it leaves', () => {
  const { limit } = open(10)
  const leave = limit.enter('undo', 12)
  leave?.(2)
  expect(limit.isClosed('undo')).toBe(true)
  leave?.(1)
  expect(limit.isClosed('undo')).toBe(false)
  expect(limit.isClosed('sale')).toBe(true)
  leave?.()
  leave?.()
  expect(fill(limit, 'undo')).toBe(10)
})

it('frees the slot of a request that never leaves after its lease, and ignores its later departure', () => {
  const { clock, limit } = open(2)
  const expired = limit.enter('undo')
  clock.now += 1
  limit.enter('undo')
  clock.now += LEASE_MS - 1
  expect(limit.isClosed('undo')).toBe(true)
  clock.now += 1
  expect(limit.enter('undo')).toBeDefined()
  expired?.()
  expect(limit.isClosed('undo')).toBe(true)
  clock.now -= 3 * LEASE_MS
  expect(limit.isClosed('undo')).toBe(false)
})
