/**
 * @module The masked printer: its output, and that it never prints a card number, track, PIN block or key.
 */

import fc from 'fast-check'
import { expect, it, describe as suite } from 'vitest'
import { describe, describeJson } from '../../src/iso8583/describe.ts'
import { pack } from '../../src/iso8583/message.ts'
import { xorLrc } from '../../src/iso8583/serial-frame.ts'
import { ELEMENTS } from '../../src/iso8583/spec.ts'
import { anyPan } from '../support/iso8583-arbitrary.ts'
import { bytesOf, goldenOf, goldens, hexOf } from '../support/iso8583-golden.ts'

const describedText = (bytes: Uint8Array): string =>
  `${describe(bytes, xorLrc)}\n${JSON.stringify(describeJson(bytes, xorLrc))}`

const field = (number: number, value: string, mti = '0200') =>
  describeJson(pack({ mti, fields: new Map([[number, value]]) }), xorLrc).fields[0]

const ascii = (text: string): string => hexOf(Buffer.from(text, 'latin1'))

suite('describe', () => {
  it('prints this', () => {
    expect(describe(goldenOf('5-void-req').input, xorLrc)).toMatchInlineSnapshot(`
      "tpdu frame  TPDU 6000030000  header 602200000000
      MTI 0200  financial request
      bitmap 702406C02CC09819
         2  primary account number 主账号: 622500******0014  [masked]
         3  processing code 交易处理码: 200000
         4  amount, transaction 交易金额: 000000001234
        11  systems trace audit number 受卡方系统跟踪号: 000003
        14  date, expiration 卡有效期: ****  [masked]
        22  point of service entry mode 服务点输入方式码: 051
        23  card sequence number 卡序列号: 001
        25  point of service condition code 服务点条件码: 00
        26  PIN capture code 服务点PIN获取码: 12
        35  track 2 data 二磁道数据: *************************************  [masked]
        37  retrieval reference number 检索参考号: 101530000002
        38  authorization code 授权标识应答码: 123456
        41  card acceptor terminal identification 受卡机终端标识码: 12345678
        42  card acceptor identification code 受卡方标识码: 123456789012345
        49  currency code, transaction 交易货币代码: 156
        52  PIN block 个人标识码数据: ****************  [masked]
        53  security related control information 安全控制信息: 2600000000000000
        60  transaction type, batch, network management 自定义域60: 23 000007 000 50  (type 23 void of sale, batch 000007, network 000 financial, terminal 50)
        61  original reference 原始信息域: 000007 000002  (original batch 000007, STAN 000002)
        64  message authentication code 报文鉴别码: 3139303130383032"
    `)
  })

  it('prints one JSON object', () => {
    expect(describeJson(goldenOf('10-echo-resp').input, xorLrc)).toMatchInlineSnapshot(`
      {
        "bitmap": "0018000002C00010",
        "fields": [
          {
            "name": "time, local transaction",
            "number": 12,
            "value": "102000",
          },
          {
            "name": "date, local transaction",
            "number": 13,
            "value": "0601",
          },
          {
            "meaning": "approved",
            "name": "response code",
            "number": 39,
            "value": "00",
          },
          {
            "name": "card acceptor terminal identification",
            "number": 41,
            "value": "12345678",
          },
          {
            "name": "card acceptor identification code",
            "number": 42,
            "value": "123456789012345",
          },
          {
            "meaning": "type 00 management, batch 000007, network 301 echo",
            "name": "transaction type, batch, network management",
            "number": 60,
            "value": "00 000007 301",
          },
        ],
        "frame": {
          "header": "602200000000",
          "kind": "tpdu",
          "tpdu": "6000000003",
        },
        "mti": "0830",
      }
    `)
  })

  it.each(goldens)(
    '$id: shows the same fields for a frame, a TPDU without length, and a bare message',
    (golden) => {
      const { input, body, fields, mti, bitmap } = golden
      const bare = describeJson(body, xorLrc)
      expect(bare).toMatchObject({ mti, bitmap })
      expect(bare.error).toBeUndefined()
      expect(bare.frame).toBeUndefined()
      expect(bare.fields.map(({ number }) => number)).toEqual([...fields.keys()].sort((a, b) => a - b))
      const framed = describeJson(input, xorLrc)
      expect(framed.fields).toEqual(bare.fields)
      expect(framed.frame).toEqual(
        golden.hasEnvelope
          ? { kind: 'tpdu', tpdu: hexOf(golden.tpdu), header: hexOf(golden.header) }
          : undefined,
      )
    },
  )

  it('opens serial frames, and reports broken ones', () => {
    const data = hexOf(goldenOf('9-echo-req').input.subarray(2))
    const covered = `${String(data.length / 2).padStart(4, '0')}${data}03`
    const bytes = Uint8Array.of(2, ...bytesOf(covered), xorLrc(bytesOf(covered)))
    expect(describeJson(bytes, xorLrc)).toMatchObject({ frame: { kind: 'serial' }, mti: '0820' })
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    expect(describeJson(bytes, xorLrc)).toMatchObject({
      frame: { kind: 'serial' },
      mti: '0820',
      error: { field: 'frame', why: 'length, ETX or LRC of the serial frame is wrong' },
    })
  })

  it.each(goldens)(
    '$id cut at every byte: shows the fields before the cut and its place',
    ({ input, body }) => {
      const whole = describeJson(body, xorLrc).fields
      for (let length = 0; length < body.length; length++) {
        const cut = describeJson(body.subarray(0, length), xorLrc)
        expect(cut.fields).toEqual(whole.slice(0, cut.fields.length))
        expect(cut.error).toBeDefined()
      }
      for (let length = 0; length < input.length; length++) {
        const cut = describeJson(input.subarray(0, length), xorLrc)
        expect(cut.fields).toEqual(whole.slice(0, cut.fields.length))
        expect(describe(input.subarray(0, length), xorLrc)).toContain(`: ${cut.error?.why}`)
      }
    },
  )

  it('names the field of an error', () => {
    const body = Uint8Array.from(goldenOf('6c-void-resp-A0').body)
    body[10] = 0xff
    expect(describe(body, xorLrc)).toContain('error in field 3: not digits')
    expect(describe(goldenOf('9-echo-req').input.subarray(0, 32), xorLrc)).toContain(
      'error in frame: length 52 declared, 30 bytes there; field 42: truncated: 15 bytes needed, 1 left',
    )
  })
})

suite('field by field', () => {
  it.each([
    [2, '6225000000000014', '622500******0014', true],
    [2, '622500000014', '************', true],
    [14, '2812', '****', true],
    [35, '6225000000000014D28122010000012300000', '*'.repeat(37), true],
    [36, '996225000000000014D1561560', '*'.repeat(26), true],
    [42, '123456789012345', '123456789012345', undefined],
    [52, '0123456789ABCDEF', '*'.repeat(16), true],
    [53, '2600000000000000', '2600000000000000', undefined],
    [53, '6225000000000014', '622500******0014', true],
    [54, '1001156C000000001234', '1001156C000000001234', undefined],
    [54, '1001156C0000000012341002156C000000005678', '1001156C000000001234 1002156C000000005678', undefined],
    [
      55,
      '9F3602031E910A42FE066E2918B0883030',
      '9F36 application transaction counter: 031E, 91 issuer authentication data: 42FE066E2918B0883030',
      undefined,
    ],
    [
      55,
      '5A08622500000000001457',
      '5A application PAN: 622500******0014, 57 track 2 equivalent data (byte 10: no length)',
      true,
    ],
    [55, '6225000000000014', '62 { 14 (byte 7: no length) } (byte 0: 37 bytes needed, 6 there)', undefined],
    [55, '', '', undefined],
    [57, ascii('A2012SN 12345-678'), 'A2012SN 12345-678', undefined],
    [57, '6225000000000014', '(8 bytes)', true],
    [58, '9F26', '(2 bytes)', true],
    [59, ascii('A2016ABCDEF0123456789'), '*********************', true],
    [62, '950973182317F80B950973182317F80B00962B60', '(20 bytes)', true],
    [62, ascii('Sequence No16315SXX-4C304119'), 'Sequence No16315SXX-4C304119', undefined],
    [63, ascii('01 '), '01 ', undefined],
    [63, ascii('card 6225000000000014=2812201123?'), 'card 622500******0014***********?', true],
    [63, ascii('6225 0000 0000 0014'), '622500******0014', true],
    [63, ascii('6225-0000-0000-0014.'), '622500******0014.', true],
    [63, 'B3B7CFFAB3C9B9A6', '撤销成功', undefined],
    [
      63,
      'A3B6A3B2A3B2A3B5A3B0A3B0A3B0A3B0A3B0A3B0A3B0A3B0A3B0A3B0A3B1A3B4',
      '６２２５００******００１４',
      true,
    ],
    [63, '1B4030', '(3 bytes)', true],
    [63, 'FFFF', '(2 bytes)', true],
    [64, '3531443837343145', '3531443837343145', undefined],
  ])('%i %s', (number, value, expected, masked) => {
    const result = field(number, value)
    expect(result?.value).toBe(expected)
    expect(result?.masked).toBe(masked)
  })

  it('shows fields 60 and 61 in their parts', () => {
    expect(field(60, '22000512000600')).toMatchObject({
      value: '22 000512 000 600',
      meaning: 'type 22 sale, batch 000512, network 000 financial, terminal 600',
    })
    expect(field(60, '22160529')).toMatchObject({ value: '22 160529', meaning: 'type 22 sale, batch 160529' })
    expect(field(60, '9916052')).toMatchObject({ value: '9916052' })
    expect(field(61, '0000070000020601')).toMatchObject({
      value: '000007 000002 0601',
      meaning: 'original batch 000007, STAN 000002, date 0601',
    })
    expect(field(61, '000007000002')).toMatchObject({ value: '000007 000002' })
    expect(field(61, '6225000000000')).toMatchObject({ value: '622500***0000', masked: true })
  })

  it('explains field 39 by the message type', () => {
    expect(field(39, '98', '0400')?.meaning).toBe('no answer in time')
    expect(field(39, '98', '0410')?.meaning).toBe('no answer from issuer')
    expect(field(39, 'ZZ', '0210')).toEqual({ number: 39, name: 'response code', value: 'ZZ' })
  })

  it('shows field 48 as totals in a settlement, and hides it elsewhere', () => {
    const totals = '00000000123400100000000123400110000000000000000000000000000001'
    expect(field(48, totals, '0510')?.value).toBe(
      'domestic debit 000000001234 × 001, credit 000000001234 × 001, code 1; ' +
        'foreign debit 000000000000 × 000, credit 000000000000 × 000, code 1',
    )
    const upload = '0100000002000062250000000000140000000001234'.padEnd(62, '0')
    expect(field(48, upload, '0320')).toMatchObject({ value: '(62 digits)', masked: true })
    expect(field(48, '0001', '0500')).toMatchObject({ value: '(4 digits)', masked: true })
  })

  it('gives every field a name', () => {
    for (const spec of ELEMENTS) expect(spec.name.length * spec.nameZh.length).toBeGreaterThan(0)
  })
})

suite('hides every secret', () => {
  it.each(goldens)('$id', ({ input, body, fields }) => {
    for (const text of [describedText(input), describedText(body)]) {
      for (const number of [2, 35, 36, 52, 55]) {
        const secret = fields.get(number)
        if (secret !== undefined) expect(text).not.toContain(secret)
      }
      const keys = fields.get(62)
      if (keys !== undefined && !keys.startsWith('53657175')) {
        for (let at = 0; at + 16 <= keys.length; at += 8) expect(text).not.toContain(keys.slice(at, at + 16))
      }
      expect(text).not.toContain('D2812')
      expect(text).not.toMatch(/expiration 卡有效期: [^*]/)
      expect(text).not.toMatch(/expiration","value":"[^*]/)
    }
  })

  /** Fields that are shown in full, and up to what length. */
  const isShownInFull = (number: number, pan: string): boolean =>
    number === 64 || (number === 42 && pan.length <= 15)

  it.each(ELEMENTS.map((spec) => [spec.number, spec] as const))(
    'hides a card number in field %i',
    (number, spec) => {
      fc.assert(
        fc.property(anyPan, fc.constantFrom('0200', '0320', '0500', '0810'), (pan, mti) => {
          const text = spec.format === 'b' ? ascii(pan) : pan
          const packed = spec.format === 'b' && pan.length % 2 === 0 ? pan : text
          const units = (value: string): number => (spec.format === 'b' ? value.length / 2 : value.length)
          for (const value of [text, packed]) {
            if (units(value) > spec.max || isShownInFull(number, pan)) continue
            const pad = spec.format === 'b' ? '20' : spec.format === 'n' || spec.format === 'z' ? '0' : ' '
            const fitted =
              spec.length === 'fixed'
                ? value.padEnd(value.length + (spec.max - units(value)) * pad.length, pad)
                : value
            const output = describedText(pack({ mti, fields: new Map([[number, fitted]]) }))
            expect(output).not.toContain(pan)
            expect(output).not.toContain(ascii(pan))
          }
        }),
        { numRuns: 50 },
      )
    },
  )

  it('hides a card number at any place of any message, packed or as text', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...goldens),
        fc.nat(),
        anyPan,
        fc.boolean(),
        ({ body }, at, pan, asText) => {
          const long = pan.padEnd(16, '4')
          const bytes = asText || long.length % 2 === 1 ? Buffer.from(long, 'latin1') : bytesOf(long)
          // Not over the bitmap, nor exactly over the MAC.
          const places = body.length - 8 - bytes.length - 10
          if (places <= 0) return
          const changed = Uint8Array.from(body)
          changed.set(bytes, 10 + (at % places))
          expect(describedText(changed)).not.toContain(long)
        },
      ),
      { numRuns: 5000 },
    )
  })

  it('hides a track 2 in a text', () => {
    fc.assert(
      fc.property(anyPan, fc.constantFrom('=', 'D', '^'), (pan, separator) => {
        const output = describedText(
          pack({ mti: '0200', fields: new Map([[63, ascii(`x ${pan}${separator}28122011234567890 y`)]]) }),
        )
        expect(output).not.toContain(pan)
        expect(output).not.toMatch(/281220|1234567/)
      }),
    )
  })
})
