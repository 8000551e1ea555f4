/** @module Shows one field to people, with the masking rule of its number. */

import { maskPan } from '../domain/pan.ts'
import { readField60, readField61 } from './field60.ts'
import { fromHex } from './hex.ts'
import { maskPrintable, maskText } from './mask.ts'
import { NETWORK_MANAGEMENT_CODES, RESPONSE_CODES, REVERSAL_REASONS, TRANSACTION_TYPES } from './names.ts'
import { isAnyMasked, type ShownTag, showTlv, wholeTlv } from './show-tlv.ts'
import { decodeText } from './text.ts'

export interface ShownValue {
  readonly value: string
  readonly masked?: true
  readonly meaning?: string
  /** The tags of a field with BER-TLV. `value` has them too. */
  readonly tags?: readonly ShownTag[]
}

/** `value` has the form that `unpack` returns, `mti` has four digits. Never throws. */
export function showField(number: number, value: string, mti: string): ShownValue {
  switch (number) {
    case 2:
      return hidden(maskPan(value))
    case 14:
    case 35:
    case 36:
    case 52:
      return hidden('*'.repeat(value.length))
    case 39:
      return withMeaning({ value }, (mti === '0400' ? REVERSAL_REASONS : RESPONSE_CODES)[value])
    case 42:
    case 64:
      return { value }
    case 48:
      return showField48(value, mti)
    case 53:
      return /^\d{3}0*$/.test(value) ? { value } : unlessChanged(value, maskText(value))
    case 54:
      return showField54(value)
    case 55:
      return withTags(showTlv(value))
    case 57:
      return showTerminalData(value)
    case 59:
      return showBytes(value, 'ascii')
    case 58:
      return hidden(`(${value.length / 2} bytes)`)
    case 60:
      return showField60(value)
    case 61:
      return showField61(value)
    case 62:
      return value.startsWith(SEQUENCE_NO) ? showBytes(value, 'ascii') : showParameters(value)
    case 63:
      return showBytes(value, 'gbk')
    default:
      return unlessChanged(value, maskText(value))
  }
}

/** The text of a sign-on request in field 62, in hex. Any other content may be keys. */
const SEQUENCE_NO = '53657175656E6365204E6F'

const hidden = (value: string): ShownValue => ({ value, masked: true })

const withMeaning = (shown: ShownValue, meaning: string | undefined): ShownValue =>
  meaning ? { ...shown, meaning } : shown

/** Marks the value as masked when masking changed it. */
const unlessChanged = (value: string, shown: string): ShownValue =>
  shown === value ? { value } : hidden(shown)

function showBytes(hex: string, encoding: 'ascii' | 'gbk'): ShownValue {
  const bytes = fromHex(hex) ?? new Uint8Array()
  const text = decodeText(bytes, encoding)
  return unlessChanged(text, maskPrintable(text, bytes.length))
}

/** Blocks of 20 characters: account type 2, amount type 2, currency 3, C or D, amount 12. */
function showField54(value: string): ShownValue {
  if (!/^(\d{7}[CD]\d{12})+$/.test(value)) return unlessChanged(value, maskText(value))
  return { value: (value.match(/.{20}/g) ?? []).join(' ') }
}

/** The totals of a settlement are shown in parts. Any other content may be upload details with card numbers. */
function showField48(value: string, mti: string): ShownValue {
  if (!mti.startsWith('05') || value.length !== 62) return hidden(`(${value.length} digits)`)
  const half = (at: number): string =>
    [
      `debit ${value.slice(at, at + 12)} × ${value.slice(at + 12, at + 15)}`,
      `credit ${value.slice(at + 15, at + 27)} × ${value.slice(at + 27, at + 30)}`,
      `code ${value.slice(at + 30, at + 31)}`,
    ].join(', ')
  return { value: `domestic ${half(0)}; foreign ${half(31)}` }
}

function showField60(value: string): ShownValue {
  const parts = readField60(value)
  if (parts === undefined) return unlessChanged(value, maskText(value))
  const { transactionType, batchNumber, rest } = parts
  const code = value.slice(8, 11)
  return {
    value: [transactionType, batchNumber, code, rest].filter((part) => part !== '').join(' '),
    meaning: [
      `type ${transactionType} ${TRANSACTION_TYPES[transactionType] ?? ''}`.trimEnd(),
      `batch ${batchNumber}`,
      ...(code === '' ? [] : [`network ${code} ${NETWORK_MANAGEMENT_CODES[code] ?? ''}`.trimEnd()]),
      ...(rest === '' ? [] : [`terminal ${rest}`]),
    ].join(', '),
  }
}

function showField61(value: string): ShownValue {
  const parts = readField61(value)
  if (parts === undefined) return unlessChanged(value, maskText(value))
  const ends: readonly [number, number][] = [
    [0, 6],
    [6, 12],
    [12, 16],
    [16, 18],
    [18, 29],
  ]
  const split = ends.map(([from, to]) => value.slice(from, to)).filter((part) => part !== '')
  const { originalBatchNumber, originalStan, originalDate } = parts
  return {
    value: split.join(' '),
    meaning: `original batch ${originalBatchNumber}, STAN ${originalStan}${originalDate ? `, date ${originalDate}` : ''}`,
  }
}

const withTags = ({ text, tags }: ReturnType<typeof showTlv>): ShownValue => ({
  value: text,
  ...(isAnyMasked(tags) ? { masked: true } : {}),
  ...(tags.length > 0 ? { tags } : {}),
})

/** Text, or BER-TLV of known tags. */
function showTerminalData(hex: string): ShownValue {
  const tlv = wholeTlv(hex)
  return tlv === undefined ? showBytes(hex, 'ascii') : withTags(tlv)
}

/** The tag of an application identifier, with which every parameter of a chip application begins. */
const PARAMETERS = '9F06'

/**
 * Parameters of chip applications and public keys are BER-TLV, behind an ASCII digit that says whether more follow. Anything else may
 * be keys.
 */
function showParameters(hex: string): ShownValue {
  const state = /^3\d/.test(hex) ? hex.slice(0, 2) : ''
  const rest = hex.slice(state.length)
  const tlv = rest.startsWith(PARAMETERS) ? wholeTlv(rest) : undefined
  if (tlv === undefined) return hidden(`(${hex.length / 2} bytes)`)
  const shown = withTags(tlv)
  return state === '' ? shown : { ...shown, value: `${state.charAt(1)}, ${shown.value}` }
}
