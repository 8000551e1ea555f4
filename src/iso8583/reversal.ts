/**
 * @module Reads a reversal. It needs only the fields that name its target: 11, 41, 42, 60.1 and 60.2 (protocol.md §3.5). Every
 * other field needs only an end. The fields behind 60 need not even that, because field 64 is the last 8 bytes.
 */

import { err, ok, type Result } from '../domain/result.ts'
import { DIGITS, readPacked } from './bcd.ts'
import { readField60 } from './field60.ts'
import { toHex } from './hex.ts'
import {
  FIELDS_START,
  type FormatError,
  hasBit,
  type Message,
  prefixOf,
  readValue,
  sizeOf,
  unreadableTrack,
} from './message.ts'
import { type ElementSpec, elementOf } from './spec.ts'

const MAC_LENGTH = 8

/** The fields that name the target. */
const NAMING: readonly number[] = [11, 41, 42, 60]
const LAST_NAMING = 60

/** Digits of 60.1 and 60.2. */
const NAMING_DIGITS = 8

const unreadable = (field: FormatError['field'], why: string): Result<Message, FormatError> =>
  err({ kind: 'format', field, why })

/**
 * Reads a body with the MTI of a reversal. The message has the fields that can be read; the others are absent. A value over its
 * maximum length counts as unreadable. Field 60 without a readable third part has 8 digits. Never throws.
 */
export function readReversal(body: Uint8Array): Result<Message, FormatError> {
  const mti = body.length < FIELDS_START ? undefined : readPacked(body, 0, 4, 'left', DIGITS)
  if (mti === undefined) return unreadable('bitmap', 'no MTI and bitmap')
  const hasMac = hasBit(body, 64)
  const end = body.length - (hasMac ? MAC_LENGTH : 0)
  const absent = NAMING.find((number) => !hasBit(body, number))
  if (absent !== undefined) return unreadable(absent, 'missing')
  const way = wayOf(body, end)
  if (typeof way === 'string') return unreadable('length', way)
  const fields = new Map(way)
  if (hasMac) fields.set(64, toHex(body.subarray(end)))
  const track = unreadableTrack(fields)
  if (track !== undefined) fields.delete(track)
  return ok({ mti, fields })
}

type Fields = ReadonlyMap<number, string>

/**
 * The fields, or why they cannot be read. All ways must name the same target, because also the usual one may fit by chance. So no
 * other message is reversed by mistake.
 */
function wayOf(body: Uint8Array, end: number): Fields | string {
  const ways = [...waysThrough(body, end, { number: 2, last: LAST_NAMING, at: FIELDS_START })]
  const whole = ways.map((way) => ({ ...way, rest: restOf(body, end, way.at) }))
  const [first] = whole
  if (first === undefined) return 'the fields that name the target are not found'
  const targets = new Set(whole.map(({ fields }) => NAMING.map((number) => fields.get(number)).join('|')))
  if (targets.size > 1) return 'its fields name two targets'
  return new Map([...first.fields, ...(first.rest?.fields ?? [])])
}

/** The fields behind 60, when they end where the fields end. */
const restOf = (body: Uint8Array, end: number, at: number): Way | undefined =>
  [...waysThrough(body, end, { number: LAST_NAMING + 1, last: 63, at })].find((way) => way.at === end)

interface Stretch {
  readonly number: number
  readonly last: number
  readonly at: number
}

interface Way {
  readonly fields: Fields
  /** The end of the last field. */
  readonly at: number
}

/**
 * The ways to read the fields from `number` to `last`, the usual one first. A variable field of digits may be packed, as the field
 * table has it, or have one character a byte. Some terminals send field 61 so. Five such fields stand before 60, so there are at
 * most 32 ways.
 */
function* waysThrough(body: Uint8Array, end: number, { number, last, at }: Stretch): Generator<Way> {
  if (number > last) {
    yield { fields: new Map(), at }
    return
  }
  if (!hasBit(body, number)) {
    yield* waysThrough(body, end, { number: number + 1, last, at })
    return
  }
  for (const { value, next } of readings(body, end, number, at)) {
    const own = value === undefined ? [] : [[number, value] as const]
    for (const way of waysThrough(body, end, { number: number + 1, last, at: next }))
      yield { ...way, fields: new Map([...own, ...way.fields]) }
  }
}

interface Reading {
  /** Undefined: the content cannot be read. */
  readonly value: string | undefined
  /** The start of the next field. */
  readonly next: number
}

/** Whether the bytes are the characters of a number or a track. */
const areDigits = (bytes: Uint8Array): boolean => /^[0-9=DdFf ]*$/.test(String.fromCharCode(...bytes))

/** The ways to read one field, the usual one first. None: it has no end, or it names the target and cannot be read. */
function readings(body: Uint8Array, end: number, number: number, at: number): Reading[] {
  const spec = elementOf(number)
  if (spec === undefined) return []
  const start = at + prefixOf(spec)
  const count = start > end ? undefined : countAt(spec, body, at)
  if (count === undefined) return []
  const size = sizeOf(spec, count)
  const isReadable = count <= spec.max && start + size <= end
  const value = isReadable ? readValue(spec, body, start, count, spec.alignment) : undefined
  const usual = { value, next: start + size }
  if (NAMING.includes(number)) {
    const naming = number === LAST_NAMING ? field60In(body, start, count, value) : value
    return naming !== undefined && usual.next <= end ? [{ ...usual, value: naming }] : []
  }
  const inCharacters = { value: undefined, next: start + count }
  const hasCharacters =
    spec.length !== 'fixed' && size !== count && areDigits(body.subarray(start, start + count))
  return (hasCharacters ? [usual, inCharacters] : [usual]).filter(({ next }) => next <= end)
}

/** The units of a value: the fixed length, or the decimal length before it. Undefined when that is not decimal. */
function countAt(spec: ElementSpec, body: Uint8Array, at: number): number | undefined {
  if (spec.length === 'fixed') return spec.max
  const digits = readPacked(body, at, 2 * prefixOf(spec), 'right', DIGITS)
  return digits === undefined ? undefined : Number(digits)
}

/** The whole field 60, or its first two parts when the rest has no form. Undefined when these cannot be read. */
function field60In(
  body: Uint8Array,
  start: number,
  count: number,
  value: string | undefined,
): string | undefined {
  if (value !== undefined && readField60(value) !== undefined) return value
  return count < NAMING_DIGITS ? undefined : readPacked(body, start, NAMING_DIGITS, 'left', DIGITS)
}
