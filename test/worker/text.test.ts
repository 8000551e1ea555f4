/** @module The text encoder inside workerd: it gives the same bytes as in Node. */

import { describe, expect, it } from 'vitest'
import { decodeText, encodeText } from '../../src/iso8583/text.ts'

describe('texts in workerd', () => {
  it('are GBK', () => {
    expect([...encodeText('撤销成功', 'gbk', 60)]).toEqual([0xb3, 0xb7, 0xcf, 0xfa, 0xb3, 0xc9, 0xb9, 0xa6])
    expect(decodeText(Uint8Array.of(0xb3, 0xb7, 0xcf, 0xfa), 'gbk')).toBe('撤销')
  })

  it("match the platform's decoder over the ideographs", () => {
    let text = ''
    for (let code = 0x4e00; code <= 0x9fa5; code++) text += String.fromCharCode(code)
    expect(new TextDecoder('gbk').decode(encodeText(text, 'gbk', 1e6))).toBe(text)
  })

  it('are cut on whole characters', () => {
    expect(encodeText('撤销', 'gbk', 3)).toEqual(Uint8Array.of(0xb3, 0xb7))
    expect(encodeText('撤😀', 'ascii', 3)).toEqual(Uint8Array.of(0x3f, 0x3f))
  })
})
