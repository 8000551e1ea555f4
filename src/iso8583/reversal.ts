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
  const naming = walk(body, end, { first: 2, last: LAST_NAMING, at: FIELDS_START })
  if (naming === null) return unreadable('length', 'the fields that name the target are not found')
  const rest = walk(body, end, { first: LAST_NAMING + 1, last: 63, at: naming.end, mustFit: true })
  const fields = new Map([...naming.fields, ...(rest?.fields ?? [])])
  if (hasMac) fields.set(64, toHex(body.subarray(end)))
  const track = unreadableTrack(fields)
  if (track !== undefined) fields.delete(track)
  return ok({ mti, fields })
}

interface Stretch {
  readonly first: number
  readonly last: number
  /** The start of the first field. */
  readonly at: number
  /** Whether the last field must end where the fields end. */
  readonly mustFit?: true
}

interface Walked {
  readonly fields: ReadonlyMap<number, string>
  readonly end: number
}

/**
 * Finds the fields of a stretch. A variable field of digits may be packed, as the field table has it, or have one character a
 * byte. Some terminals send field 61 so. The first way whose naming fields can be read counts. Null: there is none.
 */
function walk(body: Uint8Array, end: number, stretch: Stretch): Walked | null {
  const { first, last, mustFit = false } = stretch
  /** Places from which no way leads on, so that the time is bounded by fields × bytes. */
  const dead = new Set<number>()
  const from = (number: number, at: number): Walked | null => {
    if (number > last) return mustFit && at !== end ? null : { fields: new Map(), end: at }
    if (!hasBit(body, number)) return from(number + 1, at)
    const place = number * 0x10000 + at
    if (dead.has(place)) return null
    for (const { value, next } of readings(body, end, number, at)) {
      const onward = from(number + 1, next)
      if (onward === null) continue
      const own = value === undefined ? [] : [[number, value] as const]
      return { fields: new Map([...own, ...onward.fields]), end: onward.end }
    }
    dead.add(place)
    return null
  }
  return from(first, stretch.at)
}

interface Reading {
  /** Undefined: the content cannot be read. */
  readonly value: string | undefined
  /** The start of the next field. */
  readonly next: number
}

/** The ways to read one field, the usual one first. None: it has no end, or it names the target and cannot be read. */
function readings(body: Uint8Array, end: number, number: number, at: number): Reading[] {
  const spec = elementOf(number)
  if (spec === undefined) return []
  const start = at + prefixOf(spec)
  const count = start > end ? undefined : countAt(spec, body, at)
  if (count === undefined) return []
  const size = sizeOf(spec, count)
  const isReadable = count <= spec.max && start + size <= end
  const usual = { value: isReadable ? readValue(spec, body, start, count) : undefined, next: start + size }
  const inCharacters = { value: undefined, next: start + count }
  const ways = spec.length === 'fixed' || size === count ? [usual] : [usual, inCharacters]
  const inside = ways.filter(({ next }) => next <= end)
  if (!NAMING.includes(number)) return inside
  const value = number === LAST_NAMING ? field60In(body, start, count, usual.value) : usual.value
  return value !== undefined && usual.next <= end ? [{ value, next: usual.next }] : []
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
