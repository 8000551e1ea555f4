/** @module `annul describe`: exit codes, one line on wrong usage, and no part of the input in an error. */

import { describe, expect, it } from 'vitest'
import { run } from '../../src/cli/describe.ts'
import { goldenOf, hexOf } from '../support/iso8583-golden.ts'

async function annulDescribe(args: string[], stdin: (string | Uint8Array)[] = []) {
  const out: string[] = []
  const errors: string[] = []
  async function* chunks() {
    yield* stdin
  }
  const code = await run(args, { stdin: chunks(), stdout: (l) => out.push(l), stderr: (l) => errors.push(l) })
  return { code, out: out.join('\n'), errors }
}

const hex = hexOf(goldenOf('5-void-req').input)

describe('annul describe', () => {
  it('prints a frame', async () => {
    const { code, out, errors } = await annulDescribe([hex])
    expect(code).toBe(0)
    expect(errors).toEqual([])
    expect(out).toContain('MTI 0200  financial request')
    expect(out).toContain('主账号: 622500******0014  [masked]')
  })

  it('prints JSON on one line', async () => {
    const { code, out } = await annulDescribe(['--json', hex.toLowerCase()])
    expect(code).toBe(0)
    expect(out).not.toContain('\n')
    expect(JSON.parse(out)).toMatchObject({
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
    [[], 'no message given'],
    [['--json'], 'no message given'],
    [[''], 'the message is not an even number of hex digits'],
    [['6225000000000014Z'], 'the message is not an even number of hex digits'],
    [['622500000000001'], 'the message is not an even number of hex digits'],
    [['--unmask', '00'], 'unknown option'],
  ])('%j: exits with 2 and prints one line', async (args, why) => {
    const { code, out, errors } = await annulDescribe(args)
    expect({ code, out, errors }).toEqual({
      code: 2,
      out: '',
      errors: [`describe: ${why}; usage: annul describe HEX|- [--json]`],
    })
  })
})
