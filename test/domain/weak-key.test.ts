/** @module Weak master keys: the table of NIST SP 800-67, halves, parity and lengths, against DES by node:crypto. */

import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAC_PROFILES } from '../../src/domain/terminal-profile.ts'
import { isWeakMasterKey } from '../../src/domain/weak-key.ts'
import { bytesOf, encrypt } from '../integrate/node-ciphers.ts'

/** The table of NIST SP 800-67, 3.3.2: weak keys, then pairs of semi-weak keys. */
const WEAK = ['0101010101010101', 'FEFEFEFEFEFEFEFE', 'E0E0E0E0F1F1F1F1', '1F1F1F1F0E0E0E0E']
const PAIRS = [
  ['011F011F010E010E', '1F011F010E010E01'],
  ['01E001E001F101F1', 'E001E001F101F101'],
  ['01FE01FE01FE01FE', 'FE01FE01FE01FE01'],
  ['1FE01FE00EF10EF1', 'E01FE01FF10EF10E'],
  ['1FFE1FFE0EFE0EFE', 'FE1FFE1FFE0EFE0E'],
  ['E0FEE0FEF1FEF1FE', 'FEE0FEE0FEF1FEF1'],
] as const
const TABLE = [...WEAK, ...PAIRS.flat()]

const SINGLE = { allowSingleLength: true, parity: 'any' } as const
const DOUBLE = { allowSingleLength: false, parity: 'any' } as const
const STRONG = '258FB0AB70D025CD'
const OTHER = 'B99DF2C4D302D646'

const isWeak = (hex: string, rules: Parameters<typeof isWeakMasterKey>[2] = DOUBLE, sm4 = false) =>
  isWeakMasterKey(sm4 ? 'cup-sm4' : 'x9.19', bytesOf(hex), rules)

/** The same DES key with other parity bits, one for each bit of `mask`. */
const withParity = (hex: string, mask: number): string =>
  Buffer.from(bytesOf(hex).map((byte, i) => byte ^ ((mask >> i) & 1))).toString('hex')

describe('the table', () => {
  it('has the keys under which two encryptions give the plain text (node:crypto)', () => {
    const text = Uint8Array.from(randomBytes(8))
    const twice = (one: string, two: string) =>
      encrypt('des', bytesOf(two), encrypt('des', bytesOf(one), text))
    for (const key of WEAK) expect(twice(key, key), key).toEqual(text)
    for (const [one, two] of PAIRS) {
      expect(twice(one, two), one).toEqual(text)
      expect(twice(two, one), two).toEqual(text)
    }
    expect(new Set(TABLE).size).toBe(16)
  })

  it.each(TABLE)('refuses %s in any part, under any parity', (key) => {
    for (let mask = 0; mask < 256; mask++) {
      const same = withParity(key, mask)
      expect(isWeak(same, SINGLE)).toBe(true)
      expect(isWeak(same + STRONG)).toBe(true)
      expect(isWeak(STRONG + same)).toBe(true)
    }
  })

  it('refuses no key beside it: each of these with one bit changed', () => {
    for (const key of TABLE)
      for (let bit = 0; bit < 64; bit++) {
        if (bit % 8 === 0) continue
        const changed = bytesOf(key)
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        const hex = Buffer.from(changed).toString('hex')
        expect(isWeak(hex, SINGLE), hex).toBe(false)
        expect(isWeak(hex + STRONG), hex).toBe(false)
      }
  })
})

describe('a DES key', () => {
  it('of two halves that are one key to DES is refused: 3DES is then single DES (node:crypto)', () => {
    const text = Uint8Array.from(randomBytes(8))
    for (let mask = 0; mask < 256; mask++) {
      const half = withParity(STRONG, mask)
      expect(encrypt('3des', bytesOf(STRONG + half), text)).toEqual(encrypt('des', bytesOf(STRONG), text))
      expect(isWeak(STRONG + half)).toBe(true)
    }
    expect(isWeak(STRONG + OTHER)).toBe(false)
  })

  it('of 8 bytes needs the permission', () => {
    expect(isWeak(STRONG)).toBe(true)
    expect(isWeak(STRONG, SINGLE)).toBe(false)
    expect(isWeak(STRONG + OTHER, SINGLE)).toBe(false)
  })

  it('with a byte of even parity is refused when parity must be odd', () => {
    const odd = '0131D9619DC1376E07A1133E4A0B2686'
    for (const byte of bytesOf(odd)) expect(byte.toString(2).replaceAll('0', '').length % 2).toBe(1)
    expect(isWeak(odd, { ...DOUBLE, parity: 'odd' })).toBe(false)
    for (let i = 0; i < 16; i++) {
      const even = bytesOf(odd)
      even[i] = (even[i] ?? 0) ^ 1
      const hex = Buffer.from(even).toString('hex')
      expect(isWeak(hex, { ...DOUBLE, parity: 'odd' }), `byte ${i}`).toBe(true)
      expect(isWeak(hex), `byte ${i}`).toBe(false)
    }
  })

  it('that is random is accepted, under every profile', () => {
    const keys = fc.uint8Array({ minLength: 16, maxLength: 16 }).filter((key) => new Set(key).size > 8)
    fc.assert(
      fc.property(fc.constantFrom(...MAC_PROFILES), keys, (profile, key) => {
        expect(isWeakMasterKey(profile, key, DOUBLE)).toBe(false)
      }),
    )
  })
})

describe('an SM4 key', () => {
  it('of one repeated byte is refused, zero too, and no other: SM4 has neither halves nor parity', () => {
    for (let byte = 0; byte < 256; byte++) {
      const key = new Uint8Array(16).fill(byte)
      expect(isWeakMasterKey('cup-sm4', key, SINGLE)).toBe(true)
      for (let i = 0; i < 16; i++)
        expect(isWeakMasterKey('cup-sm4', key.with(i, byte ^ 1), { ...DOUBLE, parity: 'odd' })).toBe(false)
    }
    expect(isWeak(STRONG + STRONG, DOUBLE, true)).toBe(false)
  })
})
