import { createCipheriv, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { readHttpsSettings } from '../../src/acquirer/settings.ts'
import { type SignOnOptions, signOnAt } from '../../src/acquirer/sign-on.ts'
import { makLengthOf } from '../../src/domain/mac-profile.ts'
import { MAC_PROFILES, type MacProfile } from '../../src/domain/terminal-profile.ts'
import { answerFrame } from '../../src/iso8583/frame.ts'
import { toHex } from '../../src/iso8583/hex.ts'
import { packSigned } from '../../src/iso8583/mac.ts'
import { type Message, pack } from '../../src/iso8583/message.ts'
import { readMessage } from '../../src/iso8583/received.ts'
import { bytes, core, HEADER, TPDU } from './https-harness.ts'

const ZONE = '8899AABBCCDDEEFF0011223344556677'
const STAN = '500001'
const INSTITUTION = '00001234'

const isSm4 = (profile: MacProfile) => profile.startsWith('cup-sm4')

/** A block cipher of node:crypto. Two-key 3DES under 8 bytes is DES. */
function ecb(profile: MacProfile, key: Uint8Array, data: Uint8Array): Buffer {
  const [name, whole] = isSm4(profile)
    ? ['sm4-ecb', key]
    : ['des-ede3', Buffer.concat(key.length === 8 ? [key, key, key] : [key, key.subarray(0, 8)])]
  const cipher = createCipheriv(name as string, whole as Uint8Array, null).setAutoPadding(false)
  return Buffer.concat([cipher.update(data), cipher.final()])
}

/** A record of field 62 by node:crypto: the key under the zone key, zeros up to `length`, the check value. */
function record(profile: MacProfile, key: Uint8Array, length = key.length): Buffer {
  const zeros = Buffer.alloc(isSm4(profile) ? 16 : 8)
  const wrapped = ecb(profile, bytes(ZONE), key)
  return Buffer.concat([wrapped, Buffer.alloc(length - key.length), ecb(profile, key, zeros).subarray(0, 4)])
}

interface Answer {
  readonly fields?: Readonly<Record<number, string | undefined>>
  readonly mti?: string
  /** Signs the answer under this key. */
  readonly macKey?: Uint8Array
}

/** Signs on at an acquirer that answers so. */
async function signOnWith(macProfile: MacProfile, { fields = {}, mti = '0810', macKey }: Answer) {
  let sent: Message | undefined
  const options: SignOnOptions = {
    core,
    macProfile,
    zoneKey: bytes(ZONE),
    tpdu: TPDU,
    header: HEADER,
    institution: INSTITUTION,
    send: async (frame) => {
      const read = readMessage(frame, core.lrc)
      if (!read.ok) throw new Error(read.error)
      sent = read.value.message
      const all = new Map([...sent.fields, [39, '00'] as const])
      for (const [number, value] of Object.entries(fields))
        if (value === undefined) all.delete(Number(number))
        else all.set(Number(number), value)
      const answer = { mti, fields: new Map([...all].sort(([a], [b]) => a - b)) }
      const body = macKey === undefined ? pack(answer) : packSigned({ core, macProfile, macKey }, answer)
      return answerFrame(read.value.frame, body, {}, core.lrc)
    },
  }
  return { result: await signOnAt(options, STAN), sent }
}

const keyFor = (profile: MacProfile): Buffer => randomBytes(makLengthOf(profile))
const field62 = (...records: Uint8Array[]) => Buffer.concat(records).toString('hex').toUpperCase()

describe('a sign-on at the acquirer', () => {
  it('names the institution, and has no MAC', async () => {
    const { sent } = await signOnWith('cup-ecb', {})
    expect(sent?.mti).toBe('0800')
    expect([...(sent?.fields ?? [])]).toEqual([
      [11, STAN],
      [32, INSTITUTION],
      [60, '00000000003'],
    ])
    const sm4 = await signOnWith('cup-sm4', {})
    expect(sm4.sent?.fields.get(60)).toBe('00000000006')
  })

  it.each(MAC_PROFILES)('opens the MAC key of every layout: %s', async (profile) => {
    const key = keyFor(profile)
    const other = () => record(profile, randomBytes(16))
    const layouts = [
      [record(profile, key)],
      [other(), record(profile, key, 16)],
      [other(), record(profile, key, 16), other()],
      ...(key.length === 8 ? [[record(profile, randomBytes(8)), record(profile, key)]] : []),
    ]
    for (const [i, records] of layouts.entries()) {
      // SM4 has no key of eight bytes.
      const { result } = await signOnWith(profile, { fields: { 62: field62(...records) } })
      expect([i, result.ok && toHex(result.value)]).toEqual([i, toHex(key)])
    }
  })

  it.each(MAC_PROFILES)('refuses keys with a wrong check value, whichever key it is: %s', async (profile) => {
    const records = Array.from({ length: 3 }, () => record(profile, randomBytes(16)))
    records[1] = record(profile, keyFor(profile), 16)
    for (let i = 0; i < 3; i++) {
      const damaged = records.map((one, at) =>
        one.map((byte, place) => (at === i && place === one.length - 1 ? byte ^ 1 : byte)),
      )
      const { result } = await signOnWith(profile, { fields: { 62: field62(...damaged) } })
      expect(result).toEqual({ ok: false, error: 'a check value differs' })
    }
  })

  const key = keyFor('cup-ecb')
  const good = field62(record('cup-ecb', key))
  it.each<readonly [string, Answer]>([
    ['field 11 differs', { fields: { 11: '500002', 62: good } }],
    ['field 11 is missing', { fields: { 11: undefined, 62: good } }],
    ['field 32 differs', { fields: { 32: '00001235', 62: good } }],
    ['field 60 differs', { fields: { 60: '00000000001', 62: good } }],
    ['field 39 is missing', { fields: { 39: undefined, 62: good } }],
    ['response code 96', { fields: { 39: '96', 62: good } }],
    ['MTI 0830 does not answer 0800', { mti: '0830', fields: { 62: good } }],
    ['field 62 has an unknown length', { fields: { 62: undefined } }],
    ['field 62 has an unknown length', { fields: { 62: good.slice(2) } }],
    ['the MAC is wrong', { fields: { 62: good }, macKey: randomBytes(8) }],
  ])('is not granted: %s', async (error, answer) => {
    expect((await signOnWith('cup-ecb', answer)).result).toEqual({ ok: false, error })
  })

  it('may have a MAC under the new key, and repeat little', async () => {
    const { result } = await signOnWith('cup-ecb', {
      fields: { 62: good, 32: undefined, 60: undefined },
      macKey: key,
    })
    expect(result.ok && toHex(result.value)).toBe(toHex(key))
  })
})

describe('ACQUIRER_ZONE_KEY', () => {
  const URL = { ACQUIRER_URL: 'https://acquirer.example/pos' }

  it('takes the place of the MAC key', () => {
    const { zoneKey, macKey } = readHttpsSettings({ ...URL, ACQUIRER_ZONE_KEY: ZONE })
    expect([zoneKey === null ? null : toHex(zoneKey), macKey.length]).toEqual([ZONE, 0])
    expect(readHttpsSettings({ ...URL, ACQUIRER_ZONE_KEY: ZONE, ACQUIRER_MAC_KEY: 'x' }).macKey).toHaveLength(
      0,
    )
    expect(readHttpsSettings({ ...URL, ACQUIRER_MAC_KEY: '0123456789ABCDEF' }).zoneKey).toBeNull()
  })

  it.each([
    '',
    '0123456789ABCDEF',
    `${ZONE}00`,
    ZONE.replace('8', 'G'),
    '01'.repeat(16),
    ZONE.slice(0, 16).repeat(2),
  ])('is refused without its value: %j', (value) => {
    const settings = () => readHttpsSettings({ ...URL, ACQUIRER_ZONE_KEY: value })
    expect(settings).toThrow(/^ACQUIRER_ZONE_KEY: expected/)
    if (value !== '') expect(settings).not.toThrow(value)
  })
})
