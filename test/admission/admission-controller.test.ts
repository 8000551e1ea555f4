/**
 * @module The admission controller: slots inside, slots at the acquirer, and space for bodies, each with its
 * own limit. It logs once.
 */

import { describe, expect, it } from 'vitest'
import { createAdmissionController, type Slot } from '../../src/admission/admission-controller.ts'
import type { Priority } from '../../src/admission/concurrency-limit.ts'

function open(mostInside = 10) {
  const logged: unknown[] = []
  const admission = createAdmissionController({
    now: () => 1_000_000,
    log: (event, detail) => logged.push({ event, ...detail }),
    mostInside,
  })
  const fill = (
    priority: Priority,
    use: (slot: Slot) => void = () => undefined,
    asksAcquirer = true,
    isJson = false,
  ): number => {
    let entered = 0
    for (; entered < 10_000; entered++) {
      const slot = admission.enter(priority, { asksAcquirer, isJson })
      if (slot === undefined) break
      use(slot)
    }
    return entered
  }
  return { logged, admission, fill }
}

it('a request that waits for the acquirer frees its inside slot and counts at the acquirer', () => {
  const { admission, fill } = open()
  expect(fill('sale', (slot) => slot.awaitAcquirer())).toBe(800)
  expect([
    admission.isClosed('sale', { asksAcquirer: true }),
    admission.isClosed('undo', { asksAcquirer: true }),
  ]).toEqual([true, false])
  expect(fill('undo', (slot) => slot.awaitAcquirer())).toBe(200)
  expect([admission.isClosed('undo', { asksAcquirer: true }), admission.isClosed('other')]).toEqual([
    true,
    false,
  ])
})

it('JSON has seven eighths of the slots, and the rest is for terminals', () => {
  const { admission, fill } = open(16)
  expect(fill('undo', undefined, false, true)).toBe(14)
  expect(admission.isClosed('undo', { isJson: true })).toBe(true)
  expect(fill('undo', undefined, false, false)).toBe(2)
  const other = open(16)
  expect(other.fill('undo', (slot) => slot.leave(), false, true)).toBe(10_000)
  expect(other.fill('undo', (slot) => slot.awaitAcquirer(), true, true)).toBe(1000)
})

it('a reversal needs no acquirer slot, so it is admitted when all are taken', () => {
  const { admission, fill } = open()
  fill('undo', (slot) => slot.awaitAcquirer())
  expect(admission.isClosed('undo', { asksAcquirer: true })).toBe(true)
  expect(fill('undo', undefined, false)).toBe(10)
})

it('a request that left takes no acquirer slot', () => {
  const { admission, fill } = open(1)
  for (let n = 0; n < 3000; n++) {
    const slot = admission.enter('undo', { asksAcquirer: true })
    slot?.leave()
    slot?.awaitAcquirer()
  }
  expect(fill('undo', (slot) => slot.awaitAcquirer())).toBe(1000)
})

it('a request that leaves the acquirer frees both slots', () => {
  const { admission, fill } = open(1)
  for (let n = 0; n < 3000; n++) {
    const slot = admission.enter('undo')
    slot?.awaitAcquirer()
    slot?.leave()
    slot?.leave()
  }
  expect(fill('undo')).toBe(1)
})

it('bodies have spaces of their own, and a full one is logged and raises an alert', () => {
  const { admission, logged } = open(1)
  const terminal = { space: 'terminal', priority: 'undo', source: '' } as const
  const frames = Array.from({ length: 1100 }, () => admission.enterBody(terminal))
  expect(frames.filter((body) => body !== undefined)).toHaveLength(1024)
  expect(admission.isClosed('other')).toBe(false)
  const list = { space: 'known', priority: 'other', credential: 'key' } as const
  expect(admission.enterBody(list)?.hold(256 * 1024)).toBe(true)
  expect(logged).toEqual([
    { event: 'alert', why: 'bodies_full', space: 'terminal' },
    { event: 'overloaded', priority: 'undo' },
  ])
  for (const body of frames) body?.leave()
  expect(admission.enterBody(terminal)).toBeDefined()
})

it('what fails before its sender is known counts for its address', () => {
  const { admission, logged } = open()
  for (let n = 0; n < 1000; n++) admission.failed('203.0.113.7')
  expect(logged).toContainEqual({ event: 'alert', why: 'unproved_messages', source: '203.0.113.7' })
  expect(admission.bearers.allow('key', '203.0.113.7').kind).toBe('retry_after')
  expect(admission.bearers.allow('key', '198.51.100.9').kind).toBe('allowed')
})

it('logs overload once a minute per priority', () => {
  const { logged, fill } = open()
  for (let n = 0; n < 100; n++) fill('sale')
  for (let n = 0; n < 100; n++) fill('other')
  expect(logged).toEqual([
    { event: 'overloaded', priority: 'sale' },
    { event: 'overloaded', priority: 'other' },
  ])
})

describe('a batch', () => {
  const frames = (messages: number) => ({ messages, asksAcquirer: true })

  it('takes one place of a request, so single messages find theirs', () => {
    const { admission, fill } = open()
    expect(admission.enter('undo', frames(100))).toBeDefined()
    expect(fill('undo', undefined, false)).toBe(9)
  })

  it('is refused while as many frames of others are in progress as the limit has', () => {
    const { admission } = open(128)
    const first = admission.enter('undo', frames(100))
    expect(admission.enter('undo', frames(100))).toBeDefined()
    expect(admission.isClosed('undo', frames(2))).toBe(true)
    expect(admission.isClosed('undo')).toBe(false)
    first?.leave()
    expect(admission.isClosed('undo', frames(2))).toBe(false)
    // Less urgent batches have a share only.
    expect([admission.isClosed('sale', frames(2)), admission.isClosed('other', frames(2))]).toEqual([
      false,
      true,
    ])
  })

  it('of frames takes nothing from lists of lines', () => {
    const { admission } = open(128)
    for (let n = 0; n < 2; n++) admission.enter('undo', frames(100))
    const lines = { messages: 200, isJson: true }
    for (let n = 0; n < 4; n++) expect(admission.enter('undo', lines)).toBeDefined()
    expect(admission.isClosed('undo', lines)).toBe(true)
    expect(admission.isClosed('undo', { isJson: true })).toBe(false)
  })

  it('frees the place of each frame that waits for the acquirer, and its own with the last one', () => {
    const { admission, fill } = open(1)
    const slot = admission.enter('undo', frames(3))
    expect(admission.isClosed('undo')).toBe(true)
    slot?.awaitAcquirer()
    slot?.awaitAcquirer()
    expect(admission.isClosed('undo')).toBe(true)
    for (let n = 0; n < 3; n++) slot?.awaitAcquirer()
    expect(admission.isClosed('undo')).toBe(false)
    expect(fill('undo', (other) => other.awaitAcquirer())).toBe(997)
    slot?.leave()
    expect(fill('undo', (other) => other.awaitAcquirer())).toBe(3)
  })

  it('is refused while the acquirer has its most requests', () => {
    const { admission, fill } = open()
    fill('undo', (slot) => slot.awaitAcquirer())
    expect(admission.enter('undo', frames(2))).toBeUndefined()
    expect(admission.enter('undo', { messages: 2 })).toBeDefined()
  })
})
