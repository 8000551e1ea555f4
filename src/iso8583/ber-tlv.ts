/**
 * @module Reads BER-TLV (ISO/IEC 8825-1, EMV 4.3 Book 3 annex B) for people who look at a message. It reads what it can, says where the
 * rest is wrong, and never throws. No decision uses it.
 */

import { toHex } from './hex.ts'

export interface TlvElement {
  /** Offset of the tag in the bytes that were read. */
  readonly at: number
  /** Upper-case hex of the tag, of any number of bytes. */
  readonly tag: string
  /** The value, or the part of it that is there. */
  readonly value: Uint8Array
  /** The elements of a constructed tag. Absent for a primitive tag. */
  readonly elements?: readonly TlvElement[]
  /** The fault of the element. It has counts, never content. */
  readonly why?: string
  /** Bytes behind a broken element that nobody can read. */
  readonly unread?: number
}

/** Elements inside elements. Deeper ones are not read. */
const DEEPEST = 64

/** The tags that begin with FF and are no padding: the templates of EMV Contactless Book C-2. */
const FF_TAGS: readonly string[] = ['FF8101', 'FF8102', 'FF8103', 'FF8104', 'FF8105', 'FF8106']

/** All elements of the bytes. Bytes 00 and FF before, between and behind elements are padding. */
export const readTlv = (bytes: Uint8Array): readonly TlvElement[] =>
  readElements(bytes, { at: 0, end: bytes.length, depth: 0, isOpen: false }).elements

interface Stretch {
  readonly at: number
  readonly end: number
  readonly depth: number
  /** Whether two bytes 00 end the elements. */
  readonly isOpen: boolean
}

interface Read {
  readonly elements: readonly TlvElement[]
  /** The byte behind the elements. */
  readonly next: number
  /** Whether the two bytes 00 were there. */
  readonly isClosed: boolean
}

function readElements(bytes: Uint8Array, { at: from, end, depth, isOpen }: Stretch): Read {
  const elements: TlvElement[] = []
  let at = from
  while (at < end) {
    if (isOpen && bytes[at] === 0 && at + 1 < end && bytes[at + 1] === 0)
      return { elements, next: at + 2, isClosed: true }
    if (isPadding(bytes, at)) {
      at++
      continue
    }
    const { element, next } = readElement(bytes, { at, end, depth, isOpen })
    elements.push(element)
    at = next
  }
  return { elements, next: end, isClosed: false }
}

function isPadding(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] === 0) return true
  return bytes[at] === 0xff && !FF_TAGS.includes(toHex(bytes.subarray(at, at + 3)))
}

interface One {
  readonly element: TlvElement
  readonly next: number
}

function readElement(bytes: Uint8Array, { at, end, depth }: Stretch): One {
  const tagEnd = endOfTag(bytes, at, end)
  const tag = toHex(bytes.subarray(at, tagEnd ?? end))
  const broken = (why: string, from: number): One => ({
    element: {
      at,
      tag,
      value: bytes.subarray(from, from),
      why,
      ...(from < end ? { unread: end - from } : {}),
    },
    next: end,
  })
  if (tagEnd === null) return broken('the tag has no end', end)
  const first = bytes[tagEnd]
  if (tagEnd >= end || first === undefined) return broken('no length', end)
  const isConstructed = ((bytes[at] ?? 0) & 0x20) !== 0
  const start = tagEnd + 1
  if (first === 0x80) {
    if (!isConstructed) return broken('a primitive tag has no length without end', start)
    return readOpen(bytes, { at, tag, start, end, depth })
  }
  const count = first < 0x80 ? 0 : first & 0x7f
  if (count > 4) return broken(`a length of ${count} bytes, at most 4 are read`, start)
  if (end - start < count) return broken(`a length of ${count} bytes, ${end - start} there`, end)
  const length =
    count === 0 ? first : bytes.subarray(start, start + count).reduce((sum, b) => 256 * sum + b, 0)
  const from = start + count
  const to = Math.min(from + length, end)
  const why = length > end - from ? `${length} bytes needed, ${end - from} there` : undefined
  const inside = isConstructed
    ? readInside(bytes, { at: from, end: to, depth: depth + 1, isOpen: false })
    : {}
  return {
    element: { at, tag, value: bytes.subarray(from, to), ...inside, ...(why === undefined ? {} : { why }) },
    next: to,
  }
}

/** The elements of a constructed tag. Too deep ones stay bytes. */
function readInside(bytes: Uint8Array, stretch: Stretch): Pick<TlvElement, 'elements' | 'why'> {
  if (stretch.depth > DEEPEST) return { why: `more than ${DEEPEST} tags inside each other` }
  return { elements: readElements(bytes, stretch).elements }
}

/** A constructed tag of indefinite length: two bytes 00 end it. */
function readOpen(
  bytes: Uint8Array,
  { at, tag, start, end, depth }: { at: number; tag: string; start: number; end: number; depth: number },
): One {
  if (depth >= DEEPEST) {
    const why = `more than ${DEEPEST} tags inside each other`
    return { element: { at, tag, value: bytes.subarray(start, end), why }, next: end }
  }
  const inside = readElements(bytes, { at: start, end, depth: depth + 1, isOpen: true })
  const { elements, next, isClosed } = inside
  const value = bytes.subarray(start, isClosed ? next - 2 : next)
  return { element: { at, tag, value, elements, ...(isClosed ? {} : { why: 'no end 0000' }) }, next }
}

/** The byte behind the tag. Null: the bytes end before. */
function endOfTag(bytes: Uint8Array, at: number, end: number): number | null {
  if (((bytes[at] ?? 0) & 0x1f) !== 0x1f) return at + 1
  for (let next = at + 1; next < end; next++) if (((bytes[next] ?? 0) & 0x80) === 0) return next + 1
  return null
}
