/** @module The LRC and its three options. */
import { expect, test } from 'vitest'
import { watchedCore } from '../support/load-core.ts'
import { seeded } from '../support/micro-random.ts'

const { core } = watchedCore()
const random = seeded(14)
const xor = (bytes: Iterable<number>, seed = 0) => [...bytes].reduce((sum, byte) => sum ^ byte, seed)

test('the options choose the covered bytes', () => {
  // LEN 00 03, DATA 30 30 31, ETX 03, as in lrc.json.
  const covered = Uint8Array.of(0x00, 0x03, 0x30, 0x30, 0x31, 0x03)
  expect(core.lrc(covered)).toBe(0x31)
  expect(core.lrc(covered, { includeLength: false })).toBe(0x32)
  expect(core.lrc(covered, { includeStx: true })).toBe(0x33)
  expect(core.lrc(covered, { includeLength: false, includeStx: true })).toBe(0x30)
  expect(core.lrc(covered, { seed: 0x7f })).toBe(0x4e)
  expect(core.lrc(covered, { includeLength: false, includeStx: true, seed: 0x7f })).toBe(0x4f)
})

test('equals an XOR for every length up to 300 and the longest', () => {
  for (const length of [...Array(301).keys(), 10_239, 10_240]) {
    const bytes = random.bytes(length)
    const seed = random.below(256)
    expect(core.lrc(bytes, { seed })).toBe(xor(bytes, seed))
    expect(core.lrc(bytes, { includeLength: false, includeStx: true, seed })).toBe(
      xor(bytes.subarray(2), seed ^ 2),
    )
  }
})

test('rejects input that it cannot cover', () => {
  expect(() => core.lrc(new Uint8Array(10_241))).toThrow('expected 0 to 10240, got 10241')
  for (const seed of [-1, 256, 1.5, Number.NaN])
    expect(() => core.lrc(new Uint8Array(1), { seed })).toThrow(RangeError)
})
