/**
 * @module The header between TPDU and message, when it is not the usual one of 6 bytes (protocol.md §1.1). The profile says its form,
 * and only the message names the terminal. So the message is found first, and its header is compared with the profile afterwards.
 */

import { err, ok, type Result } from '../domain/result.ts'
import type { MessageForms } from '../domain/terminal-profile.ts'
import { type Frame, HEADER_LENGTH, parseFrame } from './frame.ts'
import { type FormatError, type Message, mtiOf, unpack } from './message.ts'
import type { Lrc } from './serial-frame.ts'

/** The most bytes between TPDU and message, with a TLV block. */
const MAX_DISTANCE = 128

/** A frame whose header and body are those of its message. */
export interface FramedMessage {
  readonly frame: Frame
  readonly message: Message
}

/**
 * The message of `frame`, which `bytes` were parsed to: behind 6 bytes if there is one, else behind the fewest bytes. It has fields 41
 * and 42, and ends with the frame. `read` reads a body. The error is that of the usual place.
 */
export function locateMessage(
  frame: Frame,
  bytes: Uint8Array,
  lrc: Lrc,
  read: (body: Uint8Array) => Result<Message, FormatError> = unpack,
): Result<FramedMessage, FormatError> {
  const usual = read(frame.body)
  if (usual.ok) return ok({ frame, message: usual.value })
  const data = behindTpdu(frame, bytes, lrc)
  for (const at of places(data)) {
    if (at === HEADER_LENGTH) continue
    const body = data.subarray(at)
    const message = read(body)
    if (message.ok)
      return ok({ frame: { ...frame, header: data.subarray(0, at), body }, message: message.value })
  }
  return err(usual.error)
}

/** The MTI of a message that cannot be read: that of the usual place, or else of each place where a message may begin. */
export function possibleMtis(frame: Frame, bytes: Uint8Array, lrc: Lrc): string[] {
  const usual = mtiOf(frame.body)
  if (mayBegin(frame.body, 0)) return [usual]
  const data = behindTpdu(frame, bytes, lrc)
  return [usual, ...places(data).map((at) => mtiOf(data.subarray(at)))]
}

/** All bytes behind the TPDU. */
function behindTpdu(frame: Frame, bytes: Uint8Array, lrc: Lrc): Uint8Array {
  const whole = parseFrame(bytes, lrc, 0)
  return whole.ok ? whole.value.body : frame.body
}

/** The offsets of `data` where a message may begin. */
const places = (data: Uint8Array): number[] =>
  Array.from({ length: Math.min(MAX_DISTANCE, data.length) + 1 }, (_, at) => at).filter((at) =>
    mayBegin(data, at),
  )

/** Whether an MTI and a bitmap with fields 41 and 42 may stand here. */
function mayBegin(data: Uint8Array, at: number): boolean {
  const [version = 0xff, rest = 0xff] = [data[at], data[at + 1]]
  return (
    version > 0 && version < 10 && rest >> 4 < 10 && (rest & 15) < 10 && ((data[at + 7] ?? 0) & 0xc0) === 0xc0
  )
}

/** The header without its TLV block. Null when the profile says another header. */
export function plainHeader(
  header: Uint8Array,
  { headerLength, headerTlv }: Pick<MessageForms, 'headerLength' | 'headerTlv'>,
): Uint8Array | null {
  if (header.length === headerLength) return header
  const rest = header.length - headerLength
  if (!headerTlv || rest < 0) return null
  if (isTlvBlock(header.subarray(headerLength))) return header.subarray(0, headerLength)
  return isTlvBlock(header.subarray(0, rest)) ? header.subarray(rest) : null
}

/** The tag of a caller's number, "LRI": three letters, and then two bytes of length. */
const LRI = [0x4c, 0x52, 0x49]

/** Whether the bytes are one or more elements of BER-TLV (ISO/IEC 8825-1) or LRI, and nothing else. */
function isTlvBlock(bytes: Uint8Array): boolean {
  let at = 0
  while (at < bytes.length) {
    const end = LRI.every((letter, i) => bytes[at + i] === letter) ? lriEnd(bytes, at) : berEnd(bytes, at)
    if (end === undefined || end > bytes.length) return false
    at = end
  }
  return at > 0
}

function lriEnd(bytes: Uint8Array, at: number): number | undefined {
  const [high, low] = bytes.subarray(at + 3, at + 5)
  return high === undefined || low === undefined ? undefined : at + 5 + 256 * high + low
}

function berEnd(bytes: Uint8Array, at: number): number | undefined {
  const tag = bytes[at]
  if (tag === undefined || tag === 0x00 || tag === 0xff) return undefined
  let next = at + 1
  if ((tag & 0x1f) === 0x1f) while (((bytes[next++] ?? 0) & 0x80) !== 0);
  const first = bytes[next]
  if (first === undefined || first === 0x80 || first > 0x82) return undefined
  if (first < 0x80) return next + 1 + first
  const count = first & 0x7f
  const length = bytes.subarray(next + 1, next + 1 + count)
  return next + 1 + count + length.reduce((sum, byte) => 256 * sum + byte, 0)
}
