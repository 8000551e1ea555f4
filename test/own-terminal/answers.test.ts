/** @module The terminal of our own believes no answer with a changed bit, and none that is not its own message's. */

import { describe, expect, it } from 'vitest'
import { microUnpack } from '../support/micro-iso8583.ts'
import { bytesOfHex, hexOfBytes } from '../support/own-terminal/bytes.ts'
import { OwnTerminal } from '../support/own-terminal/terminal.ts'
import { openSite } from './site.ts'
import { CELLS, settingsOf } from './terminals.ts'

const CARD = { pan: '6225000000000014', entry: 'manual' } as const

/** The answer to a sale, with `change` on its way. Returns what the terminal made of it. */
type Believes = (change: (answer: Uint8Array) => Uint8Array) => Promise<string>

async function open(seed: number): Promise<{ believes: Believes; length: number; close: () => void }> {
  const site = await openSite()
  const cell = CELLS.find(({ macProfile, transport }) => macProfile === 'xor-3des' && transport === 'packet')
  if (cell === undefined) throw new Error('no cell')
  const transport = seed % 2 === 0 ? ('packet' as const) : ('serial' as const)
  const given = settingsOf({ ...cell, transport }, seed)
  const settings = { ...given, repeats: false, line: { ...given.line, header: '603100311312', tlv: '' } }
  await site.begin(settings)
  let answer: Uint8Array | null = null
  let change: ((answer: Uint8Array) => Uint8Array) | null = null
  const terminal = new OwnTerminal(
    settings,
    async (frame) => {
      answer = change === null ? await site.carry(frame) : answer
      return answer === null || change === null ? answer : change(answer)
    },
    site.now,
  )
  await terminal.signOn()
  const { stan, amount } = await terminal.sale(1234, CARD)
  const { length } = answer ?? []
  const believes: Believes = async (changeOf) => {
    change = changeOf
    terminal.pending = null
    const { state } = await terminal.transact({ kind: 'sale', amount, card: CARD }, { 11: stan })
    return state
  }
  return { believes, length: length ?? 0, close: () => site.close() }
}

describe.each([
  ['packet', 100],
  ['serial', 101],
])('an answer as %s', (_, seed) => {
  it('is believed as it is, and with no changed bit', async () => {
    const { believes, length, close } = await open(seed)
    expect(await believes((answer) => answer)).toBe('approved')
    const believed: number[] = []
    for (let at = 0; at < length; at++) {
      // Between its ends, a serial frame has the bytes of the packet.
      if (seed % 2 === 1 && at > 30 && at < length - 12) continue
      const flipped = (answer: Uint8Array) => answer.with(at, (answer[at] ?? 0) ^ (1 << (at % 8)))
      if ((await believes(flipped)) !== 'open') believed.push(at)
    }
    expect([length > 130, believed]).toEqual([true, []])
    close()
  })

  it('is not believed when it is cut, longer, or empty', async () => {
    const { believes, length, close } = await open(seed)
    for (const end of [0, 1, 7, 13, 23, length - 9, length - 1])
      expect(await believes((answer) => answer.subarray(0, end))).toBe('open')
    expect(await believes((answer) => bytesOfHex(`${hexOfBytes(answer)}00`))).toBe('open')
    close()
  })
})

describe('the slow reader of messages', () => {
  const F = { padding: 'F', entryMode: 'right' } as const
  it.each([
    ['a pad of 0 where the profile has F', '02004000000000000000035120', F, 'field 2: pad'],
    [
      'a pad of F where the profile has 0',
      '02004000000000000000035120'.replace(/0$/, 'F'),
      undefined,
      'field 2: pad',
    ],
    ['a letter in digits', '0200400000000000000002A1', undefined, 'field 2: content'],
    ['a field that does not exist', `02000080000000000000${'00'.repeat(8)}`, undefined, 'field 9'],
    ['more than the maximum', `0200400000000000000020${'12'.repeat(10)}`, undefined, 'field 2: length'],
    ['a field that is cut', '020040000000000000000412', undefined, 'field 2: ends early'],
    ['bytes behind the last field', '020040000000000000000412345678', undefined, 'bytes behind'],
  ])('refuses %s', (_, hex, forms, why) => {
    expect(() => microUnpack(hex, forms)).toThrow(why)
  })
})
