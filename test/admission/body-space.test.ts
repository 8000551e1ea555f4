/** @module The space for bodies: bytes are charged as they are lease, full pools, and which body gives way. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type BodyLease,
  createBodySpace,
  GIVE_WAY_MS,
  LEAST_BYTES,
  type Pool,
} from '../../src/admission/body-space.ts'

function open() {
  const clock = { now: 1_000_000 }
  const full: string[] = []
  const space = createBodySpace(
    () => clock.now,
    ({ name }) => full.push(name),
  )
  return { clock, full, space }
}

const poolOf = (name: string, bodies: number): Pool => ({ name, limit: bodies * LEAST_BYTES })

/** True once the body gave way. */
const watch = (body: BodyLease): { isDisplaced: boolean } => {
  const watched = { isDisplaced: false }
  void body.displaced.then(() => {
    watched.isDisplaced = true
  })
  return watched
}
const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('a body', () => {
  it('counts with 4,096 bytes until it holds more, and then with what it holds', () => {
    const { space } = open()
    const all = [poolOf('all', 10)]
    const bodies = Array.from({ length: 10 }, () => space.enter(all))
    expect(bodies.every((body) => body?.hold(LEAST_BYTES))).toBe(true)
    expect(space.enter(all)).toBeUndefined()
    bodies[0]?.leave()
    expect(bodies[1]?.hold(2 * LEAST_BYTES)).toBe(true)
    expect(bodies[2]?.hold(LEAST_BYTES + 1)).toBe(false)
    expect(space.enter(all)).toBeUndefined()
  })

  it('that announces much and sends little takes no more space than a small one', () => {
    const { space } = open()
    const all = [poolOf('all', 64)]
    for (let n = 0; n < 8; n++) expect(space.enter(all)?.hold(1)).toBe(true)
    expect(space.enter(all)?.hold(56 * LEAST_BYTES)).toBe(true)
  })

  it('counts in each of its pools, and not in others', () => {
    const { space, full } = open()
    const all = poolOf('all', 4)
    const [a, b] = [
      [poolOf('a', 2), all],
      [poolOf('b', 3), all],
    ]
    expect([space.enter(a), space.enter(a)].includes(undefined)).toBe(false)
    expect(space.enter(a)).toBeUndefined()
    expect([space.enter(b), space.enter(b)].includes(undefined)).toBe(false)
    expect(space.enter(b)).toBeUndefined()
    expect(full).toEqual(['a', 'all'])
  })
})

describe('in a full pool', () => {
  it('the oldest body of this pool gives way when it is half a second old, and no body of another pool', async () => {
    const { clock, space } = open()
    const all = poolOf('all', 100)
    const other = watch(space.enter([poolOf('b', 1), all]) ?? expect.fail('no space'))
    const bodies = [1, 2].map(() => space.enter([poolOf('a', 2), all]) ?? expect.fail('no space'))
    const watched = bodies.map(watch)
    clock.now += GIVE_WAY_MS - 1
    expect(space.enter([poolOf('a', 2), all])).toBeUndefined()
    clock.now += 1
    expect(space.enter([poolOf('a', 2), all])).toBeDefined()
    await settle()
    expect([other, ...watched].map(({ isDisplaced }) => isDisplaced)).toEqual([false, true, false])
    // The displaced body has left, and holds nothing more.
    expect(bodies[0]?.hold(LEAST_BYTES)).toBe(false)
    bodies[0]?.leave()
    expect(space.enter([poolOf('a', 2), all])).toBeDefined()
    expect(space.enter([poolOf('a', 2), all])).toBeUndefined()
  })

  it('a body never gives way to itself', async () => {
    const { clock, space } = open()
    const own = space.enter([poolOf('all', 2)]) ?? expect.fail('no space')
    const watched = watch(own)
    clock.now += 10 * GIVE_WAY_MS
    expect(own.hold(3 * LEAST_BYTES)).toBe(false)
    await settle()
    expect(watched.isDisplaced).toBe(false)
    expect(own.hold(2 * LEAST_BYTES)).toBe(true)
  })

  it('a body that was cut off and never leaves keeps no space, also when the clock jumps', () => {
    for (const jump of [GIVE_WAY_MS, -3_600_000]) {
      const { clock, space } = open()
      for (let n = 0; n < 4; n++) space.enter([poolOf('all', 4)])
      clock.now += jump
      for (let n = 0; n < 4; n++) expect(space.enter([poolOf('all', 4)])).toBeDefined()
    }
  })
})

it('holds no more than its limits in any order of events, and is empty when all have left', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('enter' as const), address: fc.constantFrom('a', 'b', 'c') }),
    fc.record({ kind: fc.constant('hold' as const), which: fc.nat(), bytes: fc.nat({ max: 40_000 }) }),
    fc.record({ kind: fc.constant('leave' as const), which: fc.nat() }),
    fc.record({ kind: fc.constant('pass' as const), ms: fc.nat({ max: 1500 }) }),
  )
  const limits = { all: 20, a: 8, b: 12, c: 20 }
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
      const { clock, space } = open()
      let bodies: { body: BodyLease; address: 'a' | 'b' | 'c'; bytes: number; isDisplaced: boolean }[] = []
      const sum = (address?: string) =>
        bodies
          .filter((one) => address === undefined || one.address === address)
          .reduce((bytes, one) => bytes + one.bytes, 0)
      for (const step of steps) {
        if (step.kind === 'pass') clock.now += step.ms
        const one = 'which' in step ? bodies[step.which % Math.max(bodies.length, 1)] : undefined
        if (step.kind === 'enter') {
          const { address } = step
          const body = space.enter([poolOf(address, limits[address]), poolOf('all', limits.all)])
          if (body !== undefined) {
            const entered = { body, address, bytes: LEAST_BYTES, isDisplaced: false }
            void body.displaced.then(() => {
              entered.isDisplaced = true
            })
            bodies.push(entered)
          }
        }
        if (step.kind === 'hold' && one?.body.hold(step.bytes)) one.bytes = Math.max(one.bytes, step.bytes)
        if (step.kind === 'leave' && one !== undefined) {
          one.body.leave()
          bodies = bodies.filter((other) => other !== one)
        }
        await Promise.resolve()
        bodies = bodies.filter(({ isDisplaced }) => !isDisplaced)
        for (const address of ['a', 'b', 'c'] as const)
          expect(sum(address)).toBeLessThanOrEqual(limits[address] * LEAST_BYTES)
        expect(sum()).toBeLessThanOrEqual(limits.all * LEAST_BYTES)
      }
      for (const { body } of bodies) body.leave()
      for (let n = 0; n < limits.all; n++) expect(space.enter([poolOf('all', limits.all)])).toBeDefined()
    }),
  )
})
