/** @module The line of the own terminal: packets and serial frames (protocol.md §1.1, §1.4). */

import { bytesOfHex, digitsOf, hexOfBytes } from './bytes.ts'

export interface OwnLine {
  readonly transport: 'packet' | 'serial'
  /** 5 bytes: 60, destination, source. */
  readonly tpdu: string
  /** The bytes of the header. */
  readonly header: string
  /** A TLV block beside the header, or nothing. */
  readonly tlv: string
  readonly tlvSide: 'before' | 'behind'
}

const STX = '02'
const ETX = '03'

/** Each byte of LEN, DATA and ETX. */
const lrcOf = (hex: string): string => hexOfBytes([bytesOfHex(hex).reduce((sum, byte) => sum ^ byte, 0)])

/** The frame of a message. */
export function framed(line: OwnLine, message: string): Uint8Array {
  const { tpdu, header, tlv, tlvSide } = line
  const data = tpdu + (tlvSide === 'before' ? tlv + header : header + tlv) + message
  const length = data.length / 2
  if (line.transport === 'packet') return bytesOfHex(length.toString(16).padStart(4, '0') + data)
  const covered = digitsOf(length, 4) + data + ETX
  return bytesOfHex(STX + covered + lrcOf(covered))
}

export interface OwnFrame {
  readonly message: string
  /** Whether the header requires a new sign-on. Undefined: it is too short to say so. */
  readonly signOnAgain: boolean | undefined
}

/** The data of the frame. Throws RangeError when a byte of its envelope is wrong. */
function dataOf({ transport }: OwnLine, frame: string): string {
  if (transport === 'packet') {
    const data = frame.slice(4)
    if (Number.parseInt(frame.slice(0, 4), 16) !== data.length / 2) throw new RangeError('packet: length')
    return data
  }
  const data = frame.slice(6, -4)
  if (frame.slice(0, 2) !== STX || frame.slice(-4, -2) !== ETX) throw new RangeError('serial frame: STX, ETX')
  if (frame.slice(2, 6) !== digitsOf(data.length / 2, 4)) throw new RangeError('serial frame: length')
  if (lrcOf(frame.slice(2, -2)) !== frame.slice(-2)) throw new RangeError('serial frame: LRC')
  return data
}

/** The place of the requirement among the nibbles of a header. */
const REQUIREMENT = 5

/** Reads the frame of an answer. It has the addresses the other way round, our header, and no TLV block. */
export function unframed(line: OwnLine, bytes: Uint8Array): OwnFrame {
  const data = dataOf(line, hexOfBytes(bytes))
  const { tpdu, header } = line
  const swapped = tpdu.slice(0, 2) + tpdu.slice(6) + tpdu.slice(2, 6)
  if (!data.startsWith(swapped)) throw new RangeError('TPDU: not swapped')
  const theirs = data.slice(10, 10 + header.length)
  const message = data.slice(10 + header.length)
  if (header.length < 12) {
    if (theirs !== header) throw new RangeError('header: not ours')
    return { message, signOnAgain: undefined }
  }
  const without = (whole: string) => whole.slice(0, REQUIREMENT) + whole.slice(REQUIREMENT + 1)
  const requirement = theirs[REQUIREMENT]
  if (without(theirs) !== without(header) || !['0', '3'].includes(requirement ?? ''))
    throw new RangeError('header: not ours')
  return { message, signOnAgain: requirement === '3' }
}
