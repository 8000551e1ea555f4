/**
 * @module GBK (code page 936) in both directions. No runtime encodes it, and the decoders of two Node versions differ
 * in a hundred cells, so the table is our own. The first text of an isolate makes it from the rows of GB 2312, the
 * order of Unicode and the areas for private use.
 */

import { COMPATIBILITY, IDEOGRAPHS, LATER, MORE_SYMBOLS, SYMBOLS } from './gbk-rows.ts'

interface Tables {
  /** Code → UTF-16 code unit; 0 where no character has the code. A code of at most FF is one byte, a higher one two. */
  readonly units: Uint16Array
  /** UTF-16 code unit → code; `?` where GBK lacks the character. */
  readonly codes: Uint16Array
}

const QUESTION_MARK = 0x3f
const REPLACEMENT = 0xfffd
const EURO_BYTE = 0x80
const EURO_SIGN = 0x20ac

/** No trail byte. */
const DELETE = 0x7f

/** The codes of a rectangle of leads and trails, in order. Both ends belong to it. */
function* cells(
  firstLead: number,
  lastLead: number,
  firstTrail: number,
  lastTrail: number,
): Generator<number> {
  for (let lead = firstLead; lead <= lastLead; lead++)
    for (let trail = firstTrail; trail <= lastTrail; trail++) if (trail !== DELETE) yield (lead << 8) | trail
}

const unitsOf = (text: string): number[] =>
  Array.from({ length: text.length }, (_, at) => text.charCodeAt(at))

/** The ideographs of the block 4E00 to 9FA5 that GB 2312 lacks, in Unicode’s order. */
function otherIdeographs(ideographs: readonly number[]): number[] {
  // A Set takes ten times as long, and the first answer of an isolate waits for it.
  const known = new Uint8Array(0x10000)
  for (const unit of ideographs) known[unit] = 1
  const others: number[] = []
  for (let unit = 0x4e00; unit <= 0x9fa5; unit++) if (known[unit] === 0) others.push(unit)
  return others
}

/** A cell for private use in the rows. */
const PRIVATE = 0x2e

function makeUnits(): Uint16Array {
  const units = new Uint16Array(0x10000)
  const fill = (codes: Iterable<number>, characters: Iterator<number>): void => {
    for (const code of codes) {
      const unit = characters.next().value ?? PRIVATE
      if (unit !== PRIVATE) units[code] = unit
    }
  }
  const numberFree = (codes: Iterable<number>, first: number): void => {
    let unit = first
    for (const code of codes) if (units[code] === 0) units[code] = unit++
  }

  for (let byte = 0; byte < 0x80; byte++) units[byte] = byte
  units[EURO_BYTE] = EURO_SIGN
  const ideographs = unitsOf(IDEOGRAPHS.join(''))
  const others = [...otherIdeographs(ideographs), ...unitsOf(COMPATIBILITY)].values()
  fill(cells(0x81, 0xa0, 0x40, 0xfe), others)
  fill(cells(0xaa, 0xfe, 0x40, 0xa0), others)
  fill(cells(0xa1, 0xa7, 0xa1, 0xfe), unitsOf(SYMBOLS.join('')).values())
  fill(cells(0xa8, 0xa9, 0x40, 0xfe), unitsOf(MORE_SYMBOLS.join('')).values())
  fill(cells(0xb0, 0xf7, 0xa1, 0xfe), ideographs.values())
  // Private use: three areas of users, then every cell that is left.
  numberFree(cells(0xaa, 0xaf, 0xa1, 0xfe), 0xe000)
  numberFree(cells(0xf8, 0xfe, 0xa1, 0xfe), 0xe234)
  numberFree(cells(0xa1, 0xa7, 0x40, 0xa0), 0xe4c6)
  numberFree(cells(0xa1, 0xfe, 0x40, 0xfe), 0xe766)
  for (const [first, characters] of LATER)
    fill(cells(first >> 8, first >> 8, first & 0xff, 0xfe), unitsOf(characters).values())
  return units
}

function makeTables(): Tables {
  const units = makeUnits()
  const codes = new Uint16Array(0x10000).fill(QUESTION_MARK)
  // Downwards, so that a character with two codes keeps the lower one.
  for (let code = 0xffff; code > 0; code--) {
    const unit = units[code] ?? 0
    if (unit !== 0) codes[unit] = code
  }
  codes[0] = 0
  return { units, codes }
}

let made: Tables | undefined
const tables = (): Tables => {
  made ??= makeTables()
  return made
}

/** A character that GBK lacks becomes one `?`. */
export function encodeGbk(text: string): Uint8Array {
  const { codes } = tables()
  const bytes: number[] = []
  for (const character of text) {
    const code = codes[character.codePointAt(0) ?? QUESTION_MARK] ?? QUESTION_MARK
    if (code > 0xff) bytes.push(code >> 8)
    bytes.push(code & 0xff)
  }
  return Uint8Array.from(bytes)
}

/** A byte that starts no character becomes U+FFFD; reading goes on at the byte after it. */
export function decodeGbk(bytes: Uint8Array): string {
  const { units } = tables()
  let text = ''
  for (let at = 0; at < bytes.length; at++) {
    const first = bytes[at] ?? 0
    const pair = first > EURO_BYTE ? (units[(first << 8) | (bytes[at + 1] ?? 0)] ?? 0) : 0
    if (pair !== 0) at++
    text += String.fromCharCode(pair !== 0 ? pair : first <= EURO_BYTE ? (units[first] ?? 0) : REPLACEMENT)
  }
  return text
}
