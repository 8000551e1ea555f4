/**
 * @module One instance, many requests: they alternate between any two calls, as they do at an `await`, and no
 * call sees another's bytes. A trapped call costs the instance, but no other request its result.
 */

import { randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Core, MacAlgorithm } from '../../src/core/instance.ts'
import { MACS } from '../../src/core/mac.ts'
import type { CoreExports } from '../../src/core/memory.ts'
import { sizeOf } from '../proofs.ts'
import { leftovers, watchedCore } from '../support/load-core.ts'
import { type Random, seeded } from '../support/micro-random.ts'

const CALLS = sizeOf('core/isolation')
const REQUESTS = 200
/** One call in this many traps. */
const TRAPS_ONE_IN = 500
/** The whole memory, with the table, is searched after this many calls. */
const SEARCH_EVERY = 2_000

interface Step {
  readonly what: string
  readonly call: (core: Core) => unknown
  readonly expected: unknown
}

interface Request {
  /** In its key and in its messages. */
  readonly canary: Uint8Array
  readonly steps: readonly Step[]
}

/**
 * Every function of the core over one request's own bytes. Another instance computes the expected results.
 */
function requestOf(random: Random): Request {
  const canary = random.bytes(16)
  const alone = watchedCore().core
  const message = (length: number): Uint8Array => Uint8Array.of(...canary, ...random.bytes(length))
  const long = message(16 * random.below(20))
  const steps = (Object.keys(MACS) as MacAlgorithm[]).flatMap((algorithm) => {
    const key = canary.subarray(0, MACS[algorithm].keyBytes.includes(16) ? 16 : 8)
    const text = message(random.below(200))
    const mac = alone.computeMac(algorithm, key, text)
    const wrong = mac.map((byte) => byte ^ 1)
    return [
      { what: algorithm, call: (core: Core) => core.computeMac(algorithm, key, text), expected: mac },
      {
        what: `${algorithm}, right`,
        call: (core: Core) => core.verifyMac(algorithm, key, text, mac),
        expected: true,
      },
      {
        what: `${algorithm}, wrong`,
        call: (core: Core) => core.verifyMac(algorithm, key, text, wrong),
        expected: false,
      },
    ]
  })
  const others: readonly [string, (core: Core) => unknown][] = [
    ['encrypt', (core) => core.encrypt('sm4', canary, long)],
    ['decrypt', (core) => core.decrypt('3des', canary, long)],
    ['wrapKey', (core) => core.wrapKey('des', canary, canary)],
    ['unwrapKey', (core) => core.unwrapKey('sm4', canary, canary)],
    ['keyCheckValue', (core) => core.keyCheckValue('aes', canary)],
    ['lrc', (core) => core.lrc(long)],
  ]
  return {
    canary,
    steps: [...steps, ...others.map(([what, call]) => ({ what, call, expected: call(alone) }))],
  }
}

/** Names the parts of a request that are anywhere in the memory. */
const requestsIn = (exports: CoreExports, requests: readonly Request[]): Uint8Array[] => {
  const memory = Buffer.from(exports.memory.buffer)
  return requests
    .map(({ canary }) => canary)
    .filter((canary) => memory.includes(canary) || memory.includes(canary.subarray(0, 8)))
}

test(`${CALLS.toLocaleString('en-US')} alternating calls of ${REQUESTS} requests each get their own result, and leave nothing behind`, () => {
  const seed = randomInt(2 ** 31)
  const random = seeded(seed)
  const requests = Array.from({ length: REQUESTS }, () => requestOf(random))
  const { core, memory } = watchedCore()
  /** Handle → the request whose message is entered. Each new instance starts empty. */
  let owners = new Map<number, Request>()
  let traps = 0
  let hits = 0
  for (let count = 1; count <= CALLS; count++) {
    const request = requests[random.below(REQUESTS)]
    if (request === undefined) break
    const where = `seed ${seed}, call ${count}`
    if (random.below(TRAPS_ONE_IN) === 0) {
      const dropped = memory.exports
      const trap = (): unknown =>
        memory.borrow((loan) => {
          loan.write('KEY', request.canary)
          loan.write('WORKING_KEY', request.canary)
          loan.writeInput(request.canary)
          return loan.calls.computeMac(0, 16, -1)
        })
      expect(trap, where).toThrow(WebAssembly.RuntimeError)
      expect(memory.generation, where).toBe(++traps)
      expect([leftovers(dropped), requestsIn(dropped, [request])], where).toEqual([[], []])
      owners = new Map()
    } else if (random.below(4) === 0) {
      const handle = core.duplicates.lookup(request.canary, 1000)
      if (handle >= 0) {
        hits++
        expect(owners.get(handle), where).toBe(request)
      }
      owners.set(core.duplicates.insert(request.canary, 1000), request)
    } else {
      const step = request.steps[random.below(request.steps.length)]
      const given = step?.call(core)
      if (given instanceof Uint8Array) {
        expect(Buffer.compare(given, step?.expected as Uint8Array), `${where}: ${step?.what}`).toBe(0)
        expect(given.buffer === memory.exports.memory.buffer, where).toBe(false)
      } else expect(given, `${where}: ${step?.what}`).toBe(step?.expected)
    }
    const left = leftovers(memory.exports)
    if (left.length > 0) expect(left, where).toEqual([])
    if (count % SEARCH_EVERY === 0) expect(requestsIn(memory.exports, requests), where).toEqual([])
  }
  expect(traps).toBeGreaterThan(CALLS / 1000)
  expect(hits).toBeGreaterThan(CALLS / 100)
})
