/** @module The faults of one field for the profile of its terminal: pad, side, digits, characters, card number, date and time. */

import { passesLuhn } from '../../domain/card-number.ts'
import { isMalleable } from '../../domain/mac-profile.ts'
import { mayBeLeftPadded } from '../../domain/pan.ts'
import type { TerminalProfile } from '../../domain/terminal-profile.ts'
import { isDayOfYear, isReversalMti, isTimeOfDay } from '../../iso8583/cup.ts'
import { readField60, readField61 } from '../../iso8583/field60.ts'
import type { CutField } from './cut.ts'

export interface Remark {
  readonly field: number | 'frame' | 'header' | 'mti' | 'bitmap' | 'length' | 'mac'
  /** Offset in the input, where one byte is meant. */
  readonly at?: number
  /** It has no content of a field with card data. */
  readonly why: string
  /** Whether the service refuses the message for it. Else it is only unusual. */
  readonly isFault: boolean
}

export interface FieldContext {
  readonly body: Uint8Array
  /** Offset of the body in the input. */
  readonly bodyAt: number
  readonly mti: string
  readonly profile: TerminalProfile
}

const hex = (byte: number): string => byte.toString(16).toUpperCase().padStart(2, '0')
const nibbleHex = (nibble: number): string => nibble.toString(16).toUpperCase()

/** The remarks of one field in the order of its bytes. */
export function remarksOf(field: CutField, context: FieldContext): Remark[] {
  const { spec, value } = field
  const isPacked = spec.format === 'n' || spec.format === 'z'
  const bytes = isPacked
    ? packedRemarks(field, context)
    : spec.format === 'b'
      ? []
      : textRemarks(field, context)
  return value === undefined ? bytes : [...bytes, ...valueRemarks(field, value, context)]
}

/** A folding MAC allows one form of the bytes only. A reversal may have any. */
const isStrict = ({ profile, mti }: FieldContext): boolean =>
  isMalleable(profile.macProfile) && !isReversalMti(mti)

function packedRemarks(field: CutField, context: FieldContext): Remark[] {
  const { spec, from, end, count } = field
  const { body, bodyAt, profile } = context
  const { number } = spec
  const bytes = body.subarray(from, end)
  const nibbles = [...bytes].flatMap((byte) => [byte >> 4, byte & 15])
  const side = number === 22 ? profile.entryMode : spec.alignment
  const isOdd = count % 2 === 1
  const padAt = side === 'right' ? 0 : nibbles.length - 1
  const isSideWrong = number === 22 && stands(nibbles, side) === 'elsewhere'
  if (isSideWrong) return [sideRemark(nibbles, context, from)]
  const found: Remark[] = []
  const bad = nibbles.findIndex((nibble, i) => !(isOdd && i === padAt) && nibble > 9 && spec.format === 'n')
  if (bad >= 0) {
    const why = `the ${bad % 2 === 0 ? 'high' : 'low'} half of the byte is ${nibbleHex(nibbles[bad] ?? 0)}, no digit`
    found.push({ field: number, at: bodyAt + from + (bad >> 1), why, isFault: true })
  }
  const pad = nibbles[padAt] ?? 0
  if (isOdd && nibbleHex(pad) !== profile.padding) {
    const half = padAt % 2 === 0 ? 'high' : 'low'
    const why = `the pad is ${nibbleHex(pad)} in the ${half} half of the byte, the profile says ${profile.padding}`
    found.push({ field: number, at: bodyAt + from + (padAt >> 1), why, isFault: isStrict(context) })
  }
  if (number === 22 && isUsualOnlyFrom(nibbles, side === 'left' ? 'right' : 'left'))
    found.push({ ...sideRemark(nibbles, context, from), isFault: false })
  return found
}

/** Modes of entry that are in use, with the digit for the PIN. */
const USUAL_MODE = /^(?:0[0-79]|1\d|79|8\d|9[0-8])[0-2]$/

const from = (nibbles: readonly number[], side: 'left' | 'right'): string =>
  nibbles
    .slice(side === 'left' ? 0 : 1, side === 'left' ? 3 : 4)
    .map(nibbleHex)
    .join('')

/** Where the three digits of field 22 stand, if only one side has digits and a pad. */
function stands(nibbles: readonly number[], side: 'left' | 'right'): 'here' | 'elsewhere' {
  const pad = nibbles[side === 'left' ? 3 : 0] ?? 0
  const isHere = (pad === 0 || pad === 15) && /^\d{3}$/.test(from(nibbles, side))
  return isHere ? 'here' : 'elsewhere'
}

const isUsualOnlyFrom = (nibbles: readonly number[], side: 'left' | 'right'): boolean =>
  USUAL_MODE.test(from(nibbles, side)) && !USUAL_MODE.test(from(nibbles, side === 'left' ? 'right' : 'left'))

function sideRemark(nibbles: readonly number[], context: FieldContext, at: number): Remark {
  const { entryMode } = context.profile
  const other = entryMode === 'left' ? 'right' : 'left'
  const why = `not aligned ${entryMode}: from the ${entryMode} it reads ${from(nibbles, entryMode)}, from the ${other} ${from(nibbles, other)}`
  return { field: 22, at: context.bodyAt + at, why, isFault: isStrict(context) }
}

function textRemarks({ spec, from: start, end }: CutField, { body, bodyAt }: FieldContext): Remark[] {
  const bad = body.subarray(start, end).findIndex((byte) => byte < 0x20 || byte > 0x7e)
  if (bad < 0) return []
  const why = `byte ${hex(body[start + bad] ?? 0)} is no printable character`
  return [{ field: spec.number, at: bodyAt + start + bad, why, isFault: true }]
}

function valueRemarks({ spec, from: start }: CutField, value: string, context: FieldContext): Remark[] {
  const { number } = spec
  const { profile, mti, bodyAt } = context
  const isReversal = isReversalMti(mti)
  const remark = (why: string, isFault = !isReversal): Remark => ({
    field: number,
    at: bodyAt + start,
    why,
    isFault,
  })
  switch (number) {
    case 2:
      return cardRemarks(value, value, profile).map(([why, isFault]) => remark(why, isFault && !isReversal))
    case 35: {
      if (/[^0-9D]/.test(value)) return []
      const ofCard = cardRemarks(value, value.split('D')[0] ?? '', profile)
      const separator = value.includes('D') ? [] : [remark('no separator D behind the card number', false)]
      return [...ofCard.map(([why, isFault]) => remark(why, isFault && !isReversal)), ...separator]
    }
    case 3:
      return /^\d{2}0000$/.test(value)
        ? []
        : [remark('it has an account type, which a folding MAC does not protect', isStrict(context))]
    case 4:
      return Number(value) === 0 ? [remark('the amount is zero')] : []
    case 11:
      return value === '000000' ? [remark('the trace number is zero')] : []
    case 12:
      return isTimeOfDay(value) ? [] : [remark(`${value} is no time of day hhmmss`)]
    case 13:
      return isDayOfYear(value) ? [] : [remark(`${value} is no day of the year MMDD`)]
    case 14:
      return /^\d\d(0[1-9]|1[0-2])$/.test(value) ? [] : [remark('it is no month YYMM', false)]
    case 60:
      return readField60(value) ? [] : [remark(`${value.length} digits: 8, or 11 and more are expected`)]
    case 61:
      return readField61(value) ? [] : [remark(`${value.length} digits: 12, or 16 and more are expected`)]
    default:
      return []
  }
}

/** The faults of a card number, and whether the profile refuses it. `field` is the number or the track that begins with it. */
function cardRemarks(field: string, number: string, { cardCheck }: TerminalProfile): [string, boolean][] {
  if (mayBeLeftPadded(field)) return [['it is padded left: its pad stands in front of the digits', true]]
  if (!/^\d{13,19}$/.test(number))
    return [[`the card number has ${number.length} digits, 13 to 19 are expected`, true]]
  return passesLuhn(number)
    ? []
    : [['the last digit of the card number is not its Luhn digit', cardCheck === 'luhn']]
}
