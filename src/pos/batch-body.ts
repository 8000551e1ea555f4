/** @module The bodies of a batch: frames one after the other, each with its LEN (protocol.md §1.5). */

import { err, ok, type Result } from '../domain/result.ts'
import { NAK, type TerminalReply } from './reply-cache.ts'

/** The most frames of a batch: as many messages as a set has. */
export const BATCH_FRAMES = 100

/** The most bytes of a batch. A void has 150 to 250 bytes, a sale with chip data 400. */
export const BATCH_BODY_LIMIT = 64 * 1024

const LEN_BYTES = 2

/**
 * Cuts a body into frames, LEN included. The parts are views into `body`. The error is an HTTP status: 400 if the frames do not end with the
 * body, 413 if there are too many. A frame has at most `longest` bytes.
 */
export function cutFrames(
  body: Uint8Array<ArrayBuffer>,
  longest: number,
): Result<readonly Uint8Array<ArrayBuffer>[], 400 | 413> {
  const frames: Uint8Array<ArrayBuffer>[] = []
  let at = 0
  while (at < body.length) {
    const [high, low] = body.subarray(at, at + LEN_BYTES)
    if (high === undefined || low === undefined) return err(400)
    const end = at + LEN_BYTES + 256 * high + low
    if (end === at + LEN_BYTES || end > body.length) return err(400)
    if (end - at > longest || frames.length === BATCH_FRAMES) return err(413)
    frames.push(body.subarray(at, end))
    at = end
  }
  return frames.length === 0 ? err(400) : ok(frames)
}

/** No answer: LEN zero. */
const NO_ANSWER = Uint8Array.of(0, 0)

/** NAK with a LEN of one. */
const REFUSED = Uint8Array.of(0, NAK.length, ...NAK)

/** The frames of the replies, in their order. */
export function joinReplies(replies: readonly TerminalReply[]): Uint8Array<ArrayBuffer> {
  const frames = replies.map(({ status, body }) =>
    status === 200 ? body : status === 400 ? REFUSED : NO_ANSWER,
  )
  const joined = new Uint8Array(frames.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const frame of frames) {
    joined.set(frame, at)
    at += frame.length
  }
  return joined
}
