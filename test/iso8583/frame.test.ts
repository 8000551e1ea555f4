/**
 * @module Frames: length, TPDU and header; serial frames and their NAK; the two frame types that can start
 * with byte 02.
 */

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { answerFrame, buildFrame, type Frame, parseFrame } from '../../src/iso8583/frame.ts'
import { xorLrc } from '../../src/iso8583/serial-frame.ts'
import { bytesOf, goldenOf, goldens, hexOf } from '../support/iso8583-golden.ts'

const TPDU = bytesOf('6000030000')
const HEADER = bytesOf('602200000000')
const NAK = { ok: false, error: { kind: 'lrc' } }

const opened = (bytes: Uint8Array): Frame => {
  const frame = parseFrame(bytes, xorLrc)
  if (!frame.ok) throw new Error(JSON.stringify(frame.error))
  return frame.value
}

/** A serial frame built by hand, on hex strings. */
function serial(data: string): Uint8Array {
  const covered = `${String(data.length / 2).padStart(4, '0')}${data}03`
  const lrc = bytesOf(covered).reduce((sum, byte) => sum ^ byte, 0)
  return bytesOf(`02${covered}${lrc.toString(16).padStart(2, '0')}`)
}

describe('TPDU frames', () => {
  it.each(goldens.filter(({ hasLength }) => hasLength))('$id', ({ input, tpdu, header, body }) => {
    const frame = opened(input)
    expect(frame).toEqual({ kind: 'tpdu', tpdu, header, body })
    expect(hexOf(buildFrame('tpdu', tpdu, header, body, xorLrc))).toBe(hexOf(input))
  })

  it('ignore bytes after the declared length', () => {
    const { input, body } = goldenOf('5-void-req')
    expect(hexOf(opened(Uint8Array.of(...input, 13, 10, 13, 10)).body)).toBe(hexOf(body))
  })

  it('accept any header and any addresses', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 10, maxLength: 10 }), (any) => {
        const tpdu = Uint8Array.of(0x60, ...any.subarray(0, 4))
        const header = any.subarray(4)
        expect(opened(buildFrame('tpdu', tpdu, header, bytesOf('0820'), xorLrc))).toMatchObject({
          tpdu,
          header,
        })
      }),
    )
  })

  it.each([
    ['', '0 bytes are no frame'],
    ['00', '1 bytes are no frame'],
    ['000C6000030000602200000000', 'length 12 declared, 11 bytes there'],
    ['000A60000300006022000000', '10 bytes, TPDU and header need 11'],
    ['000B6100030000602200000000', 'TPDU does not start with 60'],
    ['15', '1 bytes are no frame'],
  ])('%s is not a frame', (hex, why) => {
    expect(parseFrame(bytesOf(hex), xorLrc)).toEqual({ ok: false, error: { kind: 'frame', why } })
  })

  it('are rejected at every truncation', () => {
    const { input } = goldenOf('5-void-req')
    for (let length = 0; length < input.length; length++)
      expect(parseFrame(input.subarray(0, length), xorLrc).ok).toBe(false)
  })
})

describe('serial frames', () => {
  const { data } = JSON.parse(readFileSync(`${import.meta.dirname}/../vectors/lrc.json`, 'utf8')) as {
    data: { data_hex: string; frame_hex: string; lrc_hex: string }[]
  }

  it.each(data)('LRC $lrc_hex', ({ data_hex, frame_hex, lrc_hex }) => {
    expect(hexOf(serial(data_hex))).toBe(frame_hex)
    expect(xorLrc(bytesOf(frame_hex).subarray(1, -1))).toBe(Number.parseInt(lrc_hex, 16))
    const frame = parseFrame(bytesOf(frame_hex), xorLrc)
    // The DATA of the first vector is three bytes: its LRC is right, but it holds no TPDU.
    if (data_hex.length < 22) expect(frame).toMatchObject({ error: { kind: 'frame' } })
    else
      expect(frame).toMatchObject({
        value: { kind: 'serial', tpdu: TPDU, header: HEADER, body: bytesOf('0820') },
      })
  })

  it.each(goldens.filter(({ hasEnvelope }) => hasEnvelope))('$id', ({ tpdu, header, body }) => {
    const bytes = serial(hexOf(tpdu) + hexOf(header) + hexOf(body))
    expect(opened(bytes)).toEqual({ kind: 'serial', tpdu, header, body })
    expect(hexOf(buildFrame('serial', tpdu, header, body, xorLrc))).toBe(hexOf(bytes))
  })

  const good = serial(`${hexOf(TPDU)}${hexOf(HEADER)}${hexOf(goldenOf('9-echo-req').body)}`)

  it('with any wrong bit get a NAK, except in STX itself', () => {
    for (let bit = 0; bit < good.length * 8; bit++) {
      const flipped = Uint8Array.from(good)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7))
      const frame = parseFrame(flipped, xorLrc)
      if (bit < 8) expect(frame).toMatchObject({ error: { kind: 'frame' } })
      else expect(frame).toEqual(NAK)
    }
  })

  it('cut at any byte get a NAK', () => {
    for (let length = 1; length < good.length; length++)
      expect(parseFrame(good.subarray(0, length), xorLrc)).toEqual(NAK)
  })

  it('with a length that is not decimal, or without ETX, get a NAK', () => {
    expect(parseFrame(bytesOf('02000A600003000060220000000003'), xorLrc)).toEqual(NAK)
    const noEtx = Uint8Array.from(good)
    noEtx[noEtx.length - 2] = 0x04
    noEtx[noEtx.length - 1] = xorLrc(noEtx.subarray(1, -1))
    expect(parseFrame(noEtx, xorLrc)).toEqual(NAK)
  })

  it('follow the LRC rule over exactly LEN1 LEN2 DATA ETX', () => {
    const seen: string[] = []
    const rule = (bytes: Uint8Array): number => {
      seen.push(hexOf(bytes))
      return 0x5a
    }
    const bytes = buildFrame('serial', TPDU, HEADER, bytesOf('0820'), rule)
    expect(seen).toEqual(['00136000030000602200000000082003'])
    expect(bytes.at(-1)).toBe(0x5a)
    expect(parseFrame(bytes, rule).ok).toBe(true)
    expect(seen[1]).toBe(seen[0])
    expect(parseFrame(bytes, xorLrc)).toEqual(NAK)
  })

  it('with an invalid TPDU are not frames', () => {
    expect(parseFrame(serial('61000300006022000000000820'), xorLrc)).toMatchObject({
      error: { kind: 'frame' },
    })
  })
})

describe('a first byte 02', () => {
  const body = (length: number): Uint8Array => new Uint8Array(length).fill(0x11)

  it('starts a TPDU frame of 512 to 767 bytes', () => {
    for (const length of [512, 513, 600, 767]) {
      const bytes = buildFrame('tpdu', TPDU, HEADER, body(length - 11), xorLrc)
      expect(bytes[0]).toBe(2)
      expect(opened(bytes)).toMatchObject({ kind: 'tpdu', body: body(length - 11) })
    }
  })

  it('starts a serial frame of any length, also when its second length byte is 60', () => {
    for (const length of [11, 60, 160, 460, 512, 560, 660, 760, 860, 3960]) {
      const bytes = buildFrame('serial', TPDU, HEADER, body(length - 11), xorLrc)
      expect(opened(bytes)).toMatchObject({ kind: 'serial', body: body(length - 11) })
    }
  })

  it('is read as serial if its TPDU and ETX are in their serial places: 560 bytes of DATA are also a TPDU frame of 517', () => {
    const bytes = buildFrame('serial', TPDU, HEADER, body(549), xorLrc)
    expect(hexOf(bytes.subarray(0, 4))).toBe('02056060')
    expect(0x0205).toBeLessThanOrEqual(bytes.length - 2)
    expect(opened(bytes).kind).toBe('serial')

    const wrongLrc = Uint8Array.from(bytes)
    wrongLrc[wrongLrc.length - 1] = (wrongLrc.at(-1) ?? 0) ^ 1
    expect(parseFrame(wrongLrc, xorLrc)).toEqual(NAK)

    const noEtx = Uint8Array.from(bytes)
    noEtx[noEtx.length - 2] = 0
    expect(opened(noEtx).kind).toBe('tpdu')
  })

  it('stays a TPDU frame when its address is 60xx', () => {
    const bytes = buildFrame('tpdu', bytesOf('6060120000'), HEADER, body(517 - 11), xorLrc)
    expect(hexOf(bytes.subarray(0, 4))).toBe('02056060')
    expect(opened(bytes).kind).toBe('tpdu')
    expect(opened(Uint8Array.of(...bytes, ...body(100))).kind).toBe('tpdu')
  })
})

describe('response frames', () => {
  const request = goldenOf('5-void-req')

  it.each([
    ['6-void-resp', false],
    ['6c-void-resp-A0', true],
  ])('%s: swap the addresses, echo the header, and ask for a sign-on: %s', (id, signOnAgain) => {
    const expected = goldenOf(id)
    const bytes = answerFrame(opened(request.input), expected.body, { signOnAgain }, xorLrc)
    expect(hexOf(bytes)).toBe(hexOf(expected.input))
  })

  it('clear the terminal’s processing requirement and keep its other nibbles', () => {
    const frame = opened(
      buildFrame('tpdu', bytesOf('6012345678'), bytesOf('6031F9ABCDEF'), request.body, xorLrc),
    )
    const answer = opened(answerFrame(frame, bytesOf('0210'), {}, xorLrc))
    expect(hexOf(answer.tpdu)).toBe('6056781234')
    expect(hexOf(answer.header)).toBe('6031F0ABCDEF')
    expect(hexOf(frame.header)).toBe('6031F9ABCDEF')
  })

  it('use the framing of the request', () => {
    const frame = opened(buildFrame('serial', TPDU, HEADER, request.body, xorLrc))
    const answer = answerFrame(frame, bytesOf('0210'), { signOnAgain: true }, xorLrc)
    expect(hexOf(answer)).toBe(hexOf(serial('60000000036022030000000210')))
  })
})

describe('buildFrame throws RangeError', () => {
  it.each([
    ['tpdu', 4, 6, 10, 'tpdu: expected 5 bytes, got 4'],
    ['tpdu', 5, 129, 10, 'header: expected at most 128 bytes, got 129'],
    ['tpdu', 5, 6, 65_525, 'frame: expected at most 65535 bytes, got 65536'],
    ['serial', 5, 6, 9_989, 'serial data: expected at most 9999 bytes, got 10000'],
  ] as const)('%s %i %i %i', (kind, tpdu, header, body, message) => {
    const build = () =>
      buildFrame(kind, new Uint8Array(tpdu), new Uint8Array(header), new Uint8Array(body), xorLrc)
    expect(build).toThrow(new RangeError(message))
  })
})
