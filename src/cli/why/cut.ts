/** @module Cuts a message into its fields, each with its place. It goes on behind a field whose content cannot be read, as long as the field has an end. */

import { DIGITS, readPacked } from '../../iso8583/bcd.ts'
import type { PackForms } from '../../iso8583/message.ts'
import { ENTRY_MODE, FIELDS_START, hasBit, prefixOf, readValue, sizeOf } from '../../iso8583/message.ts'
import { type ElementSpec, elementOf } from '../../iso8583/spec.ts'

export interface CutField {
  readonly spec: ElementSpec
  /** Offset in the body of the length, or of the value of a fixed field. */
  readonly at: number
  /** Offset in the body of the value. */
  readonly from: number
  /** Offset in the body behind the value. */
  readonly end: number
  /** Digits, characters or bytes of the value. */
  readonly count: number
  /** Undefined when the content cannot be read. */
  readonly value: string | undefined
}

/** The place where a message cannot be cut. */
export interface CutError {
  readonly field: number | 'mti' | 'bitmap' | 'length'
  /** Offset in the body. */
  readonly at: number
  readonly why: string
}

export interface Cut {
  /** Four digits; empty when there are none. */
  readonly mti: string
  readonly fields: readonly CutField[]
  readonly error?: CutError
}

/** Another way to read the length of one field, as terminals that pack it wrongly mean it. */
export const LENGTH_MISTAKES = {
  bytes: 'its length seems to count bytes, not digits',
  binary: 'its length seems to be binary, not decimal',
  characters: 'it seems to have a character in each byte, not two digits',
  short: 'its length seems to have one byte, two are expected',
  long: 'its length seems to have two bytes, one is expected',
  absent: 'its bit seems to be set without the field',
} as const
export type LengthMistake = keyof typeof LENGTH_MISTAKES

interface Other {
  readonly number: number
  readonly mistake: LengthMistake
}

/** Never throws. `other` reads one field in another way. */
export function cutFields(body: Uint8Array, entryMode: PackForms['entryMode'], other?: Other): Cut {
  const fields: CutField[] = []
  const mti = body.length < 2 ? undefined : readPacked(body, 0, 4, 'left', DIGITS)
  const stop = (field: CutError['field'], at: number, why: string): Cut => ({
    mti: mti ?? '',
    fields,
    error: { field, at, why },
  })
  if (mti === undefined) return stop('mti', 0, 'not four packed digits')
  if (body.length < FIELDS_START) return stop('bitmap', 2, `8 bytes needed, ${body.length - 2} there`)
  let at = FIELDS_START
  for (let number = 1; number <= 64; number++) {
    const mistake = other?.number === number ? other.mistake : undefined
    if (!hasBit(body, number) || mistake === 'absent') continue
    const spec = elementOf(number)
    if (spec === undefined)
      return stop(number, at, number === 1 ? 'a second bitmap is not read' : 'not in the field table')
    const count = countAt(spec, body, at, mistake)
    if (typeof count === 'string') return stop(number, at, count)
    if (count > spec.max) return stop(number, at, `length ${count} is over ${spec.max}`)
    const from = at + prefixFor(spec, mistake)
    const size = mistake === 'characters' ? count : sizeOf(spec, count)
    if (body.length - from < size)
      return stop(number, from, `${size} bytes needed, ${body.length - from} there`)
    const sides =
      number === ENTRY_MODE
        ? ([entryMode, entryMode === 'left' ? 'right' : 'left'] as const)
        : [spec.alignment]
    const [value] = sides
      .map((side) => readValue(spec, body, from, count, side))
      .filter((one) => one !== undefined)
    fields.push({
      spec,
      at,
      from,
      end: from + size,
      count,
      value: mistake === 'characters' ? charactersIn(body.subarray(from, from + size)) : value,
    })
    at = from + size
  }
  if (at < body.length) return stop('length', at, `${body.length - at} bytes behind the last field`)
  return { mti, fields }
}

/** Undefined when they are no digits. */
function charactersIn(bytes: Uint8Array): string | undefined {
  const text = String.fromCharCode(...bytes)
  return /^[0-9]+$/.test(text) ? text : undefined
}

function prefixFor(spec: ElementSpec, mistake: LengthMistake | undefined): number {
  const usual = prefixOf(spec)
  if (usual === 0) return 0
  return mistake === 'short' ? 1 : mistake === 'long' ? 2 : usual
}

function countAt(
  spec: ElementSpec,
  body: Uint8Array,
  at: number,
  mistake: LengthMistake | undefined,
): number | string {
  const prefix = prefixFor(spec, mistake)
  if (prefix === 0) return spec.max
  if (body.length - at < prefix) return `its length needs ${prefix} bytes, ${body.length - at} there`
  const bytes = body.subarray(at, at + prefix)
  if (mistake === 'binary') return bytes.reduce((sum, byte) => 256 * sum + byte, 0)
  const digits = readPacked(bytes, 0, 2 * prefix, 'right', DIGITS)
  if (digits === undefined) return `its length is not decimal: ${bytes.toHex().toUpperCase()}`
  return mistake === 'bytes' ? 2 * Number(digits) : Number(digits)
}

/**
 * The fields that a mistake about the length explains, one mistake each. Read so, the message ends with its last field, and every field
 * can be read.
 */
export function lengthMistakes(body: Uint8Array, entryMode: PackForms['entryMode']): Other[] {
  const found: Other[] = []
  for (let number = 2; number < 64; number++) {
    const spec = hasBit(body, number) ? elementOf(number) : undefined
    if (spec === undefined) continue
    const mistake = mistakesOf(spec).find((one) => {
      const { error, fields } = cutFields(body, entryMode, { number, mistake: one })
      return error === undefined && fields.every(({ value }) => value !== undefined)
    })
    if (mistake !== undefined) found.push({ number, mistake })
  }
  return found
}

function mistakesOf(spec: ElementSpec): readonly LengthMistake[] {
  const isPacked = spec.format === 'n' || spec.format === 'z'
  if (spec.length === 'fixed') return isPacked ? ['characters', 'absent'] : ['absent']
  const packed = isPacked ? (['characters', 'bytes'] as const) : []
  return [...packed, 'binary', spec.length === 'LLVAR' ? 'long' : 'short', 'absent']
}
