/**
 * @module Headers of other forms between TPDU and message. The message is found whatever the header, and the profile of the terminal
 * says which header it may have.
 */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mayAskAcquirer, priorityOfFrame } from '../../src/admission/frame-priority.ts'
import { buildFrame, parseFrame } from '../../src/iso8583/frame.ts'
import { locateMessage, plainHeader } from '../../src/iso8583/header.ts'
import { unpack } from '../../src/iso8583/message.ts'
import { xorLrc } from '../../src/iso8583/serial-frame.ts'
import { bytesOf, goldenOf, goldens, hexOf } from '../support/iso8583-golden.ts'

const TPDU = bytesOf('6000030000')
const HEADER = '602200000000'
const { body: VOID } = goldenOf('5-void-req')

/** A caller's number: LRI, two bytes of length, and two elements of BER-TLV. */
const LRI = '4C5249001C9F500801087273928500009F510E3030303030303030303030303030'
const TLVS = {
  'a caller’s number': LRI,
  'one element': '9F50020102',
  'two elements': 'DF01035566778A0100',
  'a constructed element': 'E0059F36021234',
  'a length of two bytes': '9F5081050102030405',
  'a length of three bytes': '5F208200021234',
}

const framed = (header: string, kind: 'tpdu' | 'serial', body: Uint8Array = VOID): Uint8Array =>
  buildFrame(kind, TPDU, bytesOf(header), body, xorLrc)

function found(bytes: Uint8Array): { header: string; body: string } | string {
  const frame = parseFrame(bytes, xorLrc)
  if (!frame.ok) return 'no frame'
  const message = locateMessage(frame.value, bytes, xorLrc)
  if (!message.ok) return 'no message'
  const { header, body } = message.value.frame
  return { header: hexOf(header), body: hexOf(body) }
}

describe.each(['tpdu', 'serial'] as const)('a %s frame', (kind) => {
  it('has its message behind a header of 0 to 64 bytes of any value', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (header) => {
        expect(found(framed(hexOf(header), kind))).toEqual({ header: hexOf(header), body: hexOf(VOID) })
      }),
      { numRuns: 300 },
    )
  })

  it.each(Object.entries(TLVS))('has its message behind %s, before or behind the header', (_, tlv) => {
    for (const header of [HEADER + tlv, tlv + HEADER, tlv])
      expect(found(framed(header, kind))).toEqual({ header, body: hexOf(VOID) })
  })

  it('keeps its urgency', () => {
    for (const header of ['', HEADER, `${HEADER}00000000`, HEADER + LRI, LRI + HEADER, 'FF'.repeat(64)]) {
      const bytes = framed(header, kind)
      expect([header, priorityOfFrame(bytes), mayAskAcquirer(bytes)]).toEqual([header, 'undo', true])
    }
  })
})

it('every golden message that names a terminal is found behind other headers', () => {
  const named = goldens.filter(({ body }) => {
    const message = unpack(body)
    return message.ok && message.value.fields.has(41) && message.value.fields.has(42)
  })
  expect(named.length).toBeGreaterThan(20)
  for (const { body } of named)
    for (const header of ['', `${HEADER}00000000`, HEADER + LRI])
      expect(found(framed(header, 'tpdu', body))).toEqual({ header, body: hexOf(body) })
})

it('is not searched beyond 128 bytes, and not in a cut message', () => {
  expect(found(framed('00'.repeat(128), 'tpdu'))).toEqual({ header: '00'.repeat(128), body: hexOf(VOID) })
  const long = Uint8Array.from([0, 0, ...TPDU, ...new Uint8Array(129), ...VOID])
  long[0] = (long.length - 2) >> 8
  long[1] = (long.length - 2) & 0xff
  expect(found(long)).toBe('no message')
  for (let length = 0; length < VOID.length; length++)
    expect(found(framed(`${HEADER}00000000`, 'tpdu', VOID.subarray(0, length)))).toBe('no message')
})

describe('the profile', () => {
  const plain = (header: string, headerLength: number, headerTlv: boolean): string | null => {
    const bytes = plainHeader(bytesOf(header), { headerLength, headerTlv })
    return bytes === null ? null : hexOf(bytes)
  }

  it('without a TLV block takes headers of exactly its length', () => {
    for (let length = 0; length <= 64; length++)
      for (const given of [0, length - 1, length, length + 1, 64]) {
        if (given < 0) continue
        const header = '60'.repeat(given)
        expect([length, given, plain(header, length, false)]).toEqual([
          length,
          given,
          given === length ? header : null,
        ])
      }
    expect(plain(HEADER + LRI, 6, false)).toBeNull()
  })

  it.each(Object.entries(TLVS))('with a TLV block takes %s on either side, or none', (_, tlv) => {
    for (const header of [HEADER, `${HEADER}00000000`, '']) {
      const length = header.length / 2
      for (const whole of [header + tlv, tlv + header, header, header + tlv + tlv])
        expect(plain(whole, length, true)).toBe(header)
    }
  })

  it.each([
    ['a cut element', '9F5002'],
    ['a byte behind the elements', '9F5001AA9F'],
    ['an element longer than the block', '9F500501'],
    ['zeros', '0000'],
    ['a length without an end', '9F50800102'],
    ['a caller’s number that is cut', LRI.slice(0, -2)],
    ['LRI without a length', '4C524900'],
  ])('with a TLV block refuses %s', (_, rest) => {
    expect(plain(HEADER + rest, 6, true)).toBeNull()
  })
})
