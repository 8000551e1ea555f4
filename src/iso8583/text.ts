/** @module Texts for receipts, in the encoding of the terminal's printer. */

import { decodeGbk, encodeGbk } from './gbk.ts'

/** GBK is code page 936. Terminals print it by default. */
export type TextEncoding = 'gbk' | 'ascii'

/**
 * `text` in at most `maxBytes` bytes, cut between characters and not padded. A character outside the encoding becomes
 * one `?`.
 */
export function encodeText(text: string, encoding: TextEncoding, maxBytes: number): Uint8Array {
  const bytes = encoding === 'gbk' ? encodeGbk(text) : asciiBytes(text)
  let end = 0
  while (end < bytes.length) {
    const next = end + characterLength(bytes[end] ?? 0, encoding)
    if (next > maxBytes) break
    end = next
  }
  return bytes.slice(0, end)
}

/** The text of the bytes. Bytes that are no character of the encoding become U+FFFD. */
export function decodeText(bytes: Uint8Array, encoding: TextEncoding): string {
  if (encoding === 'gbk') return decodeGbk(bytes)
  return Array.from(bytes, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : '\ufffd')).join('')
}

const asciiBytes = (text: string): Uint8Array =>
  Uint8Array.from(text, (character) => {
    const point = character.codePointAt(0) ?? 0x3f
    return point < 0x80 ? point : 0x3f
  })

/** GBK lead bytes are 0x81–0xFE; 0x80 alone is the euro sign of code page 936. */
const characterLength = (first: number, encoding: TextEncoding): number =>
  encoding === 'gbk' && first > 0x80 && first < 0xff ? 2 : 1
