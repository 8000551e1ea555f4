/**
 * @module The admission controller: slots inside, slots at the acquirer, and room for bodies, each with its
 * own limit. It logs once.
 */

import { expect, it } from 'vitest'
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
  ): number => {
    let entered = 0
    for (; entered < 10_000; entered++) {
      const slot = admission.enter(priority, asksAcquirer)
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
  expect([admission.isClosed('sale', true), admission.isClosed('undo', true)]).toEqual([true, false])
  expect(fill('undo', (slot) => slot.awaitAcquirer())).toBe(200)
  expect([admission.isClosed('undo', true), admission.isClosed('other')]).toEqual([true, false])
})

it('a reversal needs no acquirer slot, so it is admitted when all are taken', () => {
  const { admission, fill } = open()
  fill('undo', (slot) => slot.awaitAcquirer())
  expect(admission.isClosed('undo', true)).toBe(true)
  expect(fill('undo', undefined, false)).toBe(10)
})

it('a request that left takes no acquirer slot', () => {
  const { admission, fill } = open(1)
  for (let n = 0; n < 3000; n++) {
    const slot = admission.enter('undo', true)
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

it('bodies have their own limit, by length', () => {
  const { admission } = open(1)
  const frames = Array.from({ length: 3000 }, () => admission.enterBody('undo', 4096))
  expect(frames.filter((leave) => leave !== undefined)).toHaveLength(2048)
  expect(admission.isClosed('other')).toBe(false)
  expect(admission.enterBody('other', 256 * 1024)).toBeUndefined()
  for (const leave of frames) leave?.()
  const captures = Array.from({ length: 100 }, () => admission.enterBody('other', 256 * 1024))
  expect(captures.filter((leave) => leave !== undefined)).toHaveLength(8)
  expect(admission.enterBody('undo', 4096)).toBeDefined()
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
