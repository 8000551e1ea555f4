/** @module Which bytes of a message may be shown: those of fields that the printer does not mask, and of test cards. */

import { showField } from '../../iso8583/describe-field.ts'
import { toHex } from '../../iso8583/hex.ts'
import { type ShownTag, showTlv } from '../../iso8583/show-tlv.ts'
import { isTestCard } from '../../terminal/test-cards.ts'
import type { Cut, CutField } from './cut.ts'

/** The range of our own test cards. Only digits that say which one differ, so a wrong check digit is shown too. */
const OWN_RANGE = /^622500000000\d{4,7}$/

/** Whether nobody has this card. A pad in front counts for nothing. */
const isHarmless = (number: string): boolean => {
  const digits = number.replace(/^0/, '')
  return isTestCard(digits) || OWN_RANGE.test(digits)
}

/** The tags of a test card, by the beginning of their value. */
const CARD_TAGS: readonly string[] = ['57', '5A', '9F6B']
const EXPIRY_TAG = '5F24'

/** Whether each byte of the body may be shown. A message that is not cut to its end shows none behind the MTI and the bitmap. */
export function shownBytes(body: Uint8Array, cut: Cut): boolean[] {
  const isShown = new Array<boolean>(body.length).fill(false)
  isShown.fill(true, 0, Math.min(10, body.length))
  const isCut = cut.error === undefined && cut.fields.every(({ value }) => value !== undefined)
  if (!isCut) return isShown
  const hasHarmless = isTestCardMessage(cut.fields)
  for (const field of cut.fields)
    if (isFieldShown(field, cut.mti, hasHarmless, body)) isShown.fill(true, field.at, field.end)
  return isShown
}

const fieldValue = (fields: readonly CutField[], number: number): string | undefined =>
  fields.find(({ spec }) => spec.number === number)?.value

/** Whether every card number of the message is a test card's, and there is one. */
function isTestCardMessage(fields: readonly CutField[]): boolean {
  const isEncrypted = fieldValue(fields, 53)?.[2] === '1'
  const track = isEncrypted ? undefined : fieldValue(fields, 35)?.split('D')[0]
  const numbers = [fieldValue(fields, 2), track].filter((number) => number !== undefined)
  return numbers.length > 0 && numbers.every(isHarmless)
}

function isFieldShown(
  { spec, value = '', from, end }: CutField,
  mti: string,
  ofTestCard: boolean,
  body: Uint8Array,
): boolean {
  const shown = showField(spec.number, value, mti)
  if (shown.masked !== true) return true
  if (spec.number === 55)
    return ofTestCard && areHarmless(showTlv(toHex(body.subarray(from, end))).tags, value)
  if (spec.number === 35 && /[^0-9D]/.test(value)) return false
  return ofTestCard && [2, 14, 35].includes(spec.number)
}

/** Whether every masked tag belongs to a test card. The test is on the bytes, because a shown value is masked already. */
function areHarmless(tags: readonly ShownTag[], hex: string): boolean {
  return tags.every(({ tag, masked, tags: inner = [], at, why }) => {
    if (masked !== true) return areHarmless(inner, hex)
    if (tag === EXPIRY_TAG) return true
    if (!CARD_TAGS.includes(tag) || why !== undefined) return false
    // The tag, one byte of length, and the value: 5A, 57 and 9F6B have fewer than 128 bytes.
    const start = 2 * at + tag.length + 2
    const [number = ''] = /^\d+/.exec(hex.slice(start)) ?? []
    return isHarmless(number.slice(0, lengthOf(number)))
  })
}

/** Digits of the test card that a value begins with. */
const lengthOf = (digits: string): number =>
  [19, 18, 17, 16, 15, 14, 13].find((length) => isHarmless(digits.slice(0, length))) ?? 0

/** Hex of bytes, with `**` for each one that is hidden. */
export const maskedHex = (bytes: Uint8Array, isShown: (at: number) => boolean): string =>
  Array.from(bytes, (byte, at) =>
    isShown(at) ? byte.toString(16).padStart(2, '0').toUpperCase() : '**',
  ).join('')

/** The hex of a part of a body. */
export const fieldHex = (body: Uint8Array, isShown: readonly boolean[], from: number, end: number): string =>
  maskedHex(body.subarray(from, end), (at) => isShown[from + at] ?? false)
