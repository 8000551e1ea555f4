/**
 * @module Encodings field by field: alignments, odd lengths, prefixes, maxima, and what each format rejects.
 */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isCanonical } from '../../src/iso8583/canonical.ts'
import { type Message, pack, unpack } from '../../src/iso8583/message.ts'
import { ELEMENTS, elementOf } from '../../src/iso8583/spec.ts'
import { anyMessage, anyValue } from '../support/iso8583-arbitrary.ts'
import { bytesOf, hexOf } from '../support/iso8583-golden.ts'
import { microPack } from '../support/micro-iso8583.ts'

const one = (number: number, value: string): Message => ({ mti: '0200', fields: new Map([[number, value]]) })

/** The bytes of a single field. */
const wireOf = (number: number, value: string): string => hexOf(pack(one(number, value))).slice(20)

/** A body with a single field, from the field's bytes. */
function bodyOf(number: number, wire: string): Uint8Array {
  const bitmap = (1n << BigInt(64 - number)).toString(16).padStart(16, '0')
  return bytesOf(`0200${bitmap}${wire}`)
}

const read = (number: number, wire: string) => {
  const body = bodyOf(number, wire)
  const message = unpack(body)
  return message.ok
    ? { value: message.value.fields.get(number), canonical: isCanonical(body, message.value) }
    : { field: message.error.field, why: message.error.why }
}

describe('pack and unpack', () => {
  it('are inverse over the whole table, and match the slow packer', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        const body = pack(message)
        expect(hexOf(body)).toBe(microPack(message))
        expect(unpack(body)).toEqual({ ok: true, value: message })
        expect(isCanonical(body, message)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  it.each(ELEMENTS.map((spec) => [spec.number, spec] as const))('field %i alone', (number, spec) => {
    fc.assert(
      fc.property(anyValue(spec), (value) => {
        const body = pack(one(number, value))
        expect(hexOf(body)).toBe(microPack(one(number, value)))
        expect(unpack(body)).toEqual({ ok: true, value: one(number, value) })
      }),
      { numRuns: 100 },
    )
  })

  it('keep the wire order, whatever the order of the map', () => {
    const fields = new Map([
      [41, '12345678'],
      [11, '000001'],
      [3, '200000'],
    ])
    const message = unpack(pack({ mti: '0200', fields }))
    expect(message.ok && [...message.value.fields.keys()]).toEqual([3, 11, 41])
  })
})

describe('wire forms', () => {
  it.each([
    ['fixed odd digits align right', 23, '001', '0001'],
    ['field 22 aligns left', 22, '021', '0210'],
    ['one digit', 27, '1', '01'],
    ['an even count has no pad', 4, '000000001234', '000000001234'],
    ['LLVAR counts digits, and odd ones align left', 2, '6225000000000000014', '1962250000000000000140'],
    ['LLVAR, even', 2, '6225000000000014', '166225000000000014'],
    ['LLVAR, empty', 32, '', '00'],
    [
      'a track, D and =',
      35,
      '6225000000000014=28122010000012300000',
      '376225000000000014D281220100000123000000',
    ],
    ['LLLVAR digits, odd', 60, '22000007000', '0011220000070000'],
    ['LLLVAR digits, 13', 60, '2200000700050', '001322000007000500'],
    ['LLVAR text counts bytes', 44, 'AB', '024142'],
    ['LLLVAR text', 54, 'ABC', '0003414243'],
    ['LLLVAR bytes', 62, 'DEADBEEF', '0004DEADBEEF'],
    ['text shorter than its field is padded on the right', 41, 'T1', '5431202020202020'],
    ['bytes', 64, '0011223344556677', '0011223344556677'],
  ])('%s', (_, number, value, wire) => {
    expect(wireOf(number, value)).toBe(wire)
  })

  it.each([
    ['right-aligned', 23, 'F001', '001'],
    ['field 22', 22, '021F', '021'],
    ['LLVAR', 2, '17622500000000000014'.replace(/14$/, '1F'), '62250000000000001'],
    ['LLLVAR', 60, '001122000007000F', '22000007000'],
    ['track', 35, '03123F', '123'],
  ])('accepts and reports a pad nibble that is not zero: %s', (_, number, wire, value) => {
    expect(read(number, wire)).toEqual({ value, canonical: false })
  })
})

describe('unpack rejects', () => {
  it.each([
    ['a letter among digits', 3, '20000A', 'not digits'],
    ['a letter in an odd right-aligned field', 23, '0A01', 'not digits'],
    ['a letter as the last digit of an odd left-aligned field', 22, '02F0', 'not digits'],
    ['a letter in a card number', 2, '16622500000000001E', 'not digits'],
    ['a separator in a card number', 2, '166225000000000D14', 'not digits'],
    ['nibbles other than D in a clear track', 35, '0412E4', 'not track data'],
    ['a length that is not decimal', 2, '1A6225000000000014', 'length is not decimal'],
    ['a three-digit length that is not decimal', 60, '00F1', 'length is not decimal'],
    ['a length over the maximum', 2, '2062250000000000000014', 'length 20 is over 19'],
    ['a length of four digits', 62, '1004', 'length 1004 is over 512'],
    ['a control byte in text', 37, '303030303030303030303007', 'not printable ASCII'],
    ['a high byte in text', 41, '31323334353637B3', 'not printable ASCII'],
    ['DEL', 39, '307F', 'not printable ASCII'],
    ['half a length', 60, '00', 'truncated: 2 bytes needed, 1 left'],
    ['a missing value', 64, '00112233445566', 'truncated: 8 bytes needed, 7 left'],
    ['a length beyond the end', 55, '01000102', 'truncated: 100 bytes needed, 2 left'],
  ])('%s', (_, number, wire, why) => {
    expect(read(number, wire)).toEqual({ field: number, why })
  })

  it('one more than each maximum, and accepts the maximum', () => {
    for (const spec of ELEMENTS.filter(({ length, max }) => length !== 'fixed' && max < 999)) {
      const prefix = spec.length === 'LLVAR' ? 2 : 4
      const size = spec.format === 'n' || spec.format === 'z' ? Math.ceil(spec.max / 2) : spec.max
      const unit = spec.format === 'an' ? '20' : '00'
      const wire = (count: number): string => String(count).padStart(prefix, '0') + unit.repeat(size + 1)
      expect(read(spec.number, wire(spec.max).slice(0, prefix + 2 * size))).toMatchObject({ canonical: true })
      expect(read(spec.number, wire(spec.max + 1))).toEqual({
        field: spec.number,
        why: `length ${spec.max + 1} is over ${spec.max}`,
      })
    }
  })

  it('every field that is not in the table, also bit 1', () => {
    for (let number = 1; number <= 64; number++) {
      if (elementOf(number) !== undefined) continue
      expect(read(number, '00000000')).toEqual({ field: number, why: 'not in the field table' })
    }
  })

  it('an MTI that is not digits', () => {
    expect(unpack(bytesOf('02A00000000000000000'))).toMatchObject({
      error: { field: 'mti', why: 'not four digits' },
    })
  })

  it('accepts a message without fields', () => {
    expect(unpack(bytesOf('08200000000000000000'))).toEqual({
      ok: true,
      value: { mti: '0820', fields: new Map() },
    })
  })

  it('accepts any nibble in a track that field 53 declares encrypted', () => {
    const fields = new Map([
      [35, '6225E1A907BF52C3D4860D28122F'],
      [53, '2610000000000000'],
    ])
    const body = pack({ mti: '0200', fields })
    expect(unpack(body)).toEqual({ ok: true, value: { mti: '0200', fields } })
    const clear = pack({ mti: '0200', fields: new Map([...fields, [53, '2600000000000000']]) })
    expect(unpack(clear)).toMatchObject({ error: { field: 35, why: 'not track data' } })
  })
})

describe('pack throws RangeError', () => {
  it.each([
    ['digits too few', 4, '1234', 'field 4: length 4, fixed 12 expected'],
    ['digits too many', 2, '62250000000000000014', 'field 2: length 20, LLVAR 19 expected'],
    ['not digits', 11, '00000A', 'field 11: not digits'],
    ['= in digits', 11, '00000=', 'field 11: not digits'],
    ['text too long', 41, '123456789', 'field 41: length 9, fixed 8 expected'],
    ['text beyond ASCII', 37, '00000000000撤', 'field 37: not printable ASCII'],
    ['half a byte', 62, 'ABC', 'field 62: length 1.5, LLLVAR 512 expected'],
    ['not hex', 52, '001122334455667G', 'field 52: not bytes in hex'],
    ['an unknown field', 5, '1', 'field 5: not in the field table'],
    ['bit 1', 1, '1', 'field 1: not in the field table'],
  ])('%s', (_, number, value, message) => {
    expect(() => pack(one(number, value))).toThrow(new RangeError(message))
  })

  it('on an MTI that is not four digits', () => {
    for (const mti of ['', '200', '02000', '02A0'])
      expect(() => pack({ mti, fields: new Map() })).toThrow(new RangeError('mti: expected four digits'))
  })
})

describe('the field table', () => {
  it('follows the wire order, without duplicates', () => {
    const numbers = ELEMENTS.map(({ number }) => number)
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
    expect(ELEMENTS.every((spec) => elementOf(spec.number) === spec)).toBe(true)
  })

  it('has one fixed numeric field that aligns left', () => {
    const left = ELEMENTS.filter((s) => s.format === 'n' && s.length === 'fixed' && s.alignment === 'left')
    expect(left.map(({ number }) => number)).toEqual([22])
  })
})
