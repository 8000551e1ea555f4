/**
 * @module The frame of serial and dial-up terminals (protocol.md §1.4): STX, LEN (2 BCD bytes, counts DATA), DATA, ETX,
 * LRC. Source: the CUP terminal firmware LiaoYang_POS, Commlib.c. Vendors differ in the bytes that the LRC covers, so
 * the caller passes it in.
 */

import { err, ok, type Result } from '../domain/result.ts'
import { DIGITS, readPacked, writePacked } from './bcd.ts'

/** Computes the LRC, one byte, over LEN1 LEN2 DATA ETX. */
export type Lrc = (bytes: Uint8Array) => number

/** First byte of a serial frame. */
export const STX = 0x02
/** The byte after DATA. */
export const ETX = 0x03

/** Bytes around DATA: STX LEN1 LEN2 … ETX LRC. */
const OVERHEAD = 5
const MAX_DATA = 9999

/** XOR of all bytes: the LRC of the reference frame. */
export const xorLrc: Lrc = (bytes) => bytes.reduce((lrc, byte) => lrc ^ byte, 0)

/** DATA when STX, LEN and ETX fit, whatever the LRC; else undefined. Bytes after the frame are ignored. */
export function serialData(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length < OVERHEAD || bytes[0] !== STX) return undefined
  const digits = readPacked(bytes, 1, 4, 'right', DIGITS)
  if (digits === undefined) return undefined
  const end = 3 + Number(digits)
  if (bytes.length < end + 2 || bytes[end] !== ETX) return undefined
  return bytes.subarray(3, end)
}

/** DATA of a serial frame. There is one error, because the answer to every broken frame is NAK. */
export function unwrapSerial(bytes: Uint8Array, lrc: Lrc): Result<Uint8Array, { readonly kind: 'lrc' }> {
  const data = serialData(bytes)
  if (data === undefined) return err({ kind: 'lrc' })
  const end = 3 + data.length
  return lrc(bytes.subarray(1, end + 1)) === bytes[end + 1] ? ok(data) : err({ kind: 'lrc' })
}

/** Builds a serial frame around DATA. Throws RangeError on more than 9,999 bytes. */
export function wrapSerial(data: Uint8Array, lrc: Lrc): Uint8Array {
  if (data.length > MAX_DATA)
    throw new RangeError(`serial data: expected at most ${MAX_DATA} bytes, got ${data.length}`)
  const bytes = new Uint8Array(data.length + OVERHEAD)
  bytes[0] = STX
  writePacked(String(data.length).padStart(4, '0'), bytes, 1, 'right', DIGITS)
  bytes.set(data, 3)
  bytes[3 + data.length] = ETX
  bytes[4 + data.length] = lrc(bytes.subarray(1, 4 + data.length))
  return bytes
}
