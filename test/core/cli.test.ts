/** @module The commands over the core: their output, their errors, and that no error holds a key. */
import { describe, expect, test } from 'vitest'
import { isCoreFresh } from '../../src/cli/build.ts'
import { callCli, documentedJson } from '../cli/call-cli.ts'
import cupMac from '../vectors/cup-mac.json' with { type: 'json' }
import lrcVectors from '../vectors/lrc.json' with { type: 'json' }

const call = (command: string, args: string[], ...stdin: (string | Uint8Array)[]) =>
  callCli([command, ...args], { stdin })

const KEY = '5CBE7E38A146FD5C'
const LINE = JSON.stringify({ algorithm: 'cup-ecb', key: KEY, message: '010203' })
const ANSWER = '{"mac":"4631314632433237"}'

describe('mac', () => {
  test('answers one message by flags', async () => {
    const args = ['--algorithm', 'cup-ecb', '--key', KEY.toLowerCase(), '--message', '010203']
    expect(await call('mac', args)).toEqual({ code: 0, out: '4631314632433237', errors: '' })
  })

  test('answers each line', async () => {
    const vectors = cupMac.data.filter(({ algorithm }) => algorithm !== 'CUP-SM4')
    const lines = vectors.map(({ algorithm, key_hex, input_hex }) =>
      JSON.stringify({ algorithm: algorithm.toLowerCase(), key: key_hex, message: input_hex }),
    )
    const { code, out } = await call('mac', ['--ndjson'], `${lines.join('\n')}\n`)
    const expected = vectors.map(({ algorithm, computed }) =>
      algorithm === 'CUP-ECB' ? Buffer.from(computed).toString('hex').toUpperCase() : computed,
    )
    expect(code).toBe(0)
    expect(out.split('\n').map((line) => JSON.parse(line))).toEqual(expected.map((each) => ({ mac: each })))
  })

  test('accepts lines cut anywhere, CRLF, blank lines, and a last line without an end', async () => {
    const text = Buffer.from(`${LINE}\r\n\n${LINE}`)
    for (let cut = 0; cut <= text.length; cut++) {
      const { out } = await call('mac', ['--ndjson'], text.subarray(0, cut), text.subarray(cut).toString())
      expect(out).toBe(`${ANSWER}\n${ANSWER}`)
    }
  })

  test('reports a malformed line in its place and continues, without printing a key', async () => {
    const bad = [
      '{',
      'null',
      '[]',
      '"text"',
      '{}',
      JSON.stringify({ algorithm: KEY, key: KEY, message: '' }),
      JSON.stringify({ algorithm: 'toString', key: KEY, message: '' }),
      JSON.stringify({ algorithm: 'cup-ecb', key: `${KEY}0`, message: '' }),
      JSON.stringify({ algorithm: 'cup-ecb', key: `${KEY}zz`, message: '' }),
      JSON.stringify({ algorithm: 'cup-ecb', key: 5, message: '' }),
      JSON.stringify({ algorithm: 'cup-ecb', key: `${KEY}00`, message: '' }),
      JSON.stringify({ algorithm: 'cup-ecb', key: KEY }),
      JSON.stringify({ algorithm: 'cup-ecb', key: KEY, message: '00'.repeat(10_241) }),
    ]
    const { code, out } = await call('mac', ['--ndjson'], [...bad, LINE].join('\n'))
    const lines = out.split('\n')
    expect(code).toBe(0)
    expect(lines).toHaveLength(bad.length + 1)
    expect(lines.at(-1)).toBe(ANSWER)
    for (const line of lines.slice(0, -1)) {
      expect(Object.keys(JSON.parse(line))).toEqual(['error'])
      expect(line).not.toContain(KEY)
    }
  })

  test.each([
    [[]],
    [['--algorithm', 'des', '--key', KEY, '--message', '00']],
    [['--algorithm', 'cup-ecb', '--key', `${KEY}00`, '--message', '00']],
    [['--algorithm', 'cup-ecb', '--key', KEY]],
    [['--ndjson', KEY]],
    [[`--${KEY}`]],
    [['--key']],
  ])('exits with 2 and one line on wrong usage %#, without the key', async (args) => {
    const { code, out, errors } = await call('mac', args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(errors).toMatch(/^mac: [^\n]+$/)
    expect(errors).not.toContain(KEY)
  })
})

test.each([
  ['mac', ['--algorithm', 'cup-ecb', '--key', KEY, '--message', '010203'], { mac: '4631314632433237' }],
  [
    'cipher',
    ['--cipher', 'des', '--operation', 'decrypt', '--key', KEY, '--data', '00'.repeat(8)],
    { data: expect.stringMatching(/^[0-9A-F]{16}$/) },
  ],
  ['lrc', ['303031'], { lrc: '31' }],
  ['kcv', ['--cipher', 'des', '--key', 'AB7C577CC7A18045'], { kcv: 'CFF1592A' }],
] as const)('prints the documented members with %s --json', async (name, args, expected) => {
  const { code, out } = await call(name, [...args, '--json'])
  expect([code, documentedJson(name, out)]).toEqual([0, [expected]])
})

describe('cipher', () => {
  test('encrypts and decrypts, by flags and by lines', async () => {
    const [key, pt, ct] = [
      '0123456789abcdeffedcba9876543210',
      '0123456789ABCDEFFEDCBA9876543210',
      '681EDF34D206965E86B3E94F536E4246',
    ]
    const flags = ['--cipher', 'sm4', '--operation', 'encrypt', '--key', key, '--data', pt]
    expect((await call('cipher', flags)).out).toBe(ct)
    const lines = [
      { cipher: 'sm4', operation: 'encrypt', key, data: pt },
      { cipher: 'sm4', operation: 'decrypt', key, data: ct },
      { cipher: 'sm4', operation: 'sign', key, data: ct },
      { cipher: 'sm4', operation: 'decrypt', key, data: '00' },
    ]
    const { code, out } = await call(
      'cipher',
      ['--ndjson'],
      lines.map((line) => JSON.stringify(line)).join('\n'),
    )
    expect(code).toBe(0)
    expect(out.split('\n').map((line) => JSON.parse(line))).toEqual([
      { data: ct },
      { data: pt },
      { error: 'operation: expected one of encrypt, decrypt' },
      { error: 'sm4 data: expected whole blocks of 16 bytes, got 1' },
    ])
  })

  test('exits with 2 on wrong usage', async () => {
    expect((await call('cipher', ['--cipher', 'rc4'])).code).toBe(2)
  })
})

describe('lrc', () => {
  test.each(lrcVectors.data)(
    'of DATA and of the frame $frame_hex',
    async ({ data_hex, frame_hex, lrc_hex }) => {
      for (const text of [data_hex, frame_hex, frame_hex.slice(0, -2)]) {
        expect(await call('lrc', [text])).toEqual({ code: 0, out: lrc_hex, errors: '' })
      }
    },
  )

  test('accepts the options', async () => {
    expect((await call('lrc', ['303031', '--no-length'])).out).toBe('32')
    expect((await call('lrc', ['303031', '--include-stx'])).out).toBe('33')
    expect((await call('lrc', ['--seed', '7F', '303031'])).out).toBe('4E')
    expect(
      (await call('lrc', ['0200033030310331', '--no-length', '--include-stx', '--seed', '7f'])).out,
    ).toBe('4F')
  })

  test('treats bytes that only resemble a frame as DATA', async () => {
    // LEN is 4, but three bytes follow: 00 07 ⊕ the bytes ⊕ 03.
    expect((await call('lrc', ['02000430303103'])).out).toBe('30')
    expect((await call('lrc', [''])).out).toBe('03')
  })

  test('counts LEN in BCD', async () => {
    // 0x12 ⊕ 0x34 ⊕ 0x03. The zeros add nothing.
    expect((await call('lrc', ['00'.repeat(1234)])).out).toBe('25')
    expect((await call('lrc', ['00'.repeat(9999)])).out).toBe('03')
    expect((await call('lrc', ['00'.repeat(10_000)])).code).toBe(2)
  })

  test.each([[[]], [['xyz']], [['303']], [['00', '11']], [['00', '--seed', '100']], [['00', '--seed', '7']]])(
    'exits with 2 and one line on wrong usage %j',
    async (args) => {
      const { code, errors } = await call('lrc', args)
      expect(code).toBe(2)
      expect(errors).toMatch(/^lrc: [^\n]+$/)
    },
  )
})

describe('kcv', () => {
  test.each([
    ['3des', 'D931648F3DE313A4A22C15DCA4F4299E', '900ECCE3'],
    ['des', 'AB7C577CC7A18045', 'CFF1592A'],
  ])('%s', async (name, key, expected) => {
    expect(await call('kcv', ['--cipher', name, '--key', key])).toEqual({
      code: 0,
      out: expected,
      errors: '',
    })
  })

  test('exits with 2 on wrong usage', async () => {
    const { code, errors } = await call('kcv', ['--cipher', 'des', '--key', `${KEY}${KEY}`])
    expect({ code, errors }).toEqual({ code: 2, errors: 'kcv: des key: expected 8 bytes, got 16' })
    expect((await call('kcv', ['--key', KEY])).code).toBe(2)
  })
})

test('build takes no arguments and keeps an up-to-date core', async () => {
  expect((await call('build', ['now'])).code).toBe(2)
  expect(await call('build', [])).toEqual({ code: 0, out: '', errors: '' })
  expect(await isCoreFresh()).toBe(true)
})
