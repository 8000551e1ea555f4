/**
 * @module The duplicate table against a model: window, probes, eviction, forgetting, keys, and no false hit.
 */
import { describe, expect, test } from 'vitest'
import { type CoreMemory, regionsOf } from '../../src/core/memory.ts'
import { sizeOf } from '../proofs.ts'
import { watchedCore } from '../support/load-core.ts'
import { seeded } from '../support/micro-random.ts'
import { sipHash24 } from '../support/micro-siphash.ts'

const CAPACITY = 65_536
const PROBES = 8
const WINDOW = 120
const COUNTING_KEY = Uint8Array.from({ length: 16 }, (_, at) => at)

const countingKey = (bytes: Uint8Array) => bytes.set(COUNTING_KEY)

/** The i-th message: four bytes of i, then a fill. */
function messageOf(i: number): Uint8Array {
  const bytes = new Uint8Array(20).fill(i >> 3)
  new DataView(bytes.buffer).setUint32(0, i)
  return bytes
}

/** The fingerprint and second stored under the handle. */
function entryAt(memory: CoreMemory, handle: number): { print: bigint; seconds: number } {
  const address = regionsOf(memory.exports).find(({ name }) => name === 'DUPLICATES')?.address ?? 0
  const view = new DataView(memory.exports.memory.buffer, address + 16 * handle, 16)
  return { print: view.getBigUint64(0, true), seconds: view.getUint32(8, true) }
}

test('uses SipHash-2-4 for the fingerprint', () => {
  const { core, memory } = watchedCore(countingKey)
  const print = (message: Uint8Array) => entryAt(memory, core.duplicates.insert(message, 1)).print
  // Appendix A of the paper, and the first vector of the reference implementation (bytes 31 0e 0e dd 47 db 6f
  // 72).
  expect(print(COUNTING_KEY.subarray(0, 15))).toBe(0xa129ca6149be45e5n)
  expect(print(new Uint8Array(0))).toBe(0x726fdb47dd0e0e31n)
  const random = seeded(24)
  for (const length of [...Array(130).keys(), 255, 256, 257, 10_240]) {
    const message = random.bytes(length)
    expect(print(message), `${length} bytes`).toBe(sipHash24(COUNTING_KEY, message))
  }
})

describe('the window', () => {
  const { core } = watchedCore(countingKey, { duplicateWindowSeconds: WINDOW })
  const table = core.duplicates
  const message = messageOf(1)

  test.each([0, 1, 1_790_000_000, 0xffff_ffff - WINDOW - 1])('counts seconds from %i', (start) => {
    table.clear()
    const handle = table.insert(message, start)
    for (const age of [0, 1, WINDOW - 1, WINDOW]) expect(table.lookup(message, start + age)).toBe(handle)
    expect(table.lookup(message, start + WINDOW + 1)).toBe(-1)
  })

  test('does not revive an entry when 8, 16 or 24 bits of the clock wrap', () => {
    table.clear()
    table.insert(message, 1_000_000)
    for (const bits of [8, 16, 24, 31]) expect(table.lookup(message, 1_000_000 + 2 ** bits)).toBe(-1)
  })

  test('wraps with the 32-bit clock', () => {
    table.clear()
    const handle = table.insert(message, 0xffff_fff0)
    expect(table.lookup(message, 0)).toBe(handle)
    expect(table.lookup(message, WINDOW - 16)).toBe(handle)
    expect(table.lookup(message, WINDOW - 15)).toBe(-1)
  })

  test('forgets an entry when the clock goes back', () => {
    table.clear()
    const handle = table.insert(message, 1000)
    expect(table.lookup(message, 999)).toBe(-1)
    expect(table.insert(message, 999)).toBe(handle)
    expect(table.lookup(message, 999)).toBe(handle)
  })

  test('starts again at a new insert, under the same handle', () => {
    table.clear()
    const handle = table.insert(message, 1000)
    expect(table.insert(message, 1000 + WINDOW)).toBe(handle)
    expect(table.lookup(message, 1000 + 2 * WINDOW)).toBe(handle)
    expect(table.insert(message, 10_000)).toBe(handle)
  })

  test('may be zero: only within the same second', () => {
    const { core: short } = watchedCore(countingKey, { duplicateWindowSeconds: 0 })
    short.duplicates.insert(message, 7)
    expect(short.duplicates.lookup(message, 7)).toBeGreaterThanOrEqual(0)
    expect(short.duplicates.lookup(message, 8)).toBe(-1)
  })

  test('rejects a clock or a window that is not a 32-bit count of seconds', () => {
    for (const now of [-1, 1.5, 2 ** 32, Number.NaN]) {
      expect(() => table.lookup(message, now)).toThrow(RangeError)
      expect(() => table.insert(message, now)).toThrow(RangeError)
      expect(() => watchedCore(countingKey, { duplicateWindowSeconds: now })).toThrow(RangeError)
    }
  })
})

describe('a table filled beyond its capacity', () => {
  const { core, memory } = watchedCore(countingKey, { duplicateWindowSeconds: 0xffff_ffff })
  const table = core.duplicates
  const slots = new Map<number, { message: number; seconds: number }>()
  const COUNT = 150_000
  let evictions = 0

  test('keeps an entry within eight slots of its bucket, takes the first free one, evicts the oldest', () => {
    for (let i = 0; i < COUNT; i++) {
      // Runs of equal seconds, sometimes out of order among the neighbours.
      const now = 1000 + (i >> 2)
      const handle = table.insert(messageOf(i), now)
      const entry = entryAt(memory, handle)
      const bucket = Number(entry.print & 0xffffn)
      const places = Array.from({ length: PROBES }, (_, probe) => (bucket + probe) % CAPACITY)
      const probe = places.indexOf(handle)
      if (probe < 0) throw new Error(`insert ${i}: outside its neighbourhood`)
      const free = places.findIndex((place) => !slots.has(place))
      if (free >= 0 && free !== probe) throw new Error(`insert ${i}: not the first free slot`)
      if (free < 0) {
        evictions++
        const oldest = Math.min(...places.map((place) => slots.get(place)?.seconds ?? 0))
        if (slots.get(handle)?.seconds !== oldest) throw new Error(`insert ${i}: evicted a younger entry`)
      }
      slots.set(handle, { message: i, seconds: now })
    }
    expect(evictions).toBeGreaterThan(50_000)
    expect(slots.size).toBeGreaterThan(0.98 * CAPACITY)
  })

  test('finds the entries that it still holds, and nothing else in many look-ups', () => {
    const now = 1000 + (COUNT >> 2)
    let found = 0
    for (let i = 0; i < COUNT; i++) {
      const handle = table.lookup(messageOf(i), now)
      if (handle === -1) continue
      found++
      if (slots.get(handle)?.message !== i) throw new Error(`message ${i}: another message’s handle`)
    }
    expect(found).toBe(slots.size)
    let falseHits = 0
    const lookUps = sizeOf('core/duplicates')
    for (let i = 0; i < lookUps; i++) if (table.lookup(messageOf(COUNT + i), now) !== -1) falseHits++
    expect(falseHits).toBe(0)
  }, 30_000)

  test('is empty after clear', () => {
    table.clear()
    for (let i = 0; i < 1000; i++) expect(table.lookup(messageOf(COUNT - i), 40_000)).toBe(-1)
  })
})

describe('the key', () => {
  test('is drawn once at the first use, and again by clear', () => {
    const lengths: number[] = []
    const { core } = watchedCore((bytes) => lengths.push(bytes.length))
    core.computeMac('cup-ecb', new Uint8Array(8), new Uint8Array(8))
    expect(lengths).toEqual([])
    core.duplicates.lookup(messageOf(1), 1)
    core.duplicates.insert(messageOf(1), 1)
    expect(lengths).toEqual([16])
    core.duplicates.clear()
    expect(lengths).toEqual([16, 16])
  })

  test('decides the place of an entry, so that nobody can aim at one', () => {
    const handles = (seed: number) => {
      const { core } = watchedCore((bytes) => bytes.set(seeded(seed).bytes(16)))
      return Array.from({ length: 1000 }, (_, i) => core.duplicates.insert(messageOf(i), 1))
    }
    expect(handles(1)).toEqual(handles(1))
    const [first, second] = [handles(1), handles(2)]
    expect(first.filter((handle, i) => handle === second[i]).length).toBeLessThan(10)
  })

  test('separates two tables: one does not find the other’s entries', () => {
    const [one, two] = [watchedCore(), watchedCore()]
    one.core.duplicates.insert(messageOf(1), 1)
    expect(two.core.duplicates.lookup(messageOf(1), 1)).toBe(-1)
  })
})

test('rejects a message beyond the input region', () => {
  const { core } = watchedCore()
  const long = new Uint8Array(10_241)
  expect(() => core.duplicates.lookup(long, 1)).toThrow('expected 0 to 10240, got 10241')
  expect(() => core.duplicates.insert(long, 1)).toThrow(RangeError)
  expect(() => core.duplicates.forget(long)).toThrow(RangeError)
  expect(core.duplicates.insert(long.subarray(1), 1)).toBeGreaterThanOrEqual(0)
  expect(core.duplicates.capacity).toBe(CAPACITY)
})
