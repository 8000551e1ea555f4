/** @module `annul describe`: exit codes, one line on wrong usage, and no part of the input in an error. */

import { describe, expect, it } from 'vitest'
import { callCli, documentedJson } from '../cli/call-cli.ts'
import { goldenOf, hexOf } from '../support/iso8583-golden.ts'

const annulDescribe = (args: string[], stdin: (string | Uint8Array)[] = []) =>
  callCli(['describe', ...args], { stdin })

const hex = hexOf(goldenOf('5-void-req').input)

describe('annul describe', () => {
  it('prints a frame', async () => {
    const { code, out, errors } = await annulDescribe([hex])
    expect(code).toBe(0)
    expect(errors).toBe('')
    expect(out).toContain('MTI 0200  financial request')
    expect(out).toContain('主账号: 622500******0014  [masked]')
  })

  it('prints JSON on one line', async () => {
    const { code, out } = await annulDescribe(['--json', hex.toLowerCase()])
    expect(code).toBe(0)
    expect(out).not.toContain('\n')
    expect(documentedJson('describe', out)[0]).toMatchObject({
      frame: { kind: 'tpdu' },
      mti: '0200',
      fields: expect.arrayContaining([
        { number: 2, name: 'primary account number', value: '622500******0014', masked: true },
      ]),
    })
  })

  it('reads blanks between the bytes, several words, and stdin', async () => {
    const spaced = hex.replace(/../g, '$& ').trim()
    const { out } = await annulDescribe([hex])
    expect((await annulDescribe([spaced])).out).toBe(out)
    expect((await annulDescribe(spaced.split(' '))).out).toBe(out)
    expect((await annulDescribe(['-'], [`${hex.slice(0, 7)}`, Buffer.from(`${hex.slice(7)}\n`)])).out).toBe(
      out,
    )
  })

  it('prints the part that it could read, and exits with 1', async () => {
    const { code, out } = await annulDescribe([hex.slice(0, 120)])
    expect(code).toBe(1)
    expect(out).toContain('processing code')
    expect(out).toContain('error in frame')
    expect(JSON.parse((await annulDescribe([hex.slice(0, 120), '--json'])).out)).toHaveProperty('error')
  })

  it.each([
    [[], 'HEX|- is missing: expected an even number of hex digits, or - for stdin'],
    [['--json'], 'HEX|- is missing: expected an even number of hex digits, or - for stdin'],
    [[''], 'HEX|-: expected an even number of hex digits, or - for stdin'],
    [['6225000000000014Z'], 'HEX|-: expected an even number of hex digits, or - for stdin'],
    [['622500000000001'], 'HEX|-: expected an even number of hex digits, or - for stdin'],
    [['--unmask', '00'], 'word 2 is not an option: see annul describe --help'],
  ])('%j: exits with 2 and prints one line', async (args, why) => {
    expect(await annulDescribe(args)).toEqual({ code: 2, out: '', errors: `describe: ${why}` })
  })

  it('names stdin when its bytes are wrong', async () => {
    expect(await annulDescribe(['-'], ['0800Z'])).toEqual({
      code: 2,
      out: '',
      errors: 'describe: stdin: expected an even number of hex digits',
    })
  })
})
