import { describe, expect, it } from 'vitest'
import { type HttpsSettings, readHttpsSettings } from '../../src/acquirer/settings.ts'
import { makLengthOf } from '../../src/domain/mac-profile.ts'
import { MAC_PROFILES } from '../../src/domain/terminal-profile.ts'
import { toHex } from '../../src/iso8583/hex.ts'

const KEY = '0123456789ABCDEF'
const VALID: HttpsSettings = { ACQUIRER_URL: 'https://acquirer.example/pos', ACQUIRER_MAC_KEY: KEY }

describe('settings of an acquirer', () => {
  it('have defaults, except for the key', () => {
    const settings = readHttpsSettings(VALID)
    expect(settings).toMatchObject({
      url: 'https://acquirer.example/pos',
      macProfile: 'cup-ecb',
      recovery: 'inquiry',
    })
    expect([toHex(settings.tpdu), toHex(settings.header), toHex(settings.macKey)]).toEqual([
      '6000030000',
      '603100000000',
      KEY,
    ])
  })

  it('may have no URL, for a service binding', () => {
    expect(readHttpsSettings({ ACQUIRER_MAC_KEY: KEY }).url).toBeNull()
  })

  it.each(MAC_PROFILES)('accept a key of the length that %s needs', (macProfile) => {
    const key = (bytes: number) => ({
      ...VALID,
      ACQUIRER_MAC: macProfile,
      ACQUIRER_MAC_KEY: 'a5'.repeat(bytes),
    })
    const bytes = makLengthOf(macProfile)
    expect(readHttpsSettings(key(bytes)).macKey).toHaveLength(bytes)
    expect(() => readHttpsSettings(key(24 - bytes))).toThrow(RangeError)
  })

  it.each([
    ['http://127.0.0.1:8790/', true],
    ['http://localhost:8790/', true],
    ['http://[::1]:8790/', true],
    ['http://acquirer.example/', false],
    ['http://127.0.0.1.example/', false],
    ['https://user@acquirer.example/', false],
    ['https://:secret@acquirer.example/', false],
    ['ftp://acquirer.example/', false],
    ['acquirer.example', false],
    ['', false],
  ])('ACQUIRER_URL %s: %s', (url, isValid) => {
    const settings = () => readHttpsSettings({ ...VALID, ACQUIRER_URL: url })
    if (isValid) expect(settings().url).toBe(url)
    else expect(settings).toThrow(/^ACQUIRER_URL: expected/)
  })

  const WRONG: readonly (readonly [keyof HttpsSettings, string])[] = [
    ['ACQUIRER_TPDU', '7000030000'],
    ['ACQUIRER_TPDU', '60000300'],
    ['ACQUIRER_TPDU', '60000300FF'],
    ['ACQUIRER_HEADER', '60310000000'],
    ['ACQUIRER_HEADER', '60310000000Z'],
    ['ACQUIRER_MAC', 'aes-cmac'],
    ['ACQUIRER_MAC', ''],
    ['ACQUIRER_MAC_KEY', ''],
    ['ACQUIRER_MAC_KEY', 'DEADBEEFDEADBEE'],
    ['ACQUIRER_MAC_KEY', 'DEADBEEFDEADBEEG'],
    ['ACQUIRER_RECOVERY', 'guess'],
  ]
  it.each(WRONG)('reject %s = %j with an error that names the setting but not its value', (name, value) => {
    const settings = () => readHttpsSettings({ ...VALID, [name]: value })
    expect(settings).toThrow(RangeError)
    expect(settings).toThrow(new RegExp(`^${name}: expected`))
    if (value.length > 3) expect(settings).not.toThrow(value)
  })
})
