/**
 * @module The whole of GBK: the bytes and characters of our table match iconv-lite, which the service used
 * before.
 */

import fc from 'fast-check'
import iconv from 'iconv-lite'
import { describe, expect, it } from 'vitest'
import { decodeGbk, encodeGbk } from '../../src/iso8583/gbk.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const expected = (text: string): string => hex(iconv.encode(text, 'gbk'))
const escaped = (text: string): string =>
  Array.from(text, (character) => character.codePointAt(0)?.toString(16)).join(' ')

/**
 * Only iconv-lite has this character of GB 18030, and writes its four bytes as three. It is neither GBK nor
 * in our texts.
 */
const NOT_GBK = '\ue7c7'
const NOT_GBK_BYTES = Buffer.from('8135f437', 'hex')

/** Every code point of Unicode, lone surrogates too. */
const LAST = 0x10ffff

/** Code points that iconv-lite gets at once. No two surrogates of one block make a pair. */
const BLOCK = 0x100

describe('encoding gives the bytes of iconv-lite', () => {
  it('for every code point', () => {
    const differing: string[] = []
    let encoded = 0
    for (let first = 0; first <= LAST; first += BLOCK) {
      const block = Array.from({ length: BLOCK }, (_, i) => String.fromCodePoint(first + i))
      const bytes = block.map((character) => hex(encodeGbk(character)))
      encoded += bytes.filter((one) => one !== '3f').length
      if (bytes.join('') !== expected(block.join('')))
        differing.push(...block.filter((one, i) => bytes[i] !== expected(one)).map(escaped))
    }
    expect(differing).toEqual([escaped(NOT_GBK)])
    // 128 of ASCII, the euro sign as one byte, and 23,940 cells of two bytes, without `?`, the euro’s cell
    // and a second space.
    expect(encoded).toBe(128 + 1 + 23_940 - 3)
  })

  it('for texts: every code unit before and after every kind of other', () => {
    const text = fc.string({ unit: 'binary', maxLength: 60 }).filter((value) => !value.includes(NOT_GBK))
    fc.assert(
      fc.property(text, fc.nat(0xffff), (value, unit) => {
        // A lone surrogate must not take its neighbour with it.
        const mixed = unit === 0xe7c7 ? value : value + String.fromCharCode(unit) + value
        expect(hex(encodeGbk(mixed))).toBe(expected(mixed))
      }),
      { numRuns: 2_000 },
    )
  })

  it('except for one character that GBK lacks, which becomes `?` like every other', () => {
    expect(expected(NOT_GBK)).toBe('8135f4')
    expect(hex(encodeGbk(NOT_GBK))).toBe('3f')
  })
})

describe('decoding gives the characters of iconv-lite', () => {
  it('for every byte, and every pair of bytes', () => {
    const differing: string[] = []
    const compare = (...bytes: number[]): void => {
      const input = Buffer.from(bytes)
      if (decodeGbk(input) !== iconv.decode(input, 'gbk')) differing.push(hex(input))
    }
    compare()
    for (let first = 0; first < 0x100; first++) {
      compare(first)
      for (let second = 0; second < 0x100; second++) compare(first, second)
    }
    expect(differing).toEqual([])
  })

  it('for bytes that are cut, doubled and shifted', () => {
    const edge = fc.constantFrom(
      0x00,
      0x30,
      0x35,
      0x3f,
      0x40,
      0x7e,
      0x7f,
      0x80,
      0x81,
      0xa0,
      0xa1,
      0xf4,
      0xfe,
      0xff,
    )
    const bytes = fc
      .array(fc.oneof(fc.nat(0xff), edge), { maxLength: 40 })
      .map((values) => Buffer.from(values))
    fc.assert(
      fc.property(
        bytes.filter((value) => !value.includes(NOT_GBK_BYTES)),
        (value) => {
          expect(escaped(decodeGbk(value))).toBe(escaped(iconv.decode(value, 'gbk')))
        },
      ),
      { numRuns: 5_000 },
    )
  })

  it('except for one sequence of GB 18030, whose parts are read as GBK', () => {
    expect(iconv.decode(NOT_GBK_BYTES, 'gbk')).toBe(NOT_GBK)
    expect(decodeGbk(NOT_GBK_BYTES)).toBe('\ufffd5\ufffd7')
  })
})

it('reads every cell back as it was written, except for the two duplicates', () => {
  const other: string[] = []
  for (let lead = 0x81; lead <= 0xfe; lead++)
    for (let trail = 0x40; trail <= 0xfe; trail++) {
      const bytes = Uint8Array.of(lead, trail)
      if (trail !== 0x7f && hex(encodeGbk(decodeGbk(bytes))) !== hex(bytes)) other.push(hex(bytes))
    }
  // The euro sign is 80 as well, the ideographic space A1A1.
  expect(other).toEqual(['a2e3', 'a3a0'])
})

it('matches the platform’s decoder for every ideograph', () => {
  const decoder = new TextDecoder('gbk')
  for (let point = 0x4e00; point <= 0x9fa5; point++) {
    const character = String.fromCodePoint(point)
    expect(decoder.decode(encodeGbk(character))).toBe(character)
  }
})
