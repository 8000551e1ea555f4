/** @module The bench in one tiny round: every row and every goal is there, and every library gives the MAC of the core. */

import { afterAll, describe, expect, test } from 'vitest'
import { watchedCore } from '../support/load-core.ts'
import { runBench } from './bench.ts'
import { GOAL_NAMES } from './goals.ts'
import { LIBRARIES } from './libraries.ts'
import { libraryMac } from './library-mac.ts'
import { MAC_ROWS } from './mac-rows.ts'
import { VOIDS } from './messages.ts'
import { Native } from './native.ts'
import { benchKey, inputsOf } from './rows.ts'
import { textOf } from './text-of.ts'

const native = Native.start()
afterAll(() => native?.stop())

const { core, memory } = watchedCore()
const INPUTS = [...inputsOf(64), ...inputsOf(160), ...inputsOf(512), ...VOIDS.map(({ body }) => body)]

describe.each(MAC_ROWS)('$algorithm, $keyBytes-byte key', (row) => {
  const key = benchKey(row.keyBytes)
  const own = INPUTS.map((input) => core.computeMac(row.algorithm, key, input))

  test.each(LIBRARIES.filter((library) => libraryMac(library, row, key) !== undefined))(
    'equals $name',
    (library) => {
      const mac = libraryMac(library, row, key)
      expect(INPUTS.map((input) => Uint8Array.from(mac?.(input) ?? []))).toEqual(own)
    },
  )

  test('equals native OpenSSL, where a compiler is', async () => {
    native?.prepare(row, key, INPUTS)
    for (const [at, mac] of own.entries())
      if (native) expect(Uint8Array.from(await native.mac(at))).toEqual(mac)
  })
})

test('the messages are a dozen voids of 150 to 180 bytes', () => {
  expect(VOIDS).toHaveLength(12)
  for (const { frame } of VOIDS) {
    expect(frame.length).toBeGreaterThanOrEqual(150)
    expect(frame.length).toBeLessThanOrEqual(180)
  }
})

test('every row has a ratio to every other way, or says that it is not measured', async () => {
  const results = await runBench({ core, memory, native }, { rounds: 1, ms: 0.01, scale: 0.001 })
  const measured = results.flatMap(({ row, ratios }) => ratios.map(({ entrant }) => `${row}: ${entrant}`))
  expect(GOAL_NAMES.filter((name) => !measured.includes(name))).toEqual([])
  expect(results.map(({ row }) => row)).toHaveLength(3 + 3 * MAC_ROWS.length + 2 + 2 + 1)
  for (const { ratios } of results) {
    for (const { ratio, goal, isMet } of ratios) {
      if (ratio !== null) expect(ratio).toBeGreaterThan(0)
      expect(isMet).toBe(ratio === null || goal === null ? null : ratio >= goal)
    }
  }
  const missing = results.flatMap(({ ratios }) => ratios.filter(({ ratio }) => ratio === null))
  expect(missing.every(({ entrant }) => /OpenSSL|iso_8583/.test(entrant))).toBe(true)
  expect(results.map(textOf).join('\n').split('\n')).toHaveLength(measured.length)
})
