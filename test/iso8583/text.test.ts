/** @module Texts in GBK and ASCII, against the decoder of Node. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeText, encodeText } from '../../src/iso8583/text.ts'
import { hexOf } from '../support/iso8583-golden.ts'

const hanzi = fc.string({
  unit: fc.integer({ min: 0x4e00, max: 0x9fa5 }).map((code) => String.fromCharCode(code)),
})
const mixed = fc.array(fc.oneof(hanzi, fc.string({ unit: 'grapheme-ascii' }))).map((parts) => parts.join(''))

describe('GBK', () => {
  it('has the published bytes', () => {
    expect(hexOf(encodeText('撤销成功', 'gbk', 60))).toBe('B3B7CFFAB3C9B9A6')
    expect(decodeText(Uint8Array.of(0xb3, 0xb7, 0xcf, 0xfa), 'gbk')).toBe('撤销')
  })

  it('decodes in the platform’s decoder, over all ideographs of the first plane', () => {
    const decoder = new TextDecoder('gbk')
    fc.assert(
      fc.property(mixed, (text) => {
        const bytes = encodeText(text, 'gbk', 10_000)
        expect(decoder.decode(bytes)).toBe(text)
        expect(decodeText(bytes, 'gbk')).toBe(text)
      }),
    )
  })

  it('is cut between characters', () => {
    fc.assert(
      fc.property(mixed, fc.nat(40), (text, maxBytes) => {
        const bytes = encodeText(text, 'gbk', maxBytes)
        expect(bytes.length).toBeLessThanOrEqual(maxBytes)
        const read = decodeText(bytes, 'gbk')
        expect(text.startsWith(read)).toBe(true)
        // One more character would not have fitted.
        if (read !== text) expect(bytes.length).toBeGreaterThanOrEqual(maxBytes - 1)
      }),
    )
    expect(hexOf(encodeText('a撤', 'gbk', 2))).toBe('61')
    expect(encodeText('撤', 'gbk', 0)).toHaveLength(0)
  })

  it('writes ? for a missing character, one for a surrogate pair', () => {
    expect(decodeText(encodeText('撤😀销', 'gbk', 60), 'gbk')).toBe('撤?销')
    expect(decodeText(encodeText('\ud800', 'gbk', 60), 'gbk')).toBe('?')
  })
})

describe('ASCII', () => {
  it('writes ? for a missing character, one for a surrogate pair', () => {
    expect(decodeText(encodeText('void 撤销 é😀!', 'ascii', 60), 'ascii')).toBe('void ?? ??!')
  })

  it('is cut at the limit', () => {
    expect(decodeText(encodeText('approved', 'ascii', 3), 'ascii')).toBe('app')
  })

  it('decodes other bytes as U+FFFD', () => {
    expect(decodeText(Uint8Array.of(0x41, 0xb3), 'ascii')).toBe('A\ufffd')
  })
})
