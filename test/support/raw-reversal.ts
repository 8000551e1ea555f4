/**
 * @module Reversals byte by byte, with an encoding of its own. A field has each form that a terminal may send and that still shows
 * where the field ends.
 */

/** Field number → its bytes on the wire in hex, with the length before them. */
export type RawFields = Readonly<Record<number, string>>

const asciiHex = (text: string): string => Buffer.from(text, 'latin1').toString('hex')

/** The fields that name the target, as they must be. */
export const naming = (names: {
  tid: string
  mid: string
  stan: string
  type: '22' | '23'
  batch: string
}) => ({
  11: names.stan,
  41: asciiHex(names.tid),
  42: asciiHex(names.mid),
  60: `0008${names.type}${names.batch}`,
})

/** The body without its MAC, in hex. Bit 64 is set. */
export function rawBody(mti: string, fields: RawFields): string {
  const numbers = [...Object.keys(fields).map(Number), 64]
  const bits = numbers.reduce((sum, number) => sum | (1n << BigInt(64 - number)), 0n)
  const wire = Object.keys(fields).map(Number)
  return (
    mti +
    bits.toString(16).padStart(16, '0') +
    wire
      .sort((a, b) => a - b)
      .map((n) => fields[n])
      .join('')
  )
}

/** Bytes of the fixed fields of digits. */
const FIXED_DIGITS = { 3: 3, 4: 6, 12: 3, 13: 2, 14: 2, 15: 2, 22: 2, 23: 2, 25: 1, 26: 1, 27: 1, 53: 8 }
/** Bytes of the fixed fields of characters. */
const FIXED_TEXT = { 37: 12, 38: 6, 39: 2, 49: 3, 52: 8 }
/** Digits in a byte of length, and the greatest number of digits of the protocol. */
const VARIABLE_DIGITS = { 2: [2, 19], 32: [2, 11], 35: [2, 37], 36: [4, 104], 48: [4, 322] } as const
const VARIABLE_TEXT = { 44: 2, 54: 4, 55: 4, 57: 4, 58: 4, 59: 4 } as const

const length = (digits: number, count: number): string => String(count).padStart(digits, '0')
const numbersOf = (table: object): number[] => Object.keys(table).map(Number)

type Form = readonly [field: number, what: string, wire: string]

const fixed = ([field, size]: readonly [number, number]): Form[] => [
  [field, 'F in place of digits', 'FF'.repeat(size)],
  [field, 'A to E', 'AB'.repeat(size)],
  [field, 'nines', '99'.repeat(size)],
  [field, 'zeros', '00'.repeat(size)],
  [field, 'GBK', 'B4'.repeat(size)],
]

function variable(field: number, [digits, most]: readonly [number, number]): Form[] {
  const odd = most % 2 === 1 ? most : most - 1
  const even = odd - 1
  return [
    [field, 'a pad of F', `${length(digits, odd)}${'12'.repeat(even / 2)}1F`],
    [field, 'a pad of 9', `${length(digits, odd)}${'12'.repeat(even / 2)}19`],
    [field, 'a pad of 0 on the left', `${length(digits, odd)}0${'1'.repeat(odd)}`],
    [field, 'a pad of F on the left', `${length(digits, odd)}F${'1'.repeat(odd)}`],
    [field, 'letters', `${length(digits, even)}${'AB'.repeat(even / 2)}`],
    [
      field,
      'more than the maximum',
      `${length(digits, digits === 2 ? 99 : 999)}${'12'.repeat(digits === 2 ? 50 : 500)}`,
    ],
    [field, 'nothing', length(digits, 0)],
    [field, 'one digit', `${length(digits, 1)}10`],
    [field, 'one character a byte', `${length(digits, even)}${'31'.repeat(even)}`],
  ]
}

const texts = (field: number, digits: number): Form[] => [
  [field, 'bytes that are no characters', `${length(digits, 4)}00FF0180`],
  [
    field,
    'more than the maximum',
    `${length(digits, digits === 2 ? 99 : 999)}${'41'.repeat(digits === 2 ? 99 : 999)}`,
  ],
  [field, 'nothing', length(digits, 0)],
]

/** Behind field 60 even the ends may be wrong. */
const BEHIND: readonly Form[] = [
  [61, '29 characters', `0029${asciiHex('00000100000106010000000000000')}`],
  [61, 'a pad of F', `0029${'12'.repeat(14)}1F`],
  [61, 'a length in hex', `001D${'00'.repeat(15)}`],
  [61, 'a length without an end', '09990000'],
  [61, 'nothing', '0000'],
  [62, 'a length of hex characters', `0080${'AB'.repeat(40)}`],
  [62, 'more than the maximum', `0600${'AB'.repeat(600)}`],
  [63, 'more than the maximum', `0200${'20'.repeat(200)}`],
  [63, 'a length in one byte', '0301020304'],
]

/** Each form of each field other than those that name the target. */
export const FORMS: readonly Form[] = [
  ...numbersOf(FIXED_DIGITS).flatMap((n) => fixed([n, FIXED_DIGITS[n as keyof typeof FIXED_DIGITS]])),
  ...numbersOf(FIXED_TEXT).flatMap((n) => fixed([n, FIXED_TEXT[n as keyof typeof FIXED_TEXT]])),
  ...numbersOf(VARIABLE_DIGITS).flatMap((n) =>
    variable(n, VARIABLE_DIGITS[n as keyof typeof VARIABLE_DIGITS]),
  ),
  ...numbersOf(VARIABLE_TEXT).flatMap((n) => texts(n, VARIABLE_TEXT[n as keyof typeof VARIABLE_TEXT])),
  ...BEHIND,
]
