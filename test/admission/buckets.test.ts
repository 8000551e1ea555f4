/**
 * @module Token buckets against a slow bucket that counts tokens, on a clock that jumps, in a table that
 * evicts.
 */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createBuckets, type Limit } from '../../src/admission/buckets.ts'

function open(limit: Limit, capacity = 100) {
  const clock = { now: 1_000_000 }
  return { clock, buckets: createBuckets(limit, capacity, () => clock.now) }
}

/** A bucket by definition: a level that rises by one in `everyMs`, in exact fractions of a token. */
class SlowBucket {
  readonly #limit: Limit
  #ms: number
  constructor(limit: Limit) {
    this.#limit = limit
    this.#ms = limit.burst * limit.everyMs
  }
  pass(ms: number): void {
    this.#ms = Math.min(this.#ms + ms, this.#limit.burst * this.#limit.everyMs)
  }
  /** Milliseconds until there is a whole token. */
  wait(): number {
    return Math.max(this.#limit.everyMs - this.#ms, 0)
  }
  spend(): void {
    this.#ms -= this.#limit.everyMs
  }
}

const limits = fc.record({
  burst: fc.integer({ min: 1, max: 20 }),
  everyMs: fc.integer({ min: 1, max: 500 }),
})
const step = fc.oneof(
  fc.record({ kind: fc.constant('pass' as const), ms: fc.nat({ max: 2000 }) }),
  fc.record({ kind: fc.constant('ask' as const), key: fc.constantFrom('a', 'b', 'c') }),
)

it('match a slow bucket, separately for each key', () => {
  fc.assert(
    fc.property(limits, fc.array(step, { maxLength: 200 }), (limit, steps) => {
      const { clock, buckets } = open(limit)
      const slow = { a: new SlowBucket(limit), b: new SlowBucket(limit), c: new SlowBucket(limit) }
      for (const one of steps) {
        if (one.kind === 'pass') {
          clock.now += one.ms
          for (const bucket of Object.values(slow)) bucket.pass(one.ms)
          continue
        }
        const bucket = slow[one.key]
        expect(buckets.wait(one.key)).toBe(bucket.wait())
        if (bucket.wait() > 0) continue
        bucket.spend()
        buckets.spend(one.key)
      }
    }),
    { numRuns: 500 },
  )
})

it('allow the burst and then the rate, never more, in any schedule', () => {
  fc.assert(
    fc.property(limits, fc.array(fc.nat({ max: 300 }), { maxLength: 200 }), (limit, gaps) => {
      const { clock, buckets } = open(limit)
      const start = clock.now
      let passed = 0
      for (const gap of gaps) {
        clock.now += gap
        if (buckets.wait('a') > 0) continue
        buckets.spend('a')
        passed++
      }
      expect(passed).toBeLessThanOrEqual(limit.burst + (clock.now - start) / limit.everyMs)
    }),
  )
})

describe('limits', () => {
  const limit = { burst: 2, everyMs: 100 }

  it('returns the exact wait', () => {
    const { clock, buckets } = open(limit)
    buckets.spend('a')
    buckets.spend('a')
    expect(buckets.wait('a')).toBe(100)
    clock.now += 99
    expect(buckets.wait('a')).toBe(1)
    clock.now += 1
    expect(buckets.wait('a')).toBe(0)
  })

  it('counts tokens spent in advance as debt, up to one bucket', () => {
    const { buckets } = open(limit)
    for (let n = 0; n < 3; n++) buckets.spend('a')
    expect(buckets.wait('a')).toBe(200)
    for (let n = 0; n < 100; n++) buckets.spend('a')
    expect(buckets.wait('a')).toBe(300)
  })

  it.each([-3_600_000, -1000, -150, 3_600_000])('a clock jump of %i ms locks no key out', (jump) => {
    const { clock, buckets } = open(limit)
    buckets.spend('a')
    clock.now += jump
    expect(buckets.wait('a')).toBeLessThanOrEqual(200)
    clock.now += 200
    expect(buckets.wait('a')).toBe(0)
    buckets.spend('a')
    buckets.spend('a')
    expect(buckets.wait('a')).toBeGreaterThan(0)
  })

  it('many unknown keys delay no known key and do not grow the table', () => {
    const { buckets } = open(limit, 3)
    for (let n = 0; n < 1000; n++) buckets.spend(`unknown ${n}`)
    expect(buckets.wait('a')).toBe(0)
    expect(Array.from({ length: 1000 }, (_, n) => buckets.has(`unknown ${n}`)).filter(Boolean)).toHaveLength(
      3,
    )
    buckets.spend('a')
    expect([buckets.has('a'), buckets.has('b')]).toEqual([true, false])
  })
})
