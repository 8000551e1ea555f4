/** @module The body of a batch. Frames are cut where they were joined, and every other body is refused as a whole. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BATCH_FRAMES, cutFrames, joinReplies } from '../../src/pos/batch-body.ts'
import { SILENCE, type TerminalReply } from '../../src/pos/reply-cache.ts'

const LONGEST = 4096

const framed = (content: Uint8Array): Uint8Array =>
  Uint8Array.of(content.length >> 8, content.length & 0xff, ...content)
const joined = (parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]))
const contents = fc.uint8Array({ minLength: 1, maxLength: 700 })

it('cuts the frames where they were joined', () => {
  fc.assert(
    fc.property(fc.array(contents, { minLength: 1, maxLength: 20 }), (all) => {
      const frames = all.map(framed)
      expect(cutFrames(joined(frames), LONGEST)).toEqual({ ok: true, value: frames })
    }),
  )
})

it('is a view of the body', () => {
  const body = joined([framed(Uint8Array.of(1)), framed(Uint8Array.of(2))])
  const cut = cutFrames(body, LONGEST)
  expect(cut.ok && cut.value.every((frame) => frame.buffer === body.buffer)).toBe(true)
})

describe('a wrong boundary is 400', () => {
  const whole = joined([framed(Uint8Array.of(1, 2, 3)), framed(Uint8Array.of(4, 5))])
  it.each(Array.from({ length: whole.length }, (_, i) => i).filter((i) => i !== 5))(
    'cut off after %i bytes',
    (end) => {
      expect(cutFrames(whole.slice(0, end), LONGEST)).toEqual({ ok: false, error: 400 })
    },
  )

  it.each([
    ['a byte behind the last frame', [...whole, 0x0d]],
    ['CR LF behind the last frame', [...whole, 0x0d, 0x0a]],
    ['a frame of no bytes', [...whole, 0, 0]],
    ['a frame of no bytes before others', [0, 0, ...whole]],
  ])('%s', (_, bytes) => {
    expect(cutFrames(Uint8Array.from(bytes), LONGEST)).toEqual({ ok: false, error: 400 })
  })
})

describe('bounds', () => {
  it('the most frames are taken, and one more is 413', () => {
    const many = (count: number) => joined(Array.from({ length: count }, () => framed(Uint8Array.of(7))))
    const most = cutFrames(many(BATCH_FRAMES), LONGEST)
    expect(most.ok && most.value.length).toBe(BATCH_FRAMES)
    expect(cutFrames(many(BATCH_FRAMES + 1), LONGEST)).toEqual({ ok: false, error: 413 })
  })

  it('a frame of the longest length is taken, and a longer one is 413', () => {
    const of = (length: number) => framed(new Uint8Array(length - 2))
    expect(cutFrames(joined([of(LONGEST)]), LONGEST).ok).toBe(true)
    expect(cutFrames(joined([of(LONGEST + 1)]), LONGEST)).toEqual({ ok: false, error: 413 })
  })
})

it('any bytes are cut into frames that make them up, or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      // Short lengths, so that some bytes are frames.
      const body = Uint8Array.from(bytes, (byte, i) => (i % 3 === 0 ? 0 : byte % 4))
      const cut = cutFrames(body, LONGEST)
      if (cut.ok) expect(joined(cut.value)).toEqual(body)
      else expect([400, 413]).toContain(cut.error)
    }),
  )
})

it('an answer has a place for each frame: its packet, NAK, or a LEN of zero', () => {
  const packet = Uint8Array.of(0, 2, 0x60, 0x61)
  const replies: TerminalReply[] = [
    { status: 200, body: packet },
    SILENCE,
    { status: 400, body: new Uint8Array(0) },
    { status: 429, body: new Uint8Array(0), retryAfter: 3 },
    { status: 400, body: Uint8Array.of(0x15) },
    { status: 200, body: packet },
  ]
  expect(Buffer.from(joinReplies(replies)).toString('hex')).toBe(
    '00026061' + '0000' + '000115' + '0000' + '000115' + '00026061',
  )
})
