/** @module The doorkeeper: places inside, places at the host, and room for bodies, each by itself; the log told once. */

import { expect, it } from 'vitest'
import { createDoorkeeper, type Place } from '../../src/shed/doorkeeper.ts'
import type { Priority } from '../../src/shed/gate.ts'

function open(mostInside = 10) {
  const logged: unknown[] = []
  const doorkeeper = createDoorkeeper({
    now: () => 1_000_000,
    log: (event, detail) => logged.push({ event, ...detail }),
    mostInside,
  })
  const fill = (
    priority: Priority,
    use: (place: Place) => void = () => undefined,
    asksHost = true,
  ): number => {
    let entered = 0
    for (; entered < 10_000; entered++) {
      const place = doorkeeper.enter(priority, asksHost)
      if (place === undefined) break
      use(place)
    }
    return entered
  }
  return { logged, doorkeeper, fill }
}

it('who waits for the host leaves its place inside to others, and is counted there', () => {
  const { doorkeeper, fill } = open()
  expect(fill('sale', (place) => place.awaitHost())).toBe(800)
  expect([doorkeeper.isClosed('sale', true), doorkeeper.isClosed('undo', true)]).toEqual([true, false])
  expect(fill('undo', (place) => place.awaitHost())).toBe(200)
  expect([doorkeeper.isClosed('undo', true), doorkeeper.isClosed('other')]).toEqual([true, false])
})

it('a reversal waits for no host and is heard however many wait there', () => {
  const { doorkeeper, fill } = open()
  fill('undo', (place) => place.awaitHost())
  expect(doorkeeper.isClosed('undo', true)).toBe(true)
  expect(fill('undo', undefined, false)).toBe(10)
})

it('who has left already takes no place at the host', () => {
  const { doorkeeper, fill } = open(1)
  for (let n = 0; n < 3000; n++) {
    const place = doorkeeper.enter('undo', true)
    place?.leave()
    place?.awaitHost()
  }
  expect(fill('undo', (place) => place.awaitHost())).toBe(1000)
})

it('who leaves from there leaves both', () => {
  const { doorkeeper, fill } = open(1)
  for (let n = 0; n < 3000; n++) {
    const place = doorkeeper.enter('undo')
    place?.awaitHost()
    place?.leave()
    place?.leave()
  }
  expect(fill('undo')).toBe(1)
})

it('bodies have room of their own, by their length', () => {
  const { doorkeeper } = open(1)
  const frames = Array.from({ length: 3000 }, () => doorkeeper.enterBody('undo', 4096))
  expect(frames.filter((leave) => leave !== undefined)).toHaveLength(2048)
  expect(doorkeeper.isClosed('other')).toBe(false)
  expect(doorkeeper.enterBody('other', 256 * 1024)).toBeUndefined()
  for (const leave of frames) leave?.()
  const feeds = Array.from({ length: 100 }, () => doorkeeper.enterBody('other', 256 * 1024))
  expect(feeds.filter((leave) => leave !== undefined)).toHaveLength(8)
  expect(doorkeeper.enterBody('undo', 4096)).toBeDefined()
})

it('the log is told once a minute for each priority', () => {
  const { logged, fill } = open()
  for (let n = 0; n < 100; n++) fill('sale')
  for (let n = 0; n < 100; n++) fill('other')
  expect(logged).toEqual([
    { event: 'overloaded', priority: 'sale' },
    { event: 'overloaded', priority: 'other' },
  ])
})
