/**
 * @module The contract of every MAC in the core, as a suite for each algorithm, in Node and in workerd.
 * The oracle is a slow implementation made from the text of the standards.
 */
import { describe, expect, test } from 'vitest'
import type { Core } from '../../src/core/instance.ts'
import { MACS, type MacAlgorithm } from '../../src/core/mac.ts'
import { microMac } from '../support/micro-mac.ts'
import { seeded } from '../support/micro-random.ts'

const LONGEST_MESSAGE = 10_240
const KEY_LENGTHS = [0, 1, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 32, 33, 64]

/** Bits of a DES key byte that no round uses. */
const PARITY_BIT = 1

export function macContract(core: Core): void {
  describe.each(Object.entries(MACS))('%s', (name, spec) => {
    const algorithm = name as MacAlgorithm
    const random = seeded(spec.code + 1)
    const keys = spec.keyBytes.map((length) => random.bytes(length))
    const message = random.bytes(43)

    test('equals the oracle for lengths 0 to 64, under each key length', () => {
      for (const key of keys) {
        for (let length = 0; length <= 64; length++) {
          const part = random.bytes(length)
          const mac = core.computeMac(algorithm, key, part)
          expect(mac, `${key.length}-byte key, ${length} bytes`).toEqual(microMac(algorithm, key, part))
          expect(mac).toHaveLength(spec.macBytes)
          expect(core.verifyMac(algorithm, key, part, mac)).toBe(true)
        }
      }
    })

    test('accepts the longest message and rejects one byte more', () => {
      for (const key of keys) {
        const longest = new Uint8Array(LONGEST_MESSAGE + 1).fill(0x5a)
        const fits = longest.subarray(0, LONGEST_MESSAGE)
        const mac = core.computeMac(algorithm, key, fits)
        expect(mac).toEqual(microMac(algorithm, key, fits))
        expect(core.verifyMac(algorithm, key, fits, mac)).toBe(true)
        expect(() => core.computeMac(algorithm, key, longest)).toThrow(/expected 0 to 10240, got 10241/)
        expect(() => core.verifyMac(algorithm, key, longest, mac)).toThrow(RangeError)
      }
    }, 30_000)

    test('rejects a MAC with any flipped bit', () => {
      for (const key of keys) {
        const mac = core.computeMac(algorithm, key, message)
        for (let bit = 0; bit < 8 * mac.length; bit++) {
          const flipped = mac.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
          expect(core.verifyMac(algorithm, key, message, flipped), `bit ${bit}`).toBe(false)
        }
      }
    })

    test('rejects a MAC of any other length, whatever its first bytes', () => {
      for (const key of keys) {
        const mac = core.computeMac(algorithm, key, message)
        for (let length = 0; length < mac.length; length++) {
          expect(core.verifyMac(algorithm, key, message, mac.subarray(0, length))).toBe(false)
        }
        expect(core.verifyMac(algorithm, key, message, Uint8Array.of(...mac, 0))).toBe(false)
      }
    })

    test('compares a truncated MAC at the agreed length only', () => {
      for (const key of keys) {
        const mac = core.computeMac(algorithm, key, message)
        for (let agreed = 4; agreed <= mac.length; agreed++) {
          const part = mac.subarray(0, agreed)
          expect(core.verifyMac(algorithm, key, message, part, agreed)).toBe(true)
          expect(core.verifyMac(algorithm, key, message, part.subarray(1), agreed)).toBe(false)
          for (let at = 0; at < agreed; at++) {
            const wrong = part.map((byte, i) => (i === at ? byte ^ 0x10 : byte))
            expect(core.verifyMac(algorithm, key, message, wrong, agreed)).toBe(false)
          }
        }
        for (const agreed of [-1, 0, 1, 3, 4.5, mac.length + 1, Number.NaN]) {
          expect(() => core.verifyMac(algorithm, key, message, mac, agreed)).toThrow(RangeError)
        }
      }
    })

    test('rejects the MAC under a key with any flipped effective bit', () => {
      for (const key of keys) {
        const mac = core.computeMac(algorithm, key, message)
        const isDes = !/aes|sm4/.test(algorithm)
        for (let bit = 0; bit < 8 * key.length; bit++) {
          if (isDes && 1 << (bit & 7) === PARITY_BIT) continue
          const other = key.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
          expect(core.verifyMac(algorithm, other, message, mac), `key bit ${bit}`).toBe(false)
        }
      }
    })

    test('rejects the MAC of a message with any flipped bit', () => {
      for (const key of keys) {
        const mac = core.computeMac(algorithm, key, message)
        for (let bit = 0; bit < 8 * message.length; bit++) {
          const other = message.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
          expect(core.verifyMac(algorithm, key, other, mac), `bit ${bit}`).toBe(false)
        }
      }
    })

    test('reads its message at any offset, and neither reads nor writes around it', () => {
      for (const key of keys) {
        const expected = core.computeMac(algorithm, key, message)
        for (let offset = 0; offset <= 16; offset++) {
          const around = new Uint8Array(offset + message.length + 16).fill(0xa5 ^ offset)
          around.set(message, offset)
          const before = around.slice()
          const inside = around.subarray(offset, offset + message.length)
          expect(core.computeMac(algorithm, key, inside)).toEqual(expected)
          expect(core.verifyMac(algorithm, key, inside, expected)).toBe(true)
          expect(around).toEqual(before)
        }
      }
    })

    test('rejects every other key length before any other step', () => {
      for (const length of KEY_LENGTHS.filter((each) => !spec.keyBytes.includes(each))) {
        const key = new Uint8Array(length)
        expect(() => core.computeMac(algorithm, key, message)).toThrow(
          `${algorithm} key: expected ${spec.keyBytes.join(' or ')} bytes, got ${length}`,
        )
        expect(() => core.verifyMac(algorithm, key, message, new Uint8Array(8))).toThrow(RangeError)
      }
    })
  })
}
