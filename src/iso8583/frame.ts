/**
 * @module The frame around a message (protocol.md §1.1): LEN (2 bytes, big endian, counts all bytes after it), TPDU
 * (5), header (6), body. A serial frame has the same bytes without LEN as its DATA.
 *
 * The first byte does not decide between the two: 0x02 is STX, and also the high byte of a LEN from 512 to 767.
 */

import { err, ok, type Result } from '../domain/result.ts'
import { type Lrc, STX, serialData, unwrapSerial, wrapSerial } from './serial-frame.ts'

const TPDU_LENGTH = 5
/** Bytes of the usual header. */
export const HEADER_LENGTH = 6
/** The most bytes of a header in a frame that Annul builds. */
const MAX_HEADER = 128
/** The first byte of every TPDU. */
const TPDU_ID = 0x60
/** The sixth nibble of the header, set by the acquirer: sign on again. */
const SIGN_ON_AGAIN = 3

/**
 * Sends a frame to an acquirer and returns its answer. Null when there is none: a time-out, or an HTTP status other
 * than 200.
 */
export type Send = (frame: Uint8Array) => Promise<Uint8Array | null>

/** Media type of frames over HTTP (protocol.md §1.2). */
export const ISO_CONTENT_TYPE = 'x-ISO-TPDU/x-auth'

export interface Frame {
  readonly kind: 'tpdu' | 'serial'
  /** 5 bytes: 60, destination 2, source 2. */
  readonly tpdu: Uint8Array
  /** Any value is accepted. */
  readonly header: Uint8Array
  /** MTI to last field. */
  readonly body: Uint8Array
}

/** `lrc`: a broken serial frame. The answer to it is NAK (0x15). */
export type FrameError = { readonly kind: 'frame'; readonly why: string } | { readonly kind: 'lrc' }

/**
 * Parses a frame. The parts are views into `bytes`. Bytes after the declared length are ignored, because some terminals
 * append CR LF. The header has `headerLength` bytes.
 */
export function parseFrame(
  bytes: Uint8Array,
  lrc: Lrc,
  headerLength = HEADER_LENGTH,
): Result<Frame, FrameError> {
  if (isSerial(bytes)) {
    const data = unwrapSerial(bytes, lrc)
    return data.ok ? parseEnvelope('serial', data.value, headerLength) : data
  }
  if (bytes.length < 2) return err({ kind: 'frame', why: `${bytes.length} bytes are no frame` })
  const declared = declaredLength(bytes)
  if (bytes.length - 2 < declared)
    return err({ kind: 'frame', why: `length ${declared} declared, ${bytes.length - 2} bytes there` })
  return parseEnvelope('tpdu', bytes.subarray(2, 2 + declared), headerLength)
}

/**
 * Builds a frame. `tpdu` has 5 bytes and `header` at most 128. Throws RangeError on a wrong length, or on a body that LEN cannot
 * count.
 */
export function buildFrame(
  kind: Frame['kind'],
  tpdu: Uint8Array,
  header: Uint8Array,
  body: Uint8Array,
  lrc: Lrc,
): Uint8Array {
  if (tpdu.length !== TPDU_LENGTH)
    throw new RangeError(`tpdu: expected ${TPDU_LENGTH} bytes, got ${tpdu.length}`)
  if (header.length > MAX_HEADER)
    throw new RangeError(`header: expected at most ${MAX_HEADER} bytes, got ${header.length}`)
  const envelope = TPDU_LENGTH + header.length
  const length = envelope + body.length
  if (length > 0xffff) throw new RangeError(`frame: expected at most 65535 bytes, got ${length}`)
  const bytes = new Uint8Array(2 + length)
  bytes[0] = length >> 8
  bytes[1] = length & 0xff
  bytes.set(tpdu, 2)
  bytes.set(header, 2 + TPDU_LENGTH)
  bytes.set(body, 2 + envelope)
  return kind === 'tpdu' ? bytes : wrapSerial(bytes.subarray(2), lrc)
}

/**
 * Builds the frame of an answer, in the framing of the request. It swaps the addresses and copies the header, except
 * the requirement nibble. A header of less than 6 bytes has none. Throws RangeError when the body is too long.
 */
export function answerFrame(
  request: Frame,
  body: Uint8Array,
  options: { readonly signOnAgain?: boolean },
  lrc: Lrc,
): Uint8Array {
  const [id = TPDU_ID, toHigh = 0, toLow = 0, fromHigh = 0, fromLow = 0] = request.tpdu
  const tpdu = Uint8Array.of(id, fromHigh, fromLow, toHigh, toLow)
  const header = Uint8Array.from(request.header)
  if (header.length >= HEADER_LENGTH)
    header[2] = ((header[2] ?? 0) & 0xf0) | (options.signOnAgain ? SIGN_ON_AGAIN : 0)
  return buildFrame(request.kind, tpdu, header, body, lrc)
}

const declaredLength = (bytes: Uint8Array): number => ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)

/**
 * Whether the frame is serial: it starts with STX and has no TPDU behind LEN. When both are possible, a TPDU and an ETX
 * at their serial positions decide.
 */
function isSerial(bytes: Uint8Array): boolean {
  if (bytes[0] !== STX) return false
  const couldBeTpdu = bytes[2] === TPDU_ID
  return !couldBeTpdu || serialData(bytes)?.[0] === TPDU_ID
}

function parseEnvelope(
  kind: Frame['kind'],
  bytes: Uint8Array,
  headerLength: number,
): Result<Frame, FrameError> {
  const envelope = TPDU_LENGTH + headerLength
  if (bytes.length < envelope)
    return err({ kind: 'frame', why: `${bytes.length} bytes, TPDU and header need ${envelope}` })
  if (bytes[0] !== TPDU_ID) return err({ kind: 'frame', why: 'TPDU does not start with 60' })
  return ok({
    kind,
    tpdu: bytes.subarray(0, TPDU_LENGTH),
    header: bytes.subarray(TPDU_LENGTH, envelope),
    body: bytes.subarray(envelope),
  })
}
