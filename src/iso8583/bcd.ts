/** @module Packed BCD, in both alignments. Track data is packed the same way, with all sixteen nibbles. */

/** The side of the digits when their count is odd. `right` pads the first nibble, `left` pads the last one. */
export type Alignment = 'left' | 'right'

/** The two characters of each byte value; '' for a byte outside the alphabet. */
export type Alphabet = readonly string[]

/** The two upper-case hex digits of each byte value. */
const HEX_PAIRS: Alphabet = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0').toUpperCase(),
)

/** Decimal digits. */
export const DIGITS: Alphabet = HEX_PAIRS.map((pair) => (/^\d\d$/.test(pair) ? pair : ''))

/** Sixteen nibbles. `D` is the separator of a track; an encrypted track uses all of them. */
export const NIBBLES: Alphabet = HEX_PAIRS

/** The number of bytes for `count` nibbles. */
export const packedLength = (count: number): number => (count + 1) >> 1

/**
 * Reads `count` characters from `bytes` at `start`. The caller checks that the bytes exist. The pad nibble of an odd
 * count may have any value. Undefined when a nibble is outside the alphabet.
 */
export function readPacked(
  bytes: Uint8Array,
  start: number,
  count: number,
  alignment: Alignment,
  alphabet: Alphabet,
): string | undefined {
  const odd = count % 2 === 1
  const first = odd && alignment === 'right' ? 1 : 0
  let text = ''
  if (first === 1) {
    const pair = alphabet[(bytes[start] ?? 0) & 0x0f]
    if (!pair) return undefined
    text = pair.charAt(1)
  }
  const end = start + first + (count >> 1)
  for (let at = start + first; at < end; at++) {
    const pair = alphabet[bytes[at] ?? 0]
    if (!pair) return undefined
    text += pair
  }
  if (odd && first === 0) {
    const pair = alphabet[(bytes[end] ?? 0) & 0xf0]
    if (!pair) return undefined
    text += pair.charAt(0)
  }
  return text
}

/** The number in `size` bytes of decimal digits at `start`. Undefined when a nibble is no digit. */
export function readCount(bytes: Uint8Array, start: number, size: number): number | undefined {
  let count = 0
  for (let at = start; at < start + size; at++) {
    const byte = bytes[at] ?? 0
    if (DIGITS[byte] === '') return undefined
    count = 100 * count + 10 * (byte >> 4) + (byte & 0x0f)
  }
  return count
}

/**
 * Writes `text` to `bytes` at `start`, two characters per byte. `=` becomes nibble D, and `pad` (0 to 15) fills an odd count. Returns
 * false when a character is outside the alphabet. Some bytes are written then.
 */
export function writePacked(
  text: string,
  bytes: Uint8Array,
  start: number,
  alignment: Alignment,
  alphabet: Alphabet,
  pad = 0,
): boolean {
  const limit = alphabet === DIGITS ? 9 : 15
  let at = 2 * start + (text.length % 2 === 1 && alignment === 'right' ? 1 : 0)
  if (at % 2 === 1) bytes[start] = pad << 4
  for (let i = 0; i < text.length; i++, at++) {
    const code = text.charCodeAt(i)
    const nibble = code === 0x3d ? 0x0d : nibbleOf(code)
    if (nibble < 0 || nibble > limit) return false
    const byte = at >> 1
    // The last low nibble of an odd count stays the pad.
    bytes[byte] = at % 2 === 0 ? (nibble << 4) | pad : ((bytes[byte] ?? 0) & 0xf0) | nibble
  }
  return true
}

/** The value 0–15 of the hex digit with this character code, either case; −1 for any other character. */
function nibbleOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const letter = code | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}
