/**
 * @module The published and constructed messages: unpack gives the listed fields, pack gives the same bytes.
 * None is skipped.
 */

import { describe, expect, it } from 'vitest'
import { isCanonical } from '../../src/iso8583/canonical.ts'
import { macInput, pack, unpack } from '../../src/iso8583/message.ts'
import { goldenOf, goldens, hexOf, NOT_CANONICAL } from '../support/iso8583-golden.ts'

describe('golden messages', () => {
  it('are complete', () => {
    expect(goldens.length).toBe(13 + 18)
  })

  it.each(goldens)('$id', ({ id, mti, bitmap, fields, body, canonical }) => {
    const message = unpack(body)
    expect(message).toMatchObject({ ok: true })
    if (!message.ok) return
    expect(message.value.mti).toBe(mti)
    expect([...message.value.fields]).toEqual([...fields].sort(([a], [b]) => a - b))
    expect(hexOf(body.subarray(2, 10))).toBe(bitmap)
    expect(isCanonical(body, message.value)).toBe(canonical)
    const { published = '', packed = '' } = NOT_CANONICAL.get(id) ?? {}
    expect(hexOf(body)).toContain(published)
    expect(hexOf(pack({ mti, fields }))).toBe(hexOf(body).replace(published, packed))
  })
})

describe('macInput', () => {
  it.each(goldens)('$id: returns everything before field 64, in place', ({ body, fields }) => {
    const input = macInput(body)
    expect(input.length).toBe(body.length - (fields.has(64) ? 8 : 0))
    expect(input.buffer).toBe(body.buffer)
    expect(input.byteOffset).toBe(body.byteOffset)
  })

  it('gives the bytes of the recorded MACs', async () => {
    const { data } = (await import('../vectors/cup-mac.json')).default
    const inputs = new Map(data.map((vector) => [vector.id, vector.input_hex]))
    expect(hexOf(macInput(goldenOf('sale-resp-yuantu').body))).toBe(inputs.get('cup-ecb-1'))
    expect(hexOf(macInput(goldenOf('reversal-req-ajsgn').body))).toBe(inputs.get('x9.19-9'))
  })

  it('returns short bodies unchanged', () => {
    for (let length = 0; length < 18; length++) {
      const body = new Uint8Array(length).fill(0xff)
      expect(macInput(body)).toBe(body)
    }
  })
})
