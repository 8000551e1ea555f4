/** @module The field table of the specification page: every row of spec.ts with its encoding in words and an example. */

import { type Message, pack } from '../../src/iso8583/message.ts'
import { ELEMENTS, type ElementSpec } from '../../src/iso8583/spec.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { table } from './markdown.ts'
import { hexOf } from './node-ciphers.ts'

/** A value of each field, as a program holds it. */
export const EXAMPLES: Readonly<Record<number, string>> = {
  2: testCard(1),
  3: '200000',
  4: '000000001234',
  11: '000003',
  12: '101800',
  13: '0601',
  14: '2812',
  15: '0601',
  22: '072',
  23: '001',
  25: '00',
  26: '12',
  27: '1',
  32: '00001234',
  35: `${testCard(1)}D28122010000000000`,
  36: `99${testCard(1)}D1561560000000000000`,
  37: '605261256658',
  38: '968411',
  39: '00',
  41: '12345678',
  42: '123456789012345',
  44: '03080000   00001234   ',
  48: '0004',
  49: '156',
  52: '061253DFFEDCBA98',
  53: '2600000000000000',
  54: '1002156C000000001234',
  55: '9F2608AABBCCDDEEFF0011',
  57: '3031',
  58: '3031',
  59: '413230303130',
  60: '2300000100060',
  61: '000001000002',
  62: '3031',
  63: '303120',
  64: '4334463831313932',
}

/** The bytes of one field on the wire, length prefix included. */
export function wireOf(number: number, value: string): string {
  const message: Message = { mti: '0200', fields: new Map([[number, value]]) }
  return hexOf(pack(message).subarray(10))
}

const FORMATS = { n: 'BCD', z: 'nibbles', an: 'ASCII', ans: 'ASCII', b: 'binary' } as const
const UNITS = { n: 'digits', z: 'nibbles', an: 'characters', ans: 'characters', b: 'bytes' } as const

const prefixOf = ({ length }: ElementSpec): string =>
  length === 'fixed' ? 'none' : length === 'LLVAR' ? '1 byte' : '2 bytes'

const isOddable = ({ format, length, max }: ElementSpec): boolean =>
  (format === 'n' || format === 'z') && (length !== 'fixed' || max % 2 === 1)

/**
 * The filler of the last place: the nibble beside an odd count of digits, or the blanks behind a short text.
 */
function paddingOf(spec: ElementSpec): string {
  if (isOddable(spec)) return spec.alignment === 'left' ? '0 nibble right' : '0 nibble left'
  if (spec.length === 'fixed' && (spec.format === 'an' || spec.format === 'ans')) return 'blanks right'
  return 'none'
}

const sizeOf = ({ length, max, format }: ElementSpec): string => {
  const unit = max === 1 ? UNITS[format].slice(0, -1) : UNITS[format]
  return `${length === 'fixed' ? '' : 'at most '}${max} ${unit}`
}

const row = (spec: ElementSpec): string[] => {
  const value = EXAMPLES[spec.number] ?? ''
  return [
    String(spec.number),
    spec.name,
    spec.nameZh,
    spec.format,
    FORMATS[spec.format],
    prefixOf(spec),
    sizeOf(spec),
    paddingOf(spec),
    `\`${value}\``,
    `\`${wireOf(spec.number, value)}\``,
  ]
}

export const fieldTable = (): string =>
  table(
    [
      'field',
      'name',
      '名称',
      'type',
      'coding',
      'prefix',
      'length',
      'padding',
      'example',
      'on the wire (hex)',
    ],
    ELEMENTS.map(row),
  )
