/** @module Finds the message in a frame, also in a broken one, and says what is wrong with frame and header. */

import type { Result } from '../../domain/result.ts'
import type { MessageForms } from '../../domain/terminal-profile.ts'
import { DIGITS, readPacked } from '../../iso8583/bcd.ts'
import { isReversalMti } from '../../iso8583/cup.ts'
import { parseFrame } from '../../iso8583/frame.ts'
import { locateMessage } from '../../iso8583/header.ts'
import { type FormatError, type Message, mtiOf, unpack } from '../../iso8583/message.ts'
import { faultOfHeader } from '../../iso8583/profile-fault.ts'
import { readReversal } from '../../iso8583/reversal.ts'
import { serialData, xorLrc } from '../../iso8583/serial-frame.ts'
import { cutFields } from './cut.ts'

export interface Opened {
  readonly kind: 'tpdu' | 'serial' | 'bare'
  /** Offset of the TPDU in the input. Null: the message is bare. */
  readonly tpduAt: number | null
  readonly header: Uint8Array
  /** Offset of the message in the input. */
  readonly bodyAt: number
  readonly body: Uint8Array
  /** The faults of the frame and the header. */
  readonly faults: readonly string[]
  readonly notes: readonly string[]
}

/** The bytes from the TPDU to the end of the frame. */
interface Data {
  readonly kind: Opened['kind']
  readonly at: number
  readonly end: number
  readonly faults: readonly string[]
  readonly notes: readonly string[]
}

const TPDU = 5
const MOST_HEADER = 128

/** A reversal is read with less than every other message needs, as the service reads it. */
export const readBody = (body: Uint8Array): Result<Message, FormatError> =>
  isReversalMti(mtiOf(body)) ? readReversal(body) : unpack(body)

export function openFrame(input: Uint8Array, forms: MessageForms): Opened {
  const data = dataOf(input)
  if (data.kind === 'bare')
    return { ...data, tpduAt: null, header: input.subarray(0, 0), bodyAt: 0, body: input }
  const start = data.at + TPDU
  if (data.end < start) {
    const faults = [...data.faults, `the TPDU needs 5 bytes, ${data.end - data.at} there`]
    return {
      ...data,
      faults,
      tpduAt: data.at,
      header: input.subarray(0, 0),
      bodyAt: data.end,
      body: input.subarray(data.end),
    }
  }
  const bodyAt = start + headerLengthOf(input, data, forms)
  const header = input.subarray(start, bodyAt)
  const body = input.subarray(bodyAt, data.end)
  const isUsual = faultOfHeader(header, forms) === null
  const expected = `${forms.headerLength}${forms.headerTlv ? ' and perhaps a TLV block' : ''}`
  const ofHeader = isUsual ? [] : [`the header has ${header.length} bytes, the profile says ${expected}`]
  return { ...data, faults: [...data.faults, ...ofHeader], tpduAt: data.at, header, bodyAt, body }
}

function dataOf(input: Uint8Array): Data {
  const all = { at: 0, end: input.length, faults: [], notes: [] }
  const frame = parseFrame(input, xorLrc, 0)
  if (frame.ok) {
    const { kind, tpdu, body } = frame.value
    const at = tpdu.byteOffset - input.byteOffset
    const end = at + TPDU + body.length
    const rest = input.length - end - (kind === 'serial' ? 2 : 0)
    return {
      kind,
      at,
      end,
      faults: [],
      notes: rest > 0 ? [`${rest} bytes behind the frame are ignored`] : [],
    }
  }
  if (unpack(input).ok) return { kind: 'bare', ...all, notes: ['no frame: a bare message'] }
  if (input[0] === 0x60) return { kind: 'tpdu', ...all, faults: ['LEN is missing before the TPDU'] }
  if (input[0] === 0x02 && input[3] === 0x60) return brokenSerial(input)
  const declared = 256 * (input[0] ?? 0) + (input[1] ?? 0)
  const follow = Math.max(0, input.length - 2)
  if (input[2] === 0x60)
    return { kind: 'tpdu', ...all, at: 2, faults: [`LEN says ${declared} bytes, ${follow} follow`] }
  if (declared === follow && follow > TPDU) {
    const first = (input[2] ?? 0).toString(16).padStart(2, '0').toUpperCase()
    return { kind: 'tpdu', ...all, at: 2, faults: [`the TPDU begins with ${first}, not with 60`] }
  }
  return { kind: 'bare', ...all, notes: ['no frame: a bare message'] }
}

/** STX, LEN (2 bytes of BCD), data, ETX, LRC. */
function brokenSerial(input: Uint8Array): Data {
  const digits = readPacked(input, 1, 4, 'right', DIGITS)
  const data = serialData(input)
  const there = Math.max(0, input.length - 5)
  const whole = { kind: 'serial', at: 3, end: 3 + there, notes: [] } as const
  if (digits === undefined) return { ...whole, faults: ['LEN of the serial frame is not decimal'] }
  if (data !== undefined) {
    const end = 3 + data.length
    const [given, right] = [input[end + 1] ?? 0, xorLrc(input.subarray(1, end + 1))].map((byte) =>
      byte.toString(16).padStart(2, '0').toUpperCase(),
    )
    return { ...whole, end, faults: [`the LRC is ${given}, the frame gives ${right}`] }
  }
  if (there < Number(digits))
    return { ...whole, faults: [`LEN of the serial frame says ${Number(digits)} bytes, ${there} are there`] }
  return { ...whole, faults: [`no ETX behind the ${Number(digits)} bytes that LEN says`] }
}

/** The header as the service finds it. In a message that nobody can read: the place from which the most fields can be cut. */
function headerLengthOf(input: Uint8Array, { at, end, faults }: Data, forms: MessageForms): number {
  const start = at + TPDU
  const frame = faults.length === 0 ? parseFrame(input, xorLrc) : undefined
  const found = frame?.ok ? locateMessage(frame.value, input, xorLrc, readBody) : undefined
  if (found?.ok) return found.value.frame.header.length
  const most = Math.min(MOST_HEADER, end - start)
  if (mayBegin(input.subarray(start, end), forms.headerLength)) return forms.headerLength
  const places = [forms.headerLength, 6, ...Array.from({ length: most + 1 }, (_, place) => place)]
  const scores = places.map((place) => {
    if (place > most) return -1
    const body = input.subarray(start + place, end)
    const { mti, fields, error } = cutFields(body, forms.entryMode)
    return /^0[1-9]/.test(mti) ? fields.length + (error === undefined ? 100 : 0) : -1
  })
  return Math.min(most, places[scores.indexOf(Math.max(...scores))] ?? 0)
}

/** Whether a message that names its terminal may begin here. */
const mayBegin = (data: Uint8Array, at: number): boolean =>
  /^0[1-9]/.test(mtiOf(data.subarray(at))) && ((data[at + 7] ?? 0) & 0xc0) === 0xc0
