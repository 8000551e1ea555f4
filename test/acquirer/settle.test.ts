/** @module The settlement of a day with the acquirer: its bytes, and what its answer means. */

import { describe, expect, it } from 'vitest'
import { fixedKey } from '../../src/acquirer/keys.ts'
import type { DayRequest } from '../../src/acquirer/port.ts'
import { readHttpsSettings } from '../../src/acquirer/settings.ts'
import { type SettleOptions, settleAt } from '../../src/acquirer/settle.ts'
import { MAC_PROFILES, type MacProfile } from '../../src/domain/terminal-profile.ts'
import { answerFrame } from '../../src/iso8583/frame.ts'
import { macFault, packSigned } from '../../src/iso8583/mac.ts'
import { type Message, pack } from '../../src/iso8583/message.ts'
import { readMessage } from '../../src/iso8583/received.ts'
import { core, HEADER, macKeyFor, TPDU } from './https-harness.ts'

const REQUEST: DayRequest = {
  stan: '500001',
  date: '0601',
  currencyCode: '156',
  totals: { debitAmount: 123_456, debitCount: 12, creditAmount: 1000, creditCount: 1 },
  isRepeat: false,
}
const HALF = '000000123456012000000001000001'
const NO_CARDS = '0'.repeat(30)
const EQUAL = `${HALF}1${NO_CARDS}1`

interface Answer {
  readonly changes?: Readonly<Record<number, string | undefined>>
  readonly mti?: string
  readonly isSigned?: boolean
  readonly macKey?: Uint8Array
}

/** The response to an answer that has the request's fields, with these changes. */
async function settleWith(
  { changes = {}, mti = '0510', isSigned = true, macKey }: Answer = {},
  macProfile: MacProfile = 'cup-ecb',
  request = REQUEST,
) {
  const key = macKeyFor(macProfile)
  const frames: { message: Message; fault: string | null }[] = []
  const options: SettleOptions = {
    core,
    macProfile,
    tpdu: TPDU,
    header: HEADER,
    institution: '00001234',
    keys: fixedKey(key),
    send: async (bytes) => {
      const read = readMessage(bytes, core.lrc)
      if (!read.ok) throw new Error(read.error)
      const { frame, message } = read.value
      frames.push({ message, fault: macFault({ core, macProfile, macKey: key }, frame.body, message) })
      const fields = new Map([...message.fields, [48, EQUAL] as const])
      fields.delete(64)
      for (const [number, value] of Object.entries(changes))
        if (value === undefined) fields.delete(Number(number))
        else fields.set(Number(number), value)
      const answer = { mti, fields: new Map([...fields].sort(([a], [b]) => a - b)) }
      const body = isSigned ? packSigned({ core, macProfile, macKey: macKey ?? key }, answer) : pack(answer)
      return answerFrame(frame, body, {}, core.lrc)
    },
  }
  return { response: await settleAt(options, request), sent: frames[0] }
}

describe('the settlement of a day', () => {
  it.each(MAC_PROFILES)('has the totals, the day and a MAC: %s', async (profile) => {
    const { response, sent } = await settleWith({}, profile)
    expect(response).toMatchObject({ kind: 'compared', isEqual: true })
    expect(sent?.fault).toBeNull()
    const { mti, fields } = sent?.message ?? { mti: '', fields: new Map() }
    expect([mti, [...fields].filter(([number]) => number !== 64)]).toEqual([
      '0500',
      [
        [11, '500001'],
        [15, '0601'],
        [32, '00001234'],
        [48, `${HALF}0${NO_CARDS}0`],
        [49, '156'],
        [60, '00000000201'],
      ],
    ])
  })

  it('differs in a repeat by its MTI only', async () => {
    const first = await settleWith()
    const again = await settleWith({}, 'cup-ecb', { ...REQUEST, isRepeat: true })
    expect(again.sent?.message.mti).toBe('0501')
    const withoutMac = ({ sent }: typeof first) =>
      [...(sent?.message.fields ?? [])].filter(([number]) => number !== 64)
    expect(withoutMac(again)).toEqual(withoutMac(first))
    expect(again.response).toMatchObject({ kind: 'compared', isEqual: true })
  })

  it('compares what field 48 has place for', async () => {
    const totals = {
      debitAmount: 10 ** 12 + 123_456,
      debitCount: 5012,
      creditAmount: 1000,
      creditCount: 2001,
    }
    const { response } = await settleWith({}, 'cup-ecb', { ...REQUEST, totals })
    expect(response).toMatchObject({ kind: 'compared', isEqual: true })
  })

  const places = [0, 14, 20, 29]
  it.each<readonly [string, string]>([
    ['code 2', `${HALF}2${NO_CARDS}1`],
    ['code 2 of foreign cards', `${HALF}1${NO_CARDS}2`],
    ['code 0', `${HALF}0${NO_CARDS}0`],
    ['foreign totals', `${HALF}1${NO_CARDS.slice(1)}11`],
    ...places.map((place): [string, string] => [
      `code 1 with other digits at ${place}`,
      `${HALF.slice(0, place)}9${HALF.slice(place + 1)}1${NO_CARDS}1`,
    ]),
  ])('is different: %s', async (_, field48) => {
    const { response } = await settleWith({ changes: { 48: field48 } })
    expect(response).toMatchObject({ kind: 'compared', isEqual: false })
  })

  it.each<readonly [string, Answer['changes']]>([
    ['settlement code 3', { 48: `${NO_CARDS}3${NO_CARDS}3` }],
    ['settlement code 3', { 48: `${HALF}1${NO_CARDS}3` }],
    ['response code 40', { 39: '40', 48: undefined }],
    ['response code 12', { 39: '12' }],
  ])('is refused: %s', async (why, changes = {}) => {
    expect((await settleWith({ changes })).response).toEqual({ kind: 'refused', why })
  })

  it('is compared with field 39 of an approval too', async () => {
    expect((await settleWith({ changes: { 39: '00' } })).response).toMatchObject({ isEqual: true })
  })

  it.each<readonly [string, Answer]>([
    ['no MAC', { isSigned: false }],
    ['the MAC is wrong', { macKey: new Uint8Array(8).fill(9) }],
    ['no MAC', { isSigned: false, changes: { 39: '40' } }],
    ['field 11 differs', { changes: { 11: '500002' } }],
    ['field 11 is missing', { changes: { 11: undefined } }],
    ['field 15 differs', { changes: { 15: '0602' } }],
    ['field 32 differs', { changes: { 32: '00001235' } }],
    ['field 49 differs', { changes: { 49: '344' } }],
    ['field 60 differs', { changes: { 60: '00000000202' } }],
    ['field 48 has no totals', { changes: { 48: undefined } }],
    ['field 48 has no totals', { changes: { 48: EQUAL.slice(1) } }],
    ['response code 90', { changes: { 39: '90' } }],
    ['response code 96', { changes: { 39: '96' } }],
    ['response code A0', { changes: { 39: 'A0' } }],
    ['MTI 0511 does not answer 0500', { mti: '0511' }],
    ['MTI 0330 does not answer 0500', { mti: '0330' }],
  ])('has no answer: %s', async (why, answer) => {
    expect((await settleWith(answer)).response).toEqual({ kind: 'unknown', why })
  })
})

describe('ACQUIRER_CUTOFF', () => {
  const given = { ACQUIRER_URL: 'https://acquirer.example/pos', ACQUIRER_MAC_KEY: '0123456789ABCDEF' }

  it.each([
    [undefined, null],
    ['23:00', { minutes: 1380, offsetMinutes: 480 }],
    ['00:00', { minutes: 1440, offsetMinutes: 480 }],
    ['23:59+00:00', { minutes: 1439, offsetMinutes: 0 }],
    ['17:00 +05:30', { minutes: 1020, offsetMinutes: 330 }],
    ['17:00-03:30', { minutes: 1020, offsetMinutes: -210 }],
    ['17:00+14:00', { minutes: 1020, offsetMinutes: 840 }],
  ])('%s: %j', (value, cutOff) => {
    const settings = value === undefined ? given : { ...given, ACQUIRER_CUTOFF: value }
    expect(readHttpsSettings(settings).cutOff).toEqual(cutOff)
  })

  it.each(['', '24:00', '23:60', '9:00', '2300', '23:00+8', '23:00 Asia/Shanghai', '23:00+15:00', '23:00Z'])(
    'is refused: %j',
    (value) => {
      expect(() => readHttpsSettings({ ...given, ACQUIRER_CUTOFF: value })).toThrow(
        /^ACQUIRER_CUTOFF: expected/,
      )
    },
  )
})
