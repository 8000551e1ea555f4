/** @module The duplicate table, and what a JavaScript program would use instead. */

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { LRUCache } from 'lru-cache'
import type { Core } from '../../src/core/instance.ts'

export interface DuplicateTable {
  readonly name: string
  /** Looks the message up, and enters it. Returns whether it was there. */
  readonly lookupOrInsert: (message: Uint8Array, seconds: number) => boolean
}

const WINDOW = 120
const textOf = (message: Uint8Array): string =>
  Buffer.from(message.buffer, message.byteOffset, message.length).toString('latin1')

/** A map, and a ring of its keys, whose oldest one leaves the map. */
function mapAndRing(capacity: number): DuplicateTable {
  const seconds = new Map<string, number>()
  const ring: string[] = []
  let next = 0
  return {
    name: 'Map and ring',
    lookupOrInsert(message, now) {
      const key = textOf(message)
      const before = seconds.get(key)
      seconds.set(key, now)
      if (before !== undefined) return now - before <= WINDOW
      const oldest = ring[next]
      if (oldest !== undefined) seconds.delete(oldest)
      ring[next] = key
      next = (next + 1) % capacity
      return false
    },
  }
}

function lruCache(capacity: number): DuplicateTable {
  const cache = new LRUCache<string, number>({ max: capacity })
  return {
    name: 'lru-cache',
    lookupOrInsert(message, now) {
      const key = textOf(message)
      const before = cache.get(key)
      cache.set(key, now)
      return before !== undefined && now - before <= WINDOW
    },
  }
}

const ours = ({ duplicates }: Core): DuplicateTable => ({
  name: 'ours',
  lookupOrInsert(message, now) {
    const isThere = duplicates.lookup(message, now) >= 0
    duplicates.insert(message, now)
    return isThere
  },
})

/** The three tables, ours first. Each holds as many messages as the core's. */
export const duplicateTables = (core: Core): readonly (() => DuplicateTable)[] => [
  () => ours(core),
  () => mapAndRing(core.duplicates.capacity),
  () => lruCache(core.duplicates.capacity),
]

/** The bytes that the heap grows by while `make` runs. The result is kept until then. */
export function heapOf(make: () => unknown): number {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  collect()
  const before = process.memoryUsage().heapUsed
  const made = make()
  collect()
  const after = process.memoryUsage().heapUsed
  return made === undefined ? 0 : after - before
}
