/**
 * @module Damaged and random bytes: they never throw, always give a field and a reason, and the reason holds
 * no content.
 */

import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, it, describe as suite } from 'vitest'
import { isCanonical } from '../../src/iso8583/canonical.ts'
import { describe, describeJson } from '../../src/iso8583/describe.ts'
import { parseFrame } from '../../src/iso8583/frame.ts'
import { macInput, pack, unpack, unpackWhatCan } from '../../src/iso8583/message.ts'
import { xorLrc } from '../../src/iso8583/serial-frame.ts'
import { bytesOf, goldens, hexOf } from '../support/iso8583-golden.ts'

/** Every step that bytes from outside go through. */
function readAll(bytes: Uint8Array): void {
  parseFrame(bytes, xorLrc)
  describe(bytes, xorLrc)
  describeJson(bytes, xorLrc)
  macInput(bytes)
  const message = unpack(bytes)
  if (message.ok) isCanonical(bytes, message.value)
  else expect(message.error.why).toMatch(/^[a-zA-Z0-9:, ]+$/)
}

suite('truncation at every byte', () => {
  it.each(goldens)('$id', ({ body, fields }) => {
    const numbers = [...fields.keys()].sort((a, b) => a - b)
    for (let length = 0; length < body.length; length++) {
      const cut = unpackWhatCan(body.subarray(0, length))
      const read = [...cut.fields.keys()]
      expect(read).toEqual(numbers.slice(0, read.length))
      expect(cut.error?.field).toBe(length < 2 ? 'mti' : length < 10 ? 'bitmap' : numbers[read.length])
      expect(cut.error?.why).toMatch(/^truncated: \d+ bytes needed, \d+ left$/)
      expect(unpack(body.subarray(0, length)).ok).toBe(false)
    }
  })

  it.each(goldens)('$id: rejects one byte more too', ({ body }) => {
    const longer = Uint8Array.of(...body, 0)
    expect(unpack(longer)).toMatchObject({ error: { field: 'length', why: '1 bytes after the last field' } })
  })
})

suite('every single-bit flip', () => {
  it('is rejected, read as a different message, or reported as not canonical', () => {
    let refused = 0
    let different = 0
    let padNibble = 0
    let shifted = 0
    for (const { body, mti, fields } of goldens.filter(({ canonical }) => canonical)) {
      for (let bit = 0; bit < body.length * 8; bit++) {
        const flipped = Uint8Array.from(body)
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7))
        const message = unpack(flipped)
        if (!message.ok) {
          refused++
          continue
        }
        const same =
          JSON.stringify([message.value.mti, ...message.value.fields]) ===
          JSON.stringify([mti, ...[...fields].sort(([a], [b]) => a - b)])
        if (isCanonical(flipped, message.value)) {
          expect(same).toBe(false)
          different++
        } else if (same) padNibble++
        else shifted++
      }
    }
    // A pad nibble has no meaning. One flipped bitmap bit shifts the fields and ends in a field of another
    // message.
    expect({ refused, different, padNibble, shifted }).toMatchInlineSnapshot(`
      {
        "different": 18596,
        "padNibble": 188,
        "refused": 5911,
        "shifted": 1,
      }
    `)
  })
})

suite('random bytes', () => {
  it('never throw', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), readAll), { numRuns: 3000 })
  })

  it('never throw behind a plausible start', () => {
    const start = fc.constantFrom(...goldens.map(({ body }) => body.subarray(0, 10)))
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 300 }), (head, tail) => {
        readAll(Uint8Array.of(...head, ...tail))
      }),
      { numRuns: 3000 },
    )
  })

  it('pack to the same message when they unpack', () => {
    fc.assert(
      fc.property(fc.constantFrom(...goldens), fc.nat(), fc.nat(255), ({ body }, at, value) => {
        const changed = Uint8Array.from(body)
        changed[at % body.length] = value
        readAll(changed)
        const message = unpack(changed)
        if (message.ok) expect(unpack(pack(message.value))).toEqual(message)
      }),
      { numRuns: 3000 },
    )
  })

  it('are read within their view only, never from the larger buffer', () => {
    for (const { body } of goldens) {
      const buffer = new Uint8Array(body.length + 64).fill(0x99)
      buffer.set(body, 32)
      for (const length of [10, body.length - 1, body.length]) {
        const view = buffer.subarray(32, 32 + length)
        expect(unpackWhatCan(view)).toEqual(unpackWhatCan(Uint8Array.from(view)))
      }
    }
  })
})

suite('corpus', () => {
  const folder = `${import.meta.dirname}/../corpus`
  const files = readdirSync(folder).filter((name) => name.endsWith('.hex'))

  it.each(files)('%s', (name) => {
    const lines = readFileSync(`${folder}/${name}`, 'utf8').split('\n')
    const bytes = bytesOf(lines.filter((line) => !line.startsWith('#')).join(''))
    const expected = lines.find((line) => line.startsWith('# expect: '))?.slice(10)
    readAll(bytes)
    const frame = parseFrame(bytes, xorLrc)
    const body = frame.ok ? frame.value.body : bytes
    const message = unpack(body)
    const outcome = message.ok
      ? isCanonical(body, message.value)
        ? 'canonical'
        : 'not canonical'
      : `${message.error.field}: ${message.error.why}`
    expect(outcome).toBe(expected)
    if (message.ok && outcome === 'canonical') expect(hexOf(pack(message.value))).toBe(hexOf(body))
  })
})
