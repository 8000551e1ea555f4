/**
 * @module A reversal is read with nothing but the fields that name its target. Every other field may have any
 * form, alone and with others. The target and the bytes that the MAC covers stay the same.
 */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAC_PROFILES, USUAL_FORMS } from '../../src/domain/terminal-profile.ts'
import { macInput } from '../../src/iso8583/message.ts'
import { parsePosHead, parsePosMessage } from '../../src/iso8583/pos-message.ts'
import { profileFault } from '../../src/iso8583/profile-fault.ts'
import { readReversal } from '../../src/iso8583/reversal.ts'
import { bytesOf, hexOf } from '../support/iso8583-golden.ts'
import { FORMS, naming, type RawFields, rawBody } from '../support/raw-reversal.ts'

const MAC = '3132333435363738'
const names = {
  tid: 'T0000001',
  mid: '123456789012345',
  stan: '000123',
  type: '23',
  batch: '000007',
} as const
const PROFILE = { ...USUAL_FORMS, status: 'active', textEncoding: 'gbk', settlementMac: 'required' } as const
const ENVELOPE = { kind: 'tpdu', tpdu: new Uint8Array(5), header: new Uint8Array(6) } as const

function read(body: Uint8Array) {
  const message = readReversal(body)
  if (!message.ok) return message.error
  const parsed = parsePosMessage(parsePosHead({ ...ENVELOPE, body }, message.value))
  if (parsed.kind !== 'transaction') return parsed.kind
  const { type, identity, targetKey, fault, mac } = parsed
  const profile = MAC_PROFILES.map((macProfile) => profileFault(parsed, { ...PROFILE, macProfile }))
  return {
    type,
    identity,
    targetKey,
    fault,
    mac: mac === undefined ? null : hexOf(mac),
    covered: hexOf(parsed.macInput),
    profile,
  }
}

const bodyWith = (fields: RawFields, mti = '0400'): Uint8Array =>
  bytesOf(rawBody(mti, { ...fields, ...naming(names) }) + MAC)

const expected = (body: Uint8Array) => ({
  type: 'void_reversal',
  identity: { terminalId: 'T0000001', merchantId: '123456789012345', batchNumber: '000007', stan: '000123' },
  targetKey: 'T0000001000007000123v',
  fault: undefined,
  mac: MAC,
  covered: hexOf(body.subarray(0, -8)),
  profile: MAC_PROFILES.map(() => null),
})

describe('a reversal is read', () => {
  it.each(['0400', '0401', '0420', '0421'])('as %s with the fields that name its target alone', (mti) => {
    const body = bodyWith({}, mti)
    expect(read(body)).toEqual(expected(body))
    expect(hexOf(macInput(body))).toBe(hexOf(body.subarray(0, -8)))
  })

  it('with each other field in each form', () => {
    expect(FORMS.length).toBeGreaterThan(150)
    for (const [field, what, wire] of FORMS) {
      const body = bodyWith({ [field]: wire })
      expect([field, what, read(body)]).toEqual([field, what, expected(body)])
    }
  })

  it('with any of them together', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...FORMS), { maxLength: 12 }), (forms) => {
        const body = bodyWith(Object.fromEntries(forms.map(([field, , wire]) => [field, wire])))
        expect(read(body)).toEqual(expected(body))
      }),
      { numRuns: 2000 },
    )
  })

  it('with any bytes in fields that show where they end', () => {
    const bytes = (size: number) => fc.uint8Array({ minLength: size, maxLength: size }).map(hexOf)
    const anyBytes = fc.record({
      3: bytes(3),
      4: bytes(6),
      22: bytes(2),
      25: bytes(1),
      37: bytes(12),
      39: bytes(2),
    })
    const behind = fc.uint8Array({ maxLength: 80 }).map(hexOf)
    fc.assert(
      fc.property(anyBytes, behind, (fields, garbage) => {
        const body = bodyWith({ ...fields, 61: garbage })
        expect(read(body)).toEqual(expected(body))
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['8 digits', '000823000007', '0'],
    ['11 digits and a pad of F', '00112300000700 0F', '0'],
    ['9 digits', '00092300000705', '0'],
    ['17 digits and a pad of F', '0017230000070006010481', '0'],
    ['29 digits', `002923000007${'0'.repeat(22)}`, '0'],
    ['letters behind the batch', '001323000007ABCDEF', '0'],
  ])('with field 60 of %s', (_what, wire) => {
    const body = bytesOf(rawBody('0400', { ...naming(names), 60: wire.replace(' ', '') }) + MAC)
    expect(read(body)).toEqual(expected(body))
  })
})

describe('a card or an amount of a reversal', () => {
  const requestOf = (fields: RawFields) => {
    const body = bodyWith(fields)
    const message = readReversal(body)
    if (!message.ok) throw new Error(message.error.why)
    const parsed = parsePosMessage(parsePosHead({ ...ENVELOPE, body }, message.value))
    if (parsed.kind !== 'transaction' || parsed.request.kind !== 'void_reversal')
      throw new Error('no reversal')
    return { pan: parsed.pan, amount: parsed.request.amount }
  }

  it.each<[string, RawFields, string | undefined, number | null]>([
    [
      'that can be read is compared',
      { 2: '166225000000000014', 4: '000000001234' },
      '6225000000000014',
      1234,
    ],
    [
      'with 19 digits and either pad is compared',
      { 2: '196225000000000000014F' },
      '6225000000000000014',
      null,
    ],
    ['with a pad of 0 on the left is not compared', { 2: '1906225000000000000014' }, undefined, null],
    ['of 12 digits is not compared', { 2: '12622500000001' }, undefined, null],
    [
      'in two fields that differ is not compared',
      { 2: '166225000000000014', 35: `17${'4'.repeat(16)}D0` },
      undefined,
      null,
    ],
    ['in a clear track is compared', { 35: '206225000000000014D281' }, '6225000000000014', null],
    ['in a track with letters is not compared', { 35: '206225A00000000014D281' }, undefined, null],
    ['that is absent is not compared', {}, undefined, null],
    ['of zero is not compared', { 4: '000000000000' }, undefined, null],
    ['with letters is not compared', { 4: '0000000012FF' }, undefined, null],
  ])('%s', (_what, fields, pan, amount) => expect(requestOf(fields)).toEqual({ pan, amount }))
})

describe('a reversal is not read', () => {
  it.each([11, 41, 42, 60])('without field %i', (field) => {
    const { [field]: _, ...others } = naming(names) as Record<number, string>
    expect(readReversal(bytesOf(rawBody('0400', others) + MAC))).toMatchObject({
      ok: false,
      error: { field },
    })
  })

  it.each([
    ['letters in field 11', { 11: '0001AB' }],
    ['bytes in field 41', { 41: '0054303030303031' }],
    ['bytes in field 42', { 42: `FF${'31'.repeat(14)}` }],
    ['letters in 60.2', { 60: '000823AB0007' }],
    ['7 digits in field 60', { 60: '000723000007' }],
    ['a length of field 60 that is not decimal', { 60: '000F23000007000000' }],
    ['a field before 60 without an end', { 2: 'FF', 4: '000000001234' }],
    ['a field that the protocol does not have, before 60', { 5: '000000001234' }],
  ])('with %s', (_what, fields) => {
    expect(readReversal(bytesOf(rawBody('0400', { ...naming(names), ...fields }) + MAC)).ok).toBe(false)
  })

  it('cut at any byte, with a right MAC: only behind field 60 the target stays', () => {
    const body = bodyWith({ 4: '000000001234', 39: '3938' })
    for (let length = 0; length < body.length; length++) {
      const message = readReversal(body.subarray(0, length))
      expect([length, message.ok]).toEqual([length, false])
    }
  })

  it('when its fields can be read in two ways that name two targets', () => {
    // Field 2 has 18 characters or 9 bytes. In the second way the trace number lies in its characters, and 36 in field 12.
    const times = { 12: '001811', 13: '1111', 14: '1111', 15: '1111' }
    const cards = { 2: `18${'31'.repeat(18)}`, 36: '0000', 61: `0029${'30'.repeat(29)}` }
    const both = { ...times, ...cards, ...naming(names) }
    expect(readReversal(bytesOf(rawBody('0400', both) + MAC))).toMatchObject({
      ok: false,
      error: { why: 'its fields name two targets' },
    })
  })

  it('when the usual way fits by chance and names another target', () => {
    // Field 2 has 17 characters, and the trace number is 758668. The usual way reads 393735.
    const honest = [
      '04004024020100c080111736373738323339333439373538393734377586',
      '684495053811373633353735383934353932373931303537363433313430',
      '323431363038313734353135360018227588520005010000127f9c40e17f',
      'cf8a',
    ].join('')
    expect(readReversal(bytesOf(honest))).toMatchObject({
      ok: false,
      error: { why: 'its fields name two targets' },
    })
  })
})
