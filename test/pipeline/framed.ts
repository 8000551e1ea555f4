/** @module Terminals with known keys at a metered service. They send their frames one by one, or as a batch. */

import { parseFrame } from '../../src/iso8583/frame.ts'
import { packWithMac } from '../../src/iso8583/mac.ts'
import { type Message, unpack } from '../../src/iso8583/message.ts'
import { xorLrc } from '../../src/iso8583/serial-frame.ts'
import { bytesOf } from '../integrate/node-ciphers.ts'
import { INSERT_KEY_SET, keySetRow } from '../support/key-set-row.ts'
import { microMac } from '../support/micro-mac.ts'
import { MERCHANT, type Metered } from './metered.ts'

/** A well-known test key. */
const MAK = '3'.repeat(16)
const WRONG_MAK = '5'.repeat(16)
const PAN = '6225000000000014'
const TPDU_AND_HEADER = bytesOf('6000030000602200000000')

export const six = (n: number): string => String(n).padStart(6, '0')
const amountOf = (amount: number): string => String(amount).padStart(12, '0')

/** Gives each terminal a key set with the known MAC key, as after a sign-on. */
export async function installKeys(
  { services, storage }: Metered,
  terminals: readonly string[],
): Promise<void> {
  if (services === undefined) throw new Error('the service is not open')
  const createdAt = services.now()
  for (const terminalId of terminals) {
    const [row] = storage.rows<{ version: number }>(
      'select tmk_version as version from terminal where terminal_id = ?',
      terminalId,
    )
    const tmkVersion = row?.version ?? 0
    const of = { merchantId: MERCHANT, terminalId, version: 1, tmkVersion, createdAt, mak: MAK }
    storage.rows(INSERT_KEY_SET, ...(await keySetRow(services.keyring, of)))
  }
}

interface Named {
  readonly terminalId: string
  readonly stan: number
  readonly amount?: number
  readonly batch?: string
}

const common = ({ terminalId, stan, amount = 100 }: Named) => ({
  2: PAN,
  4: amountOf(amount),
  11: six(stan),
  14: '2812',
  22: '051',
  25: '00',
  41: terminalId,
  42: MERCHANT,
  49: '156',
})

const messageOf = (mti: string, fields: Readonly<Record<number, string>>): Message => ({
  mti,
  fields: new Map(Object.entries(fields).map(([number, value]) => [Number(number), value])),
})

export const aSale = (named: Named): Message =>
  messageOf('0200', { ...common(named), 3: '000000', 60: `22${named.batch ?? '000001'}00050` })

/** The void of the terminal's sale `of`, named by its STAN, and by an RRN if there is one. */
export const aVoid = (named: Named & { readonly of: number; readonly rrn?: string }): Message =>
  messageOf('0200', {
    ...common(named),
    3: '200000',
    60: '2300000100050',
    61: `000001${six(named.of)}`,
    ...(named.rrn === undefined ? {} : { 37: named.rrn }),
  })

/** The reversal of the terminal's sale or void with this STAN. */
export const aReversal = (of: 'sale' | 'void', named: Named): Message =>
  messageOf('0400', {
    ...common(named),
    3: of === 'sale' ? '000000' : '200000',
    39: '98',
    60: `${of === 'sale' ? '22' : '23'}00000100050`,
    61: `000001${six(named.stan)}`,
  })

export const aSettlement = ({ terminalId, stan }: Named): Message =>
  messageOf('0500', {
    11: six(stan),
    41: terminalId,
    42: MERCHANT,
    48: `${'0'.repeat(30)}0${'0'.repeat(31)}`,
    49: '156',
    60: '0000000100201',
    63: '303120',
  })

/** A sign-on or an echo. */
export const aManagement = (mti: '0800' | '0820', { terminalId, stan }: Named): Message =>
  messageOf(mti, {
    11: six(stan),
    41: terminalId,
    42: MERCHANT,
    60: mti === '0800' ? '00000001003' : '00000001301',
    63: '303120',
  })

/** The frame of a message with its MAC, by an independent implementation. `isForged`: the MAC is wrong. */
export function frameOf(message: Message, isForged = false): Uint8Array<ArrayBuffer> {
  const mak = bytesOf(isForged ? WRONG_MAK : MAK)
  const body = packWithMac(message, (input) => microMac('cup-ecb', mak, input))
  const length = TPDU_AND_HEADER.length + body.length
  return Uint8Array.of(length >> 8, length & 0xff, ...TPDU_AND_HEADER, ...body)
}

export const joined = (frames: readonly Uint8Array[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(frames.flatMap((frame) => [...frame]))

/** The answer to a frame, in words: its code and its fields, `NAK`, or `silence`. */
export interface Reply {
  readonly code: string
  readonly fields: ReadonlyMap<number, string>
  readonly hex: string
}

/** Reads one answer: LEN and what it counts. */
export function replyOf(bytes: Uint8Array): Reply {
  const none = { fields: new Map<number, string>(), hex: Buffer.from(bytes).toString('hex') }
  if (bytes.length <= 2) return { ...none, code: 'silence' }
  if (bytes.length === 3) return { ...none, code: bytes[2] === 0x15 ? 'NAK' : '?' }
  const frame = parseFrame(bytes, xorLrc)
  const message = frame.ok ? unpack(frame.value.body) : null
  if (message === null || !message.ok) throw new Error('an answer is a frame with a message')
  const { fields } = message.value
  return { ...none, fields, code: fields.get(39) ?? '?' }
}

/** Cuts the body of a batch's answer. */
export function repliesOf(bytes: Uint8Array): Reply[] {
  const replies: Reply[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 2 + 256 * (bytes[at] ?? 0) + (bytes[at + 1] ?? 0)
    replies.push(replyOf(bytes.subarray(at, end)))
    at = end
  }
  return replies
}

export async function sendBatch(service: Metered, frames: readonly Uint8Array[]) {
  const { bytes, ...answer } = await service.post('/v1/iso8583/batch', joined(frames))
  return { ...answer, bytes, replies: repliesOf(bytes) }
}

export async function sendOne(service: Metered, frame: Uint8Array<ArrayBuffer>): Promise<Reply> {
  const { status, bytes } = await service.post('/v1/iso8583', frame)
  if (status === 400) return { code: 'NAK', fields: new Map(), hex: '' }
  return status === 200 ? replyOf(bytes) : { code: 'silence', fields: new Map(), hex: '' }
}
