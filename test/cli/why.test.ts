/**
 * @module `annul describe --why`. Each kind of wrong frame is named, and the steps of the MAC match an oracle. Usual mistakes are found with
 * the key. No card number, PIN block or key is shown.
 */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cutFields } from '../../src/cli/why/cut.ts'
import { explainFrame, type Why, whyText } from '../../src/cli/why/why.ts'
import { macAlgorithmOf, makLengthOf } from '../../src/domain/mac-profile.ts'
import {
  MAC_PROFILES,
  type MacProfile,
  type TerminalProfile,
  USUAL_FORMS,
} from '../../src/domain/terminal-profile.ts'
import { packWithMac } from '../../src/iso8583/mac.ts'
import { type PackForms, unpackWhatCan } from '../../src/iso8583/message.ts'
import { wrapSerial, xorLrc } from '../../src/iso8583/serial-frame.ts'
import { bytesOf, goldens, hexOf } from '../support/iso8583-golden.ts'
import { watchedCore } from '../support/load-core.ts'
import { MICRO, microMac } from '../support/micro-mac.ts'
import { callCli, documentedJson } from './call-cli.ts'

const { core } = watchedCore()
const KEY = bytesOf('0123456789ABCDEFFEDCBA9876543210')
const HEADER = '602200000000'
const TPDU = '6000030000'

const profileOf = (changes: Partial<TerminalProfile> = {}): TerminalProfile => ({
  ...{ status: 'active', macProfile: 'cup-ecb', textEncoding: 'gbk', settlementMac: 'required' },
  ...USUAL_FORMS,
  ...changes,
})

const keyOf = (profile: MacProfile): Uint8Array => KEY.slice(0, makLengthOf(profile))

type Fields = Readonly<Record<number, string | undefined>>

const SALE: Fields = {
  2: '6225000000000014',
  3: '000000',
  4: '000000001234',
  11: '000003',
  22: '021',
  25: '00',
  41: '12345678',
  42: '123456789012345',
  49: '156',
  60: '22000007',
}

interface Built {
  readonly fields?: Fields
  readonly mti?: string
  readonly forms?: PackForms
  readonly profile?: MacProfile
}

/** The body of a sale with a right MAC. */
function saleBody({ fields = {}, mti = '0200', forms, profile = 'cup-ecb' }: Built = {}): Uint8Array {
  const all = Object.entries({ ...SALE, ...fields }).flatMap(([number, value]) =>
    value === undefined ? [] : [[Number(number), value] as const],
  )
  const mac = (input: Uint8Array) => core.computeMac(macAlgorithmOf(profile), keyOf(profile), input)
  return packWithMac({ mti, fields: new Map(all.sort(([a], [b]) => a - b)) }, mac, forms)
}

const framed = (body: Uint8Array | string, header = HEADER, tpdu = TPDU): Uint8Array => {
  const data = `${tpdu}${header}${typeof body === 'string' ? body : hexOf(body)}`
  return bytesOf(`${(data.length / 2).toString(16).padStart(4, '0')}${data}`)
}

const why = (input: Uint8Array, profile: Partial<TerminalProfile> = {}, key?: Uint8Array): Promise<Why> =>
  explainFrame(
    input,
    { profile: profileOf(profile), terminalId: '12345678', merchantId: '123456789012345' },
    key === undefined ? [] : [{ name: 'key', mistake: null, bytes: Uint8Array.from(key) }],
  )

const faultsOf = ({ remarks }: Why): string[] =>
  remarks.filter(({ isFault }) => isFault).map((one) => `${one.field}: ${one.why}`)

const edited = (body: Uint8Array, from: string, to: string): string => {
  const hex = hexOf(body)
  expect(hex.split(from)).toHaveLength(2)
  return hex.replace(from, to)
}

describe('a right frame', () => {
  it.each(MAC_PROFILES)('has no fault under %s, and its MAC is right', async (macProfile) => {
    for (const padding of ['0', 'F'] as const)
      for (const entryMode of ['left', 'right'] as const) {
        const forms = { padding, entryMode }
        const body = saleBody({ fields: { 2: '6225000000000000006' }, forms, profile: macProfile })
        const found = await why(framed(body), { ...forms, macProfile }, keyOf(macProfile))
        expect([faultsOf(found), found.verdict, found.mac.proof]).toEqual([
          [],
          null,
          { isRight: true, key: 'key' },
        ])
      }
  })

  it('has its fields at the bytes where they stand', async () => {
    const input = framed(saleBody())
    const { fields, frame } = await why(input)
    expect(frame).toMatchObject({ kind: 'tpdu', tpdu: TPDU, header: HEADER, messageAt: 13 })
    for (const { at, bytes, hex } of fields) expect(hexOf(input.subarray(at, at + bytes))).toBe(hex)
    expect(fields.find(({ number }) => number === 2)).toMatchObject({ at: 23, bytes: 9, length: 16 })
  })
})

/** A wrong frame, and the words that name its fault. */
const WRONG: readonly (readonly [string, () => Uint8Array, string, Partial<TerminalProfile>?])[] = [
  ['LEN too long', () => framed(saleBody()).slice(0, -1), 'frame: LEN says'],
  ['no LEN', () => framed(saleBody()).slice(2), 'frame: LEN is missing before the TPDU'],
  [
    'another TPDU',
    () => framed(saleBody(), HEADER, '6100030000'),
    'frame: the TPDU begins with 61, not with 60',
  ],
  [
    'a wrong LRC',
    () => {
      const serial = wrapSerial(framed(saleBody()).slice(2), xorLrc)
      return serial.with(-1, (serial.at(-1) ?? 0) ^ 1)
    },
    'frame: the LRC is',
  ],
  ['no ETX', () => wrapSerial(framed(saleBody()).slice(2), xorLrc).with(-2, 0), 'frame: no ETX behind'],
  [
    'a serial frame cut',
    () => wrapSerial(framed(saleBody()).slice(2), xorLrc).slice(0, -9),
    'frame: LEN of the serial frame says',
  ],
  ['a short header', () => framed(saleBody(), '6022'), 'header: the header has 2 bytes, the profile says 6'],
  [
    'a TLV block',
    () => framed(saleBody(), `${HEADER}DF01020304`),
    'header: the header has 11 bytes, the profile says 6',
  ],
  [
    'another MTI',
    () => framed(saleBody({ mti: '0100' })),
    'mti: MTI and fields 3, 25 and 60 name no transaction',
  ],
  [
    'a second bitmap',
    () => framed(edited(saleBody(), '02007020', '0200F020')),
    '1: a second bitmap is not read',
  ],
  [
    'a field of no table',
    () => framed(edited(saleBody(), '02007020', '02007420')),
    '6: not in the field table',
  ],
  [
    'pad F for 0',
    () =>
      framed(saleBody({ fields: { 2: '6225000000000000006' }, forms: { padding: 'F', entryMode: 'left' } })),
    '2: the pad is F in the low half of the byte, the profile says 0',
  ],
  [
    'pad 0 for F',
    () => framed(saleBody({ fields: { 60: '22000007000' } })),
    '60: the pad is 0 in the low half of the byte, the profile says F',
    { padding: 'F' },
  ],
  [
    'pad 3',
    () => framed(edited(saleBody(), '0210', '0213')),
    '22: not aligned left: from the left it reads 021, from the right 213',
  ],
  ['field 22 at the right', () => framed(edited(saleBody(), '0210', 'F021')), '22: not aligned left'],
  [
    'field 22 at the left',
    () => framed(edited(saleBody(), '0210', '021F')),
    '22: not aligned right: from the right it reads 21F, from the left 021',
    { entryMode: 'right' },
  ],
  [
    'a card padded left',
    () => framed(saleBody({ fields: { 2: '06225000000000014' } })),
    '2: it is padded left',
  ],
  [
    'a track padded left',
    () => framed(saleBody({ fields: { 2: undefined, 35: '06225000000000014D2812201' } })),
    '35: it is padded left',
    { macProfile: 'x9.19' },
  ],
  [
    'a wrong Luhn digit',
    () => framed(saleBody({ fields: { 2: '6225000000000015' } })),
    '2: the last digit of the card number is not its Luhn digit',
    { cardCheck: 'luhn' },
  ],
  [
    'a short card number',
    () => framed(saleBody({ fields: { 2: '622500000014' } })),
    '2: the card number has 12 digits, 13 to 19 are expected',
  ],
  [
    'two cards',
    () => framed(saleBody({ fields: { 35: '6225000000000022D2812201' } })),
    '35: its card number is not that of field 2',
  ],
  [
    'a separator =',
    () => framed(edited(saleBody({ fields: { 35: '6225000000000014D2812201' } }), '14D2812', '14E2812')),
    '35: it has other digits than 0 to 9 and D',
  ],
  [
    'a length in bytes',
    () => framed(edited(saleBody(), '166225', '086225')),
    '2: its length seems to count bytes, not digits',
  ],
  [
    'a binary length',
    () => framed(edited(saleBody(), '166225', '106225')),
    '2: its length seems to be binary, not decimal',
  ],
  [
    'a length of hex',
    () => framed(edited(saleBody(), '166225', '1A6225')),
    '2: its length is not decimal: 1A',
  ],
  ['a length too long', () => framed(edited(saleBody(), '166225', '206225')), '2: length 20 is over 19'],
  [
    'a short length',
    () => framed(edited(saleBody(), '000822000007', '0822000007')),
    '60: its length seems to have one byte, two are expected',
  ],
  [
    'a long length',
    () => framed(edited(saleBody(), '166225', '00166225')),
    '2: its length seems to have two bytes, one is expected',
  ],
  [
    'a bit without its field',
    () => framed(edited(saleBody(), '02007020', '02007030')),
    '12: perhaps its bit seems to be set without the field',
  ],
  [
    'field 61 in characters',
    () =>
      framed(
        edited(
          saleBody({ fields: { 61: '000007000002' } }),
          '0012000007000002',
          '0012303030303037303030303032',
        ),
      ),
    '61: it seems to have a character in each byte',
  ],
  [
    'characters for digits',
    () => framed(edited(saleBody(), '000000001234', '303030303030303031323334')),
    '4: ',
  ],
  [
    'a digit A',
    () => framed(edited(saleBody(), '000000001234', '000000001A34')),
    '4: the low half of the byte is A, no digit',
  ],
  [
    'no printable character',
    () =>
      framed(edited(saleBody(), '3132333435363738313233343536373839', '3132333435360038313233343536373839')),
    '41: byte 00 is no printable character',
  ],
  [
    'a time out of range',
    () => framed(saleBody({ fields: { 12: '246000' } })),
    '12: 246000 is no time of day hhmmss',
  ],
  [
    'a date out of range',
    () => framed(saleBody({ fields: { 13: '0231' } })),
    '13: 0231 is no day of the year MMDD',
  ],
  ['an amount of zero', () => framed(saleBody({ fields: { 4: '000000000000' } })), '4: the amount is zero'],
  [
    'a trace number of zero',
    () => framed(saleBody({ fields: { 11: '000000' } })),
    '11: the trace number is zero',
  ],
  ['an account type', () => framed(saleBody({ fields: { 3: '001000' } })), '3: it has an account type'],
  ['no currency', () => framed(saleBody({ fields: { 49: undefined } })), '49: it is missing'],
  [
    'field 60 cut',
    () => framed(saleBody({ fields: { 60: '220000070' } })),
    '60: 9 digits: 8, or 11 and more are expected',
  ],
  [
    'a void without its sale',
    () => framed(saleBody({ fields: { 3: '200000', 60: '23000007' } })),
    '61: it is missing, and field 37',
  ],
  ['another terminal', () => framed(saleBody({ fields: { 41: '87654321' } })), '41: it names another one'],
  ['no terminal', () => framed(saleBody({ fields: { 41: undefined } })), '41: it is missing'],
  [
    'no MAC',
    () => framed(edited(saleBody(), hexOf(saleBody().slice(-8)), '').replace(/^(.{19})./, '$10')),
    '64: there is no MAC',
  ],
  ['bytes behind', () => framed(`${hexOf(saleBody())}0000`), 'length: 2 bytes behind the last field'],
  ['bytes missing', () => framed(hexOf(saleBody()).slice(0, -4)), '64: 8 bytes needed, 6 there'],
  [
    'a binary MAC',
    () => framed(hexOf(saleBody()).replace(/.{16}$/, '8C01020304050607')),
    '64: it is binary, the profile sends 8 hex characters',
  ],
  [
    'a MAC of hex',
    () => framed(saleBody()),
    '64: it is hex characters, the profile sends binary bytes',
    { macProfile: 'x9.9' },
  ],
]

describe('a wrong frame', () => {
  it.each(WRONG.map(([what, build, words, profile]) => ({ what, build, words, profile })))(
    '$what',
    async ({ build, words, profile }) => {
      const found = await why(build(), profile)
      expect(faultsOf(found).filter((fault) => fault.startsWith(words))).toHaveLength(1)
      const at = found.remarks.map((one) => one.at).filter((one) => one !== undefined)
      for (const one of at) expect(one).toBeLessThanOrEqual(build().length)
      expect(whyText(found)).toContain(words.split(': ').slice(1).join(': '))
    },
  )

  it('is only unusual where the profile allows it', async () => {
    const body = saleBody({
      fields: { 2: '6225000000000000006' },
      forms: { padding: 'F', entryMode: 'left' },
      profile: 'x9.19',
    })
    const found = await why(framed(body), { macProfile: 'x9.19' })
    expect(faultsOf(found)).toEqual([])
    expect(found.remarks.map(({ field }) => field)).toEqual([2, 2, 22])
  })

  it('is cut as the service cuts it, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...goldens),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
        (golden, edits) => {
          const body = Uint8Array.from(golden.body)
          for (const [at, byte] of edits) body[at % body.length] = byte
          const { fields, error } = unpackWhatCan(body)
          const cut = cutFields(body, 'left')
          for (const [number, value] of fields)
            expect(cut.fields.find(({ spec }) => spec.number === number)?.value).toBe(value)
          if (error === undefined) expect([cut.error, cut.fields.length]).toEqual([undefined, fields.size])
        },
      ),
      { numRuns: 300 },
    )
  })

  it('of any bytes never throws', async () => {
    const anyBytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.uint8Array({ maxLength: 150 }).map((body) => framed(body)),
    )
    await fc.assert(
      fc.asyncProperty(anyBytes, fc.constantFrom(...MAC_PROFILES), async (bytes, macProfile) => {
        expect(whyText(await why(bytes, { macProfile }))).toBeTypeOf('string')
      }),
      { numRuns: 200 },
    )
  })
})

describe('the steps of the MAC', () => {
  it.each(['cup-ecb', 'cup-ecb-16', 'cup-sm4', 'cup-sm4-bin'] as const)(
    '%s: end at the MAC of the oracle',
    async (macProfile) => {
      const body = saleBody({ profile: macProfile })
      const { mac } = await why(framed(body), { macProfile })
      const fold = /: ([0-9A-F]+)$/.exec(mac.steps[0] ?? '')?.[1] ?? ''
      expect(mac.blocks.at(-1)?.xor).toBe(fold)
      expect(mac.steps[2]).toContain(
        `: ${fold.slice(0, mac.blockBytes)} (bytes ${hexOf(Buffer.from(fold.slice(0, mac.blockBytes)))})`,
      )
      const f = macProfile.startsWith('cup-sm4') ? MICRO.sm4 : MICRO.des
      const key = keyOf(macProfile)
      const once = f(key, Buffer.from(fold.slice(0, mac.blockBytes)))
      const second = Buffer.from(fold.slice(mac.blockBytes))
      const block = f(
        key,
        once.map((byte, at) => byte ^ (second[at] ?? 0)),
      )
      const sent =
        macProfile === 'cup-sm4-bin' ? hexOf(block.slice(0, 8)) : hexOf(Buffer.from(hexOf(block.slice(0, 4))))
      expect(hexOf(body.slice(-8))).toBe(sent)
    },
  )

  it('of a chained MAC show no value behind the first block', async () => {
    const { mac } = await why(framed(saleBody({ profile: 'x9.19' })), { macProfile: 'x9.19' })
    expect(mac.blocks.every(({ xor }) => xor === undefined)).toBe(true)
    expect(mac.steps.join()).toContain('depend on the key')
    expect([mac.from, mac.blocks.map(({ block }) => block).join('').length]).toEqual([
      13,
      2 * (mac.to - mac.from + mac.zeros),
    ])
  })
})

describe('with the key', () => {
  const oracle = (profile: MacProfile, key: Uint8Array, input: Uint8Array): Uint8Array =>
    microMac(macAlgorithmOf(profile), key, input)
  const signed = (
    profile: MacProfile,
    input: (body: Uint8Array, frame: Uint8Array) => Uint8Array,
    key = keyOf(profile),
    as = profile,
  ): Uint8Array => {
    const body = saleBody({ profile })
    const mac = oracle(as, key, input(body.slice(0, -8), framed(body).slice(0, -8)))
    return framed(Uint8Array.of(...body.slice(0, -8), ...mac))
  }
  const covered = (body: Uint8Array): Uint8Array => body
  const padded = (byte: number) => (body: Uint8Array) =>
    Uint8Array.of(...body, ...new Array<number>((8 - (body.length % 8)) % 8).fill(byte))

  it.each<[string, MacProfile, () => Uint8Array]>([
    ['the MAC input begins with the TPDU', 'x9.19', () => signed('x9.19', (_, frame) => frame.slice(2))],
    [
      'the MAC input begins with the header',
      'cup-ecb',
      () => signed('cup-ecb', (_, frame) => frame.slice(7)),
    ],
    ['the MAC input begins with LEN', 'x9.9', () => signed('x9.9', (_, frame) => frame)],
    [
      'the MAC input has the bytes of field 64 as zeros',
      'x9.9',
      () => signed('x9.9', (body) => Uint8Array.of(...body, ...new Uint8Array(8))),
    ],
    [
      'the bit of field 64 is not set in the MAC input',
      'cup-ecb',
      () => signed('cup-ecb', (body) => body.with(9, (body[9] ?? 0) & 0xfe)),
    ],
    ['the MAC input begins behind the MTI', 'x9.19', () => signed('x9.19', (body) => body.slice(2))],
    [
      'the MAC input is the message as hex characters',
      'cup-ecb-16',
      () => signed('cup-ecb-16', (body) => Buffer.from(hexOf(body))),
    ],
    [
      'the padding is 80 and zeros, not zeros alone',
      'x9.19',
      () => signed('x9.19', (body) => Uint8Array.of(...body, 0x80)),
    ],
    ['the padding is FF, not 00', 'x9.9', () => signed('x9.9', padded(0xff))],
    ['the MAC profile is x9.9', 'cup-ecb', () => signed('cup-ecb', covered, keyOf('cup-ecb'), 'x9.9')],
    ['the MAC profile is x9.19-hex4', 'x9.19', () => signed('x9.19', covered, KEY, 'x9.19-hex4')],
    ['the MAC profile is cup-sm4-bin', 'cup-sm4', () => signed('cup-sm4', covered, KEY, 'cup-sm4-bin')],
    [
      'the halves of the key are the other way round',
      'cup-ecb-16',
      () => signed('cup-ecb-16', covered, Uint8Array.of(...KEY.slice(8), ...KEY.slice(0, 8))),
    ],
    [
      'the halves of field 64 are the other way round',
      'x9.19',
      () => {
        const frame = signed('x9.19', covered)
        return Uint8Array.of(...frame.slice(0, -8), ...frame.slice(-4), ...frame.slice(-8, -4))
      },
    ],
    [
      'field 64 has lower-case hex characters',
      'cup-ecb',
      () => {
        const frame = signed('cup-ecb', covered, bytesOf('23456789ABCDEF01'))
        return Uint8Array.of(
          ...frame.slice(0, -8),
          ...Buffer.from(Buffer.from(frame.slice(-8)).toString('latin1').toLowerCase()),
        )
      },
    ],
  ])('%s (%s)', async (words, macProfile, build) => {
    const key = words.includes('lower-case') ? bytesOf('23456789ABCDEF01') : keyOf(macProfile)
    const found = await why(build(), { macProfile }, key)
    expect(found.mac.proof).toEqual({ isRight: false, mistakes: expect.arrayContaining([words]) })
    expect(faultsOf(found)).toContain(`64: the MAC is wrong: it is right if ${words}`)
    expect(JSON.stringify(found)).not.toContain(hexOf(key))
  })

  it('names a key that is not valid any more, or of another use', async () => {
    const other = bytesOf('1122334455667788')
    const frame = signed('cup-ecb', covered, other)
    const keys = [
      { name: 'new', mistake: null, bytes: KEY.slice(0, 8) },
      { name: 'old', mistake: 'the key is that of sign-on 1', bytes: Uint8Array.from(other) },
    ]
    const found = await explainFrame(frame, { profile: profileOf() }, keys)
    expect(found.mac.proof).toEqual({ isRight: false, mistakes: ['the key is that of sign-on 1'] })
    expect(keys.every(({ bytes }) => bytes.every((byte) => byte === 0))).toBe(true)
  })

  it('says so when no usual mistake explains the MAC', async () => {
    const frame = signed('x9.19', covered, bytesOf('00112233445566778899AABBCCDDEEFF'))
    expect(faultsOf(await why(frame, { macProfile: 'x9.19' }, KEY))).toEqual([
      '64: the MAC is wrong, and no usual mistake explains it',
    ])
  })
})

describe('what is hidden', () => {
  const ascii = (hex: string): string => hexOf(Buffer.from(hex, 'latin1'))

  it('shows no part of another card, in no block and in no XOR', async () => {
    const pan = '4929123456781230'
    const fields = { 2: pan, 14: '2812', 35: `${pan}D28122010000`, 55: `5A08${pan}` }
    for (const macProfile of MAC_PROFILES) {
      const found = await why(framed(saleBody({ fields, profile: macProfile })), { macProfile })
      const text = JSON.stringify(found)
      for (const part of ['4929', '1230', '2345678', '2812', ascii(pan)]) expect(text).not.toContain(part)
      const shown = found.mac.blocks.flatMap(({ xor }) =>
        xor === undefined || xor.startsWith('hidden') ? [] : [xor],
      )
      // Only the XOR before the first masked block.
      expect(shown.length).toBeLessThanOrEqual(1)
      expect(found.mac.steps.join()).not.toMatch(/[0-9A-F]{8}/)
    }
  })

  it('shows the blocks of a test card, but never its PIN block', async () => {
    const shown = await why(framed(saleBody()))
    expect(JSON.stringify(shown.mac.blocks)).not.toMatch(/\*|hidden/)
    const pinBlock = '0123456789ABCDEF'
    const found = await why(framed(saleBody({ fields: { 26: '12', 52: pinBlock, 53: '2600000000000000' } })))
    const text = JSON.stringify(found)
    for (let at = 0; at + 6 <= 16; at += 2) expect(text).not.toContain(pinBlock.slice(at, at + 6))
    expect(found.mac.steps[0]).toContain('hidden')
  })

  it('shows no block of a message that cannot be cut', async () => {
    const pan = '4929123456781230'
    const found = await why(framed(edited(saleBody({ fields: { 2: pan } }), `16${pan}`, `06${pan}`)))
    for (const part of ['4929', '5678', '1230'])
      expect(JSON.stringify([found.mac, found.fields])).not.toContain(part)
  })
})

describe('annul describe --why', () => {
  const hex = hexOf(framed(saleBody()))

  it('needs no database with --mac', async () => {
    const { code, out } = await callCli(['describe', hex, '--why', '--mac', 'cup-ecb', '--json'], {
      env: { ANNUL_MAK: hexOf(keyOf('cup-ecb')) },
    })
    expect(code).toBe(0)
    expect(documentedJson('describe', out)[0]).toMatchObject({
      mti: '0200',
      why: { mac: { proof: { isRight: true } } },
    })
    const wrong = await callCli(['describe', hex, '--why', '--mac', 'cup-ecb', '--padding', 'F'])
    expect(wrong.code).toBe(1)
    expect(wrong.out).toContain('the service answers 30: field 22')
  })

  it.each([
    [['--why'], '--why needs --tid for a terminal of the local database, or --mac for a profile'],
    [['--tid', '12345678'], '--why is missing: only with it a frame is compared with a terminal'],
    [['--why', '--tid', '12345678', '--remote'], 'word 6 is not an option: see annul describe --help'],
    [
      ['--why', '--tid', '12345678', '--env', 'shanghai'],
      'word 6 is not an option: see annul describe --help',
    ],
  ])('%j is wrong usage', async (args, errors) => {
    expect(await callCli(['describe', hex, ...args])).toEqual({
      code: 2,
      out: '',
      errors: `describe: ${errors}`,
    })
  })

  it('refuses a database that is not of development', async () => {
    const { code, errors } = await callCli([
      'describe',
      hex,
      '--why',
      '--tid',
      '12345678',
      '--persist-to',
      '/nowhere',
    ])
    expect([code, errors]).toEqual([
      1,
      'describe: --why is for a development database: there is none here, run npm start first',
    ])
  })
})
