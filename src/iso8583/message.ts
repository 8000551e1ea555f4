/**
 * @module Converts a message body (MTI, bitmap, fields) to a `Message` and back, as `spec.ts` defines. It handles
 * formats, not single fields.
 */

import { err, ok, type Result } from '../domain/result.ts'
import { type MessageForms, USUAL_FORMS } from '../domain/terminal-profile.ts'
import { type Alignment, DIGITS, NIBBLES, packedLength, readCount, readPacked, writePacked } from './bcd.ts'
import { fromHex, toHex } from './hex.ts'
import { nextField } from './next-field.ts'
import { ELEMENTS, type ElementSpec, elementOf } from './spec.ts'

/** Bytes before the first field: MTI 2, bitmap 8. */
export const FIELDS_START = 10
const MAC_LENGTH = 8

/**
 * A message. `fields` has values by field number, in the order of the wire.
 *
 * - digits for n
 * - the text as received, with its padding, for an and ans
 * - nibbles with `D` as the separator for tracks
 * - upper-case hex for bytes (52, 55, 57, 58, 59, 62, 63, 64)
 */
export interface Message {
  /** Four digits. */
  readonly mti: string
  readonly fields: ReadonlyMap<number, string>
}

export type OptionalFields = readonly (readonly [number, string | undefined])[]

/** A message of the defined fields, in the order of the wire. */
export const messageOf = (mti: string, fields: OptionalFields): Message => ({
  mti,
  fields: new Map(
    fields
      .filter((field): field is readonly [number, string] => field[1] !== undefined)
      .sort(([a], [b]) => a - b),
  ),
})

/** The fault of a body that is no message. `why` has counts, never content. */
export interface FormatError {
  readonly kind: 'format'
  readonly field: number | 'mti' | 'bitmap' | 'length'
  readonly why: string
}

/** The part of a message before its first error. */
export interface PartialMessage {
  readonly mti?: string
  readonly fields: ReadonlyMap<number, string>
  readonly error?: FormatError
}

/** The MTI of a body, four digits. Empty when it has none. */
export const mtiOf = (body: Uint8Array): string =>
  body.length < 2 ? '' : (readPacked(body, 0, 4, 'left', DIGITS) ?? '')

/**
 * Reads a body that must be exactly one message. Never throws, whatever the bytes. `entryMode` is the side of the digits of field 22.
 */
export function unpack(
  body: Uint8Array,
  entryMode: PackForms['entryMode'] = USUAL_FORMS.entryMode,
): Result<Message, FormatError> {
  const { mti, fields, error } = unpackWhatCan(body, entryMode)
  if (error !== undefined) return err(error)
  return ok({ mti: mti ?? '', fields })
}

/** Like `unpack`, but keeps the fields before the error. */
export function unpackWhatCan(body: Uint8Array, entryMode = USUAL_FORMS.entryMode): PartialMessage {
  const fields = new Map<number, string>()
  if (body.length < 2) return { fields, error: truncated('mti', 2, body.length) }
  const mti = readPacked(body, 0, 4, 'left', DIGITS)
  if (mti === undefined) return { fields, error: format('mti', 'not four digits') }
  if (body.length < FIELDS_START) return { mti, fields, error: truncated('bitmap', 8, body.length - 2) }

  let at = FIELDS_START
  for (let number = nextField(body, 0); number !== 0; number = nextField(body, number)) {
    const spec = elementOf(number)
    if (spec === undefined) return { mti, fields, error: format(number, 'not in the field table') }

    let count = spec.max
    if (spec.length !== 'fixed') {
      const prefix = spec.length === 'LLVAR' ? 1 : 2
      if (body.length - at < prefix)
        return { mti, fields, error: truncated(number, prefix, body.length - at) }
      const length = readCount(body, at, prefix)
      if (length === undefined) return { mti, fields, error: format(number, 'length is not decimal') }
      count = length
      if (count > spec.max)
        return { mti, fields, error: format(number, `length ${count} is over ${spec.max}`) }
      at += prefix
    }

    const size = sizeOf(spec, count)
    if (body.length - at < size) return { mti, fields, error: truncated(number, size, body.length - at) }
    const value = readEitherSide(spec, body, at, count, entryMode)
    if (value === undefined) return { mti, fields, error: format(number, REFUSED[spec.format]) }
    fields.set(number, value)
    at += size
  }

  if (at < body.length)
    return { mti, fields, error: format('length', `${body.length - at} bytes after the last field`) }
  const track = unreadableTrack(fields)
  if (track !== undefined) return { mti, fields, error: format(track, REFUSED.z) }
  return { mti, fields }
}

/** How a terminal packs an odd number of digits. */
export type PackForms = Pick<MessageForms, 'padding' | 'entryMode'>

/**
 * Packs a message. A short text in a fixed field is padded with spaces, and `=` in a track becomes `D`. Throws
 * RangeError with the field number when a value does not fit its row of the table.
 */
export function pack(message: Message, forms: PackForms = USUAL_FORMS): Uint8Array {
  let size = FIELDS_START
  let known = 0
  for (const spec of ELEMENTS) {
    const value = message.fields.get(spec.number)
    if (value === undefined) continue
    size += wireLengthOf(spec, value)
    known++
  }
  if (known !== message.fields.size) {
    const unknown = [...message.fields.keys()].find((number) => elementOf(number) === undefined)
    throw new RangeError(`field ${unknown}: not in the field table`)
  }

  const body = new Uint8Array(size)
  if (message.mti.length !== 4 || !writePacked(message.mti, body, 0, 'left', DIGITS))
    throw new RangeError('mti: expected four digits')
  let at = FIELDS_START
  for (const spec of ELEMENTS) {
    const value = message.fields.get(spec.number)
    if (value === undefined) continue
    const bitmapByte = 2 + ((spec.number - 1) >> 3)
    body[bitmapByte] = (body[bitmapByte] ?? 0) | (0x80 >> ((spec.number - 1) & 7))
    const count = countOf(spec, value)
    const prefix = prefixOf(spec)
    if (prefix > 0) writePacked(String(count).padStart(2 * prefix, '0'), body, at, 'right', DIGITS)
    at += prefix
    if (!writeValue(spec, value, body, at, count, forms))
      throw new RangeError(`field ${spec.number}: ${REFUSED[spec.format]}`)
    at += sizeOf(spec, count)
  }
  return body
}

/**
 * The bytes that the MAC covers (protocol.md §4): MTI to the last field before 64, as received. It is a view. Without a
 * field 64 it is the whole body.
 */
export function macInput(body: Uint8Array): Uint8Array {
  if (body.length < FIELDS_START + MAC_LENGTH || !hasBit(body, 64)) return body
  return body.subarray(0, body.length - MAC_LENGTH)
}

/** Bytes of a field with its length prefix. Throws RangeError when the value does not fit the table. */
export const wireLengthOf = (spec: ElementSpec, value: string): number =>
  prefixOf(spec) + sizeOf(spec, countOf(spec, value))

const REFUSED = {
  n: 'not digits',
  z: 'not track data',
  an: 'not printable ASCII',
  ans: 'not printable ASCII',
  b: 'not bytes in hex',
} as const

const format = (field: FormatError['field'], why: string): FormatError => ({ kind: 'format', field, why })

const truncated = (field: FormatError['field'], needed: number, left: number): FormatError =>
  format(field, `truncated: ${needed} bytes needed, ${left} left`)

/** Whether the bitmap of a body of 10 bytes or more has the field. */
export const hasBit = (body: Uint8Array, number: number): boolean =>
  ((body[2 + ((number - 1) >> 3)] ?? 0) & (0x80 >> ((number - 1) & 7))) !== 0

/** Point of service entry mode: the one field whose side terminals disagree about. */
export const ENTRY_MODE = 22

const alignmentOf = ({ number, alignment }: ElementSpec, entryMode: Alignment): Alignment =>
  number === ENTRY_MODE ? entryMode : alignment

const isPacked = (spec: ElementSpec): boolean => spec.format === 'n' || spec.format === 'z'

/** Bytes of a value of `count` units, without its length prefix. */
export const sizeOf = (spec: ElementSpec, count: number): number =>
  isPacked(spec) ? packedLength(count) : count

/** Bytes of the length before a value: 0 for a fixed field, 1 for LLVAR, 2 for LLLVAR. */
export const prefixOf = (spec: ElementSpec): number =>
  spec.length === 'fixed' ? 0 : spec.length === 'LLVAR' ? 1 : 2

/** The units of a value to pack. Throws RangeError when they do not fit the table. */
function countOf(spec: ElementSpec, value: string): number {
  const isText = spec.format === 'an' || spec.format === 'ans'
  const units = spec.format === 'b' ? value.length / 2 : value.length
  const fits = spec.length === 'fixed' && !isText ? units === spec.max : units <= spec.max
  if (!fits || !Number.isInteger(units))
    throw new RangeError(`field ${spec.number}: length ${units}, ${spec.length} ${spec.max} expected`)
  return spec.length === 'fixed' ? spec.max : units
}

/** Field 22 from the other side when it has no digits on its own: the terminal is not known yet. */
function readEitherSide(
  spec: ElementSpec,
  body: Uint8Array,
  at: number,
  count: number,
  entryMode: Alignment,
): string | undefined {
  const value = readValue(spec, body, at, count, alignmentOf(spec, entryMode))
  if (value !== undefined || spec.number !== ENTRY_MODE) return value
  return readValue(spec, body, at, count, entryMode === 'left' ? 'right' : 'left')
}

/** The value of `count` units at `at`, in the form of `Message`. Undefined when a character is not the field's. */
export function readValue(
  spec: ElementSpec,
  body: Uint8Array,
  at: number,
  count: number,
  alignment: Alignment,
): string | undefined {
  switch (spec.format) {
    case 'n':
      return readPacked(body, at, count, alignment, DIGITS)
    case 'z':
      return readPacked(body, at, count, alignment, NIBBLES)
    case 'b':
      return toHex(body.subarray(at, at + count))
    default:
      return readText(body, at, count)
  }
}

function writeValue(
  spec: ElementSpec,
  value: string,
  body: Uint8Array,
  at: number,
  count: number,
  { padding, entryMode }: PackForms,
): boolean {
  const alignment = alignmentOf(spec, entryMode)
  const pad = padding === 'F' ? 0x0f : 0
  switch (spec.format) {
    case 'n':
      return writePacked(value, body, at, alignment, DIGITS, pad)
    case 'z':
      return writePacked(value, body, at, alignment, NIBBLES, pad)
    case 'b': {
      const bytes = fromHex(value)
      if (bytes !== undefined) body.set(bytes, at)
      return bytes !== undefined
    }
    default:
      return writeText(value, body, at, count)
  }
}

const isPrintable = (code: number): boolean => code >= 0x20 && code <= 0x7e

function readText(body: Uint8Array, at: number, count: number): string | undefined {
  let text = ''
  for (let i = at; i < at + count; i++) {
    const code = body[i] ?? 0
    if (!isPrintable(code)) return undefined
    text += String.fromCharCode(code)
  }
  return text
}

function writeText(text: string, body: Uint8Array, at: number, count: number): boolean {
  for (let i = 0; i < count; i++) {
    const code = i < text.length ? text.charCodeAt(i) : 0x20
    if (!isPrintable(code)) return false
    body[at + i] = code
  }
  return true
}

/**
 * The number of a track that is neither clear nor encrypted. Clear: digits and separators. Encrypted: the third digit
 * of field 53 is 1.
 */
export function unreadableTrack(fields: ReadonlyMap<number, string>): number | undefined {
  if (fields.get(53)?.charAt(2) === '1') return undefined
  for (const number of [35, 36]) {
    if (/[^0-9D]/.test(fields.get(number) ?? '')) return number
  }
  return undefined
}
