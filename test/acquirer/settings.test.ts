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
      echo: [3, 4, 11, 41, 42, 60],
      declines: 'signed',
      deadlineMs: 20_000,
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

  it.each([
    'https://192.0.2.1/pos',
    'https://192.0.2.1./pos',
    'https://192.0.2.1:8443/pos',
    'https://3221225985/',
    'https://0xC0000201/',
    'https://0300.0.02.01/',
    'https://192.0.513/',
    'https://0xc0.0.2.1/',
    'https://１９２.０.２.１/',
    'https://%31%39%32.0.2.1/',
    'https://0.0.0.0/',
    'https://10.0.0.7/',
    'https://[2001:db8::1]/pos',
    'https://[::]/',
    'https://[::ffff:192.0.2.1]/',
    'https://[fe80::1]:8443/',
  ])('ACQUIRER_URL %s is an IP address, which a Worker cannot fetch', (url) => {
    const settings = () => readHttpsSettings({ ...VALID, ACQUIRER_URL: url })
    expect(settings).toThrow(RangeError)
    expect(settings).toThrow(
      'ACQUIRER_URL: expected a domain name, because a Worker cannot fetch an IP address',
    )
  })

  it.each([
    ['https://127.0.0.1/', 'https://127.0.0.1/'],
    ['http://127.1:8790/', 'http://127.0.0.1:8790/'],
    ['http://2130706433/', 'http://127.0.0.1/'],
    ['http://0x7f000001/', 'http://127.0.0.1/'],
    ['http://127.8.7.6/', 'http://127.8.7.6/'],
    ['https://[::1]:8790/', 'https://[::1]:8790/'],
    ['http://[0:0:0:0:0:0:0:1]/', 'http://[::1]/'],
    ['https://localhost/', 'https://localhost/'],
    ['https://127.0.0.1.example/', 'https://127.0.0.1.example/'],
    ['https://1-2-3-4.example/', 'https://1-2-3-4.example/'],
  ])('ACQUIRER_URL %s is this machine or a name: allowed', (url, href) => {
    expect(readHttpsSettings({ ...VALID, ACQUIRER_URL: url }).url).toBe(href)
  })

  it.each([
    ['11 41', [11, 41]],
    ['11,42', [11, 42]],
    [' 60, 42,41 , 11,4,3 ', [3, 4, 11, 41, 42, 60]],
    ['3 4 11 41 42 49 60', [3, 4, 11, 41, 42, 49, 60]],
  ])('ACQUIRER_ECHO %j: %j', (value, echo) => {
    expect(readHttpsSettings({ ...VALID, ACQUIRER_ECHO: value }).echo).toEqual(echo)
  })

  it.each([
    ['0', 0],
    ['8', 8_000],
    ['28', 28_000],
  ])('ACQUIRER_DEADLINE %s: %i ms', (value, deadlineMs) => {
    expect(readHttpsSettings({ ...VALID, ACQUIRER_DEADLINE: value }).deadlineMs).toBe(deadlineMs)
  })

  it.each(['https://acquirer.example/pos', 'http://127.0.0.1:8790/', 'http://localhost:8790/'])(
    'ACQUIRER_DECLINES may be unsigned with ACQUIRER_URL %s: over TLS, or in this machine',
    (url) => {
      const settings = { ...VALID, ACQUIRER_URL: url, ACQUIRER_DECLINES: 'unsigned' }
      expect(readHttpsSettings(settings).declines).toBe('unsigned')
      // A service binding takes the place of the URL, and nobody knows what is behind it.
      expect(() => readHttpsSettings(settings, true)).toThrow(/^ACQUIRER_DECLINES: unsigned needs/)
    },
  )

  it('ACQUIRER_DECLINES may not be unsigned without a URL, or with one without TLS', () => {
    const settings = { ACQUIRER_MAC_KEY: KEY, ACQUIRER_DECLINES: 'unsigned' }
    expect(() => readHttpsSettings(settings)).toThrow(/^ACQUIRER_DECLINES: unsigned needs/)
    const plain = { ...settings, ACQUIRER_URL: 'http://acquirer.example/' }
    expect(() => readHttpsSettings(plain)).toThrow(/^ACQUIRER_URL: expected an https URL/)
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
    ['ACQUIRER_ECHO', ''],
    ['ACQUIRER_ECHO', '11'],
    ['ACQUIRER_ECHO', '41,42'],
    ['ACQUIRER_ECHO', '3 4 41 42 60'],
    ['ACQUIRER_ECHO', '11 41 39'],
    ['ACQUIRER_ECHO', '11 41 11'],
    ['ACQUIRER_ECHO', '011 41'],
    ['ACQUIRER_ECHO', 'all of them'],
    ['ACQUIRER_DECLINES', 'any of them'],
    ['ACQUIRER_DECLINES', ''],
    ['ACQUIRER_DEADLINE', ''],
    ['ACQUIRER_DEADLINE', '29'],
    ['ACQUIRER_DEADLINE', '-1'],
    ['ACQUIRER_DEADLINE', '1e1'],
    ['ACQUIRER_DEADLINE', '20 seconds'],
  ]
  it.each(WRONG)('reject %s = %j with an error that names the setting but not its value', (name, value) => {
    const settings = () => readHttpsSettings({ ...VALID, [name]: value })
    expect(settings).toThrow(RangeError)
    expect(settings).toThrow(new RegExp(`^${name}: expected`))
    if (value.length > 3) expect(settings).not.toThrow(value)
  })
})
