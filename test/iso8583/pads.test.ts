/**
 * @module The pad of an odd number of digits, and the side of field 22, by the profile of the terminal. One form of the bytes is accepted
 * under a MAC that folds, so no forger can turn a digit by turning a pad. A card number with its pad in front is never another card.
 */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMalleable, macAlgorithmOf, makLengthOf } from '../../src/domain/mac-profile.ts'
import { MAC_PROFILES, type TerminalProfile, USUAL_FORMS } from '../../src/domain/terminal-profile.ts'
import { packFault } from '../../src/iso8583/canonical.ts'
import { packWithMac } from '../../src/iso8583/mac.ts'
import { type Message, macInput, type PackForms, pack, unpack } from '../../src/iso8583/message.ts'
import { parsePosHead, parsePosMessage } from '../../src/iso8583/pos-message.ts'
import { profileFault, readAs } from '../../src/iso8583/profile-fault.ts'
import { anyMessage, anyPan } from '../support/iso8583-arbitrary.ts'
import { bytesOf, hexOf } from '../support/iso8583-golden.ts'
import { watchedCore } from '../support/load-core.ts'
import { microPack } from '../support/micro-iso8583.ts'

const { core } = watchedCore()

const FORMS: readonly PackForms[] = (['0', 'F'] as const).flatMap((padding) =>
  (['left', 'right'] as const).map((entryMode) => ({ padding, entryMode })),
)

const profileOf = (changes: Partial<TerminalProfile>): TerminalProfile => ({
  status: 'active',
  macProfile: 'cup-ecb',
  textEncoding: 'gbk',
  settlementMac: 'required',
  ...USUAL_FORMS,
  ...changes,
})

/** The first fault of a body at a terminal of this profile. `unreadable` is HTTP 400. */
function faultOf(body: Uint8Array, profile: TerminalProfile): string | null {
  const message = unpack(body)
  if (!message.ok) return 'unreadable'
  const frame = { kind: 'tpdu', tpdu: new Uint8Array(5), header: new Uint8Array(6), body } as const
  const parsed = parsePosMessage(parsePosHead(frame, message.value))
  if (parsed.kind === 'management') return 'unsupported'
  const fault = profileFault(readAs(parsed, profile), profile)
  return fault === null ? null : `${fault.field} ${fault.why}`
}

/** The hex digit at which the value of a field of `sale` begins. */
function startOf(number: number): number {
  const before = [...sale().fields].filter(([one]) => one < number)
  const prefix = { 2: 2, 35: 2, 60: 4 }[number] ?? 0
  return microPack({ mti: '0200', fields: new Map(before) }).length + prefix
}

/** A sale with every odd field: 2 and 35 of 19 digits, 22, 23, 60 of 11 digits. */
const sale = (fields: readonly (readonly [number, string])[] = []): Message => ({
  mti: '0200',
  fields: new Map(
    [
      [2, '6225000000000000006'],
      [3, '000000'],
      [4, '000000006666'],
      [11, '000006'],
      [14, '2812'],
      [22, '061'],
      [23, '006'],
      [25, '00'],
      [35, '6225000000000000006D28121010000000000'],
      [41, '12345678'],
      [42, '123456789012345'],
      [49, '156'],
      [60, '22000006000'],
      ...fields,
    ].sort(([a], [b]) => Number(a) - Number(b)) as [number, string][],
  ),
})

describe.each(FORMS)('pad $padding, field 22 $entryMode', (forms) => {
  it('packs as the slow packer does, and reads its own bytes', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        const body = pack(message, forms)
        expect(hexOf(body)).toBe(microPack(message, forms))
        expect(unpack(body, forms.entryMode)).toEqual({ ok: true, value: message })
        expect(packFault(body, message, forms)).toBeNull()
      }),
      { numRuns: 300 },
    )
  })

  /** Field → its bytes with the pad P, and what P may be. */
  const ODD: readonly (readonly [number, string, string])[] = [
    [2, '6225000000000000006', '6225000000000000006P'],
    [22, '061', forms.entryMode === 'left' ? '061P' : 'P061'],
    [23, '006', 'P006'],
    [35, '6225000000000000006D28121010000000000', '6225000000000000006D28121010000000000P'],
    [60, '22000006000', '22000006000P'],
  ]

  it.each(ODD)(
    'field %i has one pad of sixteen, and the fault names the field and the pad',
    (number, _, wire) => {
      const whole = hexOf(pack(sale(), forms))
      const at = startOf(number)
      const faults = [...'0123456789ABCDEF'].map((pad) => {
        const body = bytesOf(whole.slice(0, at) + wire.replace('P', pad) + whole.slice(at + wire.length))
        return faultOf(body, profileOf(forms))
      })
      const expected = [...'0123456789ABCDEF'].map((pad) => {
        if (pad === forms.padding) return null
        const isDigit = number === 22 && pad !== '0' && pad !== 'F'
        return isDigit ? `22 not aligned ${forms.entryMode}` : `${number} pad is not ${forms.padding}`
      })
      expect(faults).toEqual(expected)
    },
  )

  it.each(MAC_PROFILES)('%s: no forgery that changes a pad is accepted', (macProfile) => {
    const algorithm = macAlgorithmOf(macProfile)
    const key = Uint8Array.from({ length: makLengthOf(macProfile) }, (_, at) => 29 * at + 5)
    const profile = profileOf({ macProfile, ...forms })
    const body = packWithMac(sale(), (input) => core.computeMac(algorithm, key, input), forms)
    const isRight = (forged: Uint8Array) =>
      core.verifyMac(algorithm, key, macInput(forged), forged.slice(forged.length - 8))
    expect([isRight(body), faultOf(body, profile)]).toEqual([true, null])
    const pads = ODD.map(([number, , wire]) => startOf(number) + wire.indexOf('P'))
    const nibbles = 2 * (body.length - 8)
    const turn = (bytes: Uint8Array, at: number, by: number) =>
      bytes.with(at >> 1, (bytes[at >> 1] ?? 0) ^ (at % 2 === 0 ? by << 4 : by))
    let right = 0
    for (const pad of pads)
      for (let at = pad % 16; at < nibbles; at += 16)
        for (let by = 1; at !== pad && by < 16; by++) {
          const forged = turn(turn(body, pad, by), at, by)
          if (!isRight(forged)) continue
          right++
          expect([pad, at, by, faultOf(forged, profile)]).not.toEqual([pad, at, by, null])
        }
    // The MAC alone stops none of them where it folds.
    expect(right > 200).toBe(isMalleable(macProfile))
  })
})

describe('a card number with its pad in front', () => {
  it.each(MAC_PROFILES)('%s: is no other card, in field 2 or in the track', (macProfile) => {
    fc.assert(
      fc.property(
        anyPan.filter((pan) => pan.length % 2 === 1),
        fc.constantFrom(...FORMS),
        fc.constantFrom('0', 'F'),
        fc.constantFrom('none' as const, 'luhn' as const),
        (pan, forms, pad, cardCheck) => {
          const profile = profileOf({ macProfile, cardCheck, ...forms })
          const fields = new Map([...sale().fields].filter(([number]) => number !== 35))
          const own = `${pan.length}${pan}${forms.padding}`
          const right = hexOf(pack({ mti: '0200', fields: fields.set(2, pan) }, forms))
          expect(faultOf(bytesOf(right), profile)).toBeNull()
          const moved = bytesOf(right.replace(own, `${pan.length}${pad}${pan}`))
          expect(faultOf(moved, profile)).not.toBeNull()
          fields.delete(2)
          const track = `${pan}D2812101`
          const inTrack = hexOf(pack({ mti: '0200', fields: new Map([...fields, [35, track]]) }, forms))
          const wire = track.length % 2 === 0 ? track : track + forms.padding
          const movedTrack = `${pad}${track}`.slice(0, wire.length)
          if (track.length % 2 === 1)
            expect(faultOf(bytesOf(inTrack.replace(wire, movedTrack)), profile)).not.toBeNull()
        },
      ),
      { numRuns: 40 },
    )
  })
})

describe('the card check', () => {
  it('luhn refuses every other last digit, in field 2 and in the track; none accepts them', () => {
    for (let digit = 0; digit < 10; digit++) {
      const pan = `622500000000001${digit}`
      const isRight = digit === 4
      for (const number of [2, 35]) {
        const fields = new Map([...sale().fields].filter(([one]) => one !== 2 && one !== 35))
        fields.set(number, number === 2 ? pan : `${pan}D28121010000`)
        const body = pack({ mti: '0200', fields })
        const luhn = isRight ? null : `${number} has a wrong digit`
        expect(faultOf(body, profileOf({ cardCheck: 'luhn' }))).toBe(luhn)
        expect(faultOf(body, profileOf({}))).toBeNull()
      }
    }
  })
})
