/** @module The priority of a frame from its first bytes, against the codec, which reads all of it. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { priorityOfFrame } from '../../src/admission/frame-priority.ts'
import { transactionTypeOf } from '../../src/iso8583/cup.ts'
import { buildFrame, parseFrame } from '../../src/iso8583/frame.ts'
import { messageOf, pack, unpack } from '../../src/iso8583/message.ts'
import { xorLrc } from '../../src/iso8583/serial-frame.ts'
import { anyMessage, anyPan } from '../support/iso8583-arbitrary.ts'
import { goldens } from '../support/iso8583-golden.ts'

const TPDU = Uint8Array.of(0x60, 0, 3, 0, 0)
const HEADER = Uint8Array.of(0x60, 0x22, 0, 0, 0, 0)

const URGENCY: Readonly<Record<string, string>> = {
  void: 'undo',
  sale_reversal: 'undo',
  void_reversal: 'undo',
  sale: 'sale',
}

/**
 * The priority by the codec. It is undefined for a transaction that is not ours, where any priority will do.
 */
function expected(bytes: Uint8Array): string | undefined {
  const frame = parseFrame(bytes, xorLrc)
  const message = frame.ok ? unpack(frame.value.body) : frame
  if (!message.ok) return undefined
  const type = transactionTypeOf(message.value)
  return type === undefined ? undefined : (URGENCY[type] ?? 'other')
}

const KINDS = ['tpdu', 'serial'] as const

it('matches the codec for every golden message', () => {
  const seen = new Set<string>()
  for (const { body } of goldens)
    for (const kind of KINDS) {
      const bytes = buildFrame(kind, TPDU, HEADER, body, xorLrc)
      const priority = expected(bytes)
      if (priority === undefined) continue
      expect(priorityOfFrame(bytes)).toBe(priority)
      seen.add(priority)
    }
  expect(seen).toEqual(new Set(['undo', 'sale', 'other']))
})

describe('with any content before and after field 3', () => {
  const transaction = fc.record({
    mti: fc.constantFrom('0200', '0400', '0500', '0800'),
    pan: fc.option(anyPan, { nil: undefined }),
    isVoid: fc.boolean(),
    account: fc.constantFrom('0', '1', '4'),
    kind: fc.constantFrom(...KINDS),
    stan: fc.nat({ max: 999_999 }),
    tail: fc.string({ unit: 'grapheme-ascii', maxLength: 200 }),
  })
  it('matches the codec', () => {
    fc.assert(
      fc.property(transaction, ({ mti, pan, isVoid, account, kind, stan, tail }) => {
        const message = messageOf(mti, [
          [2, pan],
          [3, `${isVoid ? '20' : '00'}${account}000`],
          [11, String(stan).padStart(6, '0')],
          [60, `${isVoid ? '23' : '22'}000001201`],
          [62, Buffer.from(tail, 'latin1').toString('hex').toUpperCase()],
        ])
        const bytes = buildFrame(kind, TPDU, HEADER, pack(message), xorLrc)
        const priority = expected(bytes)
        if (priority !== undefined) expect(priorityOfFrame(bytes)).toBe(priority)
      }),
      { numRuns: 2000 },
    )
  })

  it('gives any message of the field table a priority', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        const bytes = buildFrame('tpdu', TPDU, HEADER, pack(message), xorLrc)
        const priority = expected(bytes)
        if (priority !== undefined) expect(priorityOfFrame(bytes)).toBe(priority)
        if (message.mti === '0400') expect(priorityOfFrame(bytes)).toBe('undo')
      }),
    )
  })
})

it('gives unreadable bytes the lowest priority, however few they are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(['undo', 'sale', 'other']).toContain(priorityOfFrame(bytes))
      if (bytes.length < 15) expect(priorityOfFrame(bytes)).toBe('other')
    }),
  )
  const sale = buildFrame('tpdu', TPDU, HEADER, pack(messageOf('0200', [[3, '000000']])), xorLrc)
  for (let length = 0; length < 24; length++) expect(priorityOfFrame(sale.subarray(0, length))).toBe('other')
  expect(priorityOfFrame(sale)).toBe('sale')
})
