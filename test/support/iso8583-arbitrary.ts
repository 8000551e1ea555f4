/** @module Arbitrary messages over the whole field table. */

import fc from 'fast-check'
import type { Message } from '../../src/iso8583/message.ts'
import { ELEMENTS, type ElementSpec } from '../../src/iso8583/spec.ts'

const from = (alphabet: string, min: number, max: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength: min, maxLength: max })

const DIGITS = '0123456789'
const PRINTABLE = Array.from({ length: 0x7f - 0x20 }, (_, i) => String.fromCharCode(0x20 + i)).join('')

/** A value as `unpack` gives it. */
export function anyValue(spec: ElementSpec): fc.Arbitrary<string> {
  const min = spec.length === 'fixed' ? spec.max : 0
  switch (spec.format) {
    case 'n':
      return from(DIGITS, min, spec.max)
    case 'z':
      return from(`${DIGITS}D`, min, spec.max)
    case 'b':
      return fc
        .uint8Array({ minLength: min, maxLength: spec.max })
        .map((bytes) => Buffer.from(bytes).toString('hex').toUpperCase())
    default:
      return from(PRINTABLE, min, spec.max)
  }
}

/** Any MTI, any set of fields, any values. */
export const anyMessage: fc.Arbitrary<Message> = fc
  .tuple(from(DIGITS, 4, 4), fc.subarray([...ELEMENTS], { minLength: 0 }))
  .chain(([mti, specs]) =>
    fc.tuple(...specs.map(anyValue)).map((values) => ({
      mti,
      fields: new Map(specs.map((spec, i) => [spec.number, values[i] ?? ''] as const)),
    })),
  )

/** A card number of 13 to 19 digits in a test range, its check digit right. */
export const anyPan: fc.Arbitrary<string> = from(DIGITS, 6, 12).map((digits) => {
  const payload = `622500${digits}`
  let sum = 0
  for (let i = 0; i < payload.length; i++) {
    const doubled = Number(payload[payload.length - 1 - i]) * (i % 2 === 0 ? 2 : 1)
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return payload + String((10 - (sum % 10)) % 10)
})
