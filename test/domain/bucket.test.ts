/** @module Buckets: the hash by published vectors, fixed examples that never change, an even spread, and ids. */

import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { freshBearerKey, freshIdIn, freshIdOutside } from '../../src/crypto/random.ts'
import { BUCKETS, bucketDigits, bucketOf, bucketOfId, bucketOfKey, fnv1a } from '../../src/domain/bucket.ts'

/** FNV-1a as RFC 9923 writes it, in whole numbers of any size. */
function slowFnv1a(text: string): number {
  let hash = 2166136261n
  for (const byte of new TextEncoder().encode(text)) hash = ((hash ^ BigInt(byte)) * 16777619n) % 2n ** 32n
  return Number(hash)
}

describe('the hash', () => {
  // RFC 9923, and test_fnv.c of the authors of FNV.
  test.each([
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['b', 0xe70c2de5],
    ['c', 0xe60c2c52],
    ['fo', 0x6222e842],
    ['foo', 0xa9f37ed7],
    ['foob', 0x3f5076ef],
    ['foobar', 0xbf9cf968],
  ])('of %j is that of the published vector', (text, hash) => {
    expect(fnv1a(text)).toBe(hash)
  })

  it('is FNV-1a for every ASCII text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 20 }), (text) => {
        expect(fnv1a(text)).toBe(slowFnv1a(text))
      }),
    )
  })
})

describe('the bucket of a merchant', () => {
  /** These never change: ids in use begin with them. */
  test.each([
    ['000000000000000', 567, '237'],
    ['000000000000001', 164, '0a4'],
    ['10221000000000A', 8, '008'],
    ['102210000000001', 120, '078'],
    ['123456789012345', 535, '217'],
    ['898111112340001', 153, '099'],
    ['999999999999999', 878, '36e'],
  ])('%s is %i', (merchantId, bucket, digits) => {
    expect(bucketOf(merchantId)).toBe(bucket)
    expect(bucketDigits(bucket)).toBe(digits)
  })

  const MERCHANTS = 100_000
  /** Merchant numbers as they are given out: in a row, by region and trade, with gaps, with letters. */
  const kinds = {
    'in a row': (i: number) => String(100_000_000_000_000 + i),
    'by region and trade': (i: number) =>
      `898${String(100 + (i % 340)).padStart(4, '0')}${String(5311 + (i % 97))}${String(Math.floor(i / 340)).padStart(4, '0')}`,
    'with gaps of ten': (i: number) => String(123_450_000_000_000 + 10 * i),
    'with letters': (i: number) => `BAKE${i.toString(36).toUpperCase().padStart(11, '0')}`,
  }

  test.each(Object.entries(kinds))('spreads evenly over numbers %s', (_, numberOf) => {
    const counts = new Array<number>(BUCKETS).fill(0)
    const numbers = new Set(Array.from({ length: MERCHANTS }, (_, i) => numberOf(i)))
    for (const number of numbers) counts[bucketOf(number)] = (counts[bucketOf(number)] ?? 0) + 1
    const mean = numbers.size / BUCKETS
    // 6 standard deviations of a random spread.
    const bound = 6 * Math.sqrt(mean)
    expect(numbers.size).toBeGreaterThan(MERCHANTS / 2)
    expect(Math.min(...counts)).toBeGreaterThan(mean - bound)
    expect(Math.max(...counts)).toBeLessThan(mean + bound)
  })
})

describe('an id', () => {
  const fill = (byte: number) => (bytes: Uint8Array) => void bytes.fill(byte)

  it('begins with its bucket, and all other bits are random', () => {
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const [ones, zeros] = [freshIdIn(bucket, fill(0xff)), freshIdIn(bucket, fill(0))]
      expect(ones).toMatch(/^[0-3][0-9a-f]{2}f{29}$/)
      expect(zeros).toMatch(/^[0-3][0-9a-f]{2}0{29}$/)
      expect([bucketOfId(ones), bucketOfId(zeros)]).toEqual([bucket, bucket])
    }
  })

  it('of what belongs to no merchant has no bucket, whatever its random bits are', () => {
    for (const byte of [0x00, 0x21, 0x3f, 0xff]) expect(bucketOfId(freshIdOutside(fill(byte)))).toBe(null)
    expect(freshIdOutside(fill(0))).toMatch(/^f0{31}$/)
  })

  test.each(['400', 'fff'])('that begins with %s has no bucket', (digits) => {
    expect(bucketOfId(digits.padEnd(32, '0'))).toBe(null)
  })

  test.each([
    '',
    '217',
    'x17'.padEnd(32, '0'),
    '3FF'.padEnd(32, '0'),
    '0x1'.padEnd(32, '0'),
    '217'.padEnd(33, '0'),
    '131482795537',
  ])('is not %j: no bucket', (text) => {
    expect(bucketOfId(text)).toBe(null)
  })
})

describe('a bearer key', () => {
  const random = 'A'.repeat(43)

  it('of a merchant has its bucket after the prefix', () => {
    for (let bucket = 0; bucket < BUCKETS; bucket++)
      expect(bucketOfKey(`annul_${bucketDigits(bucket)}_${random}`)).toBe(bucket)
  })

  it('of a merchant is made with its bucket, and all other bits are random', () => {
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const keys = [0x00, 0xff].map((byte) => freshBearerKey(bucket, (bytes) => void bytes.fill(byte)))
      expect(keys.map(bucketOfKey)).toEqual([bucket, bucket])
      const start = `annul_${bucketDigits(bucket)}_`
      expect(keys).toEqual([start + 'A'.repeat(43), `${start}${'_'.repeat(42)}8`])
    }
  })

  it('without a bucket has none, also when its random characters look like one', () => {
    const bytes = Uint8Array.fromBase64(`217_${random.slice(4)}`, { alphabet: 'base64url' })
    const key = freshBearerKey(null, (filled) => void filled.set(bytes))
    expect(key).toMatch(/^annul_217_A{39}$/)
    expect(bucketOfKey(key)).toBe(null)
  })

  test.each([
    '',
    'annul_217_',
    `annul_400_${random}`,
    `annul_21g_${random}`,
    `annul_217_${random}A`,
    `ANNUL_217_${random}`,
    ` annul_217_${random}`,
  ])('is not %j: no bucket', (key) => {
    expect(bucketOfKey(key)).toBe(null)
  })
})
