/**
 * @module A small acquirer for the terminal's tests: its own keys, its own MAC from `test/support`, no rules.
 */

import { createCipheriv } from 'node:crypto'
import { buildFrame, parseFrame } from '../../src/iso8583/frame.ts'
import { fromHex, toHex } from '../../src/iso8583/hex.ts'
import { type Message, macInput, pack, unpack } from '../../src/iso8583/message.ts'
import { xorLrc } from '../../src/iso8583/serial-frame.ts'

export const TMK = Uint8Array.from({ length: 16 }, () => 0x11)
export const MERCHANT = '123456789012345'
export const TERMINAL = '12345678'

/** Field 62 for 60.3 = 003 of the published key set (test/vectors/cup-flow.json): TPK 22…, MAC key 33…. */
export const FIELD_62 = '950973182317F80B950973182317F80B00962B60F679786E2411E3DE0000000000000000ADC67D84'
const MAC_KEY = Buffer.alloc(8, 0x33)

/** Single DES as 3DES with one key. */
function des(block: Buffer): Buffer {
  const cipher = createCipheriv('des-ede3', Buffer.concat([MAC_KEY, MAC_KEY, MAC_KEY]), null)
  return cipher.setAutoPadding(false).update(block)
}

/** The CUP ECB MAC by the steps of the clause (protocol.md §4 A), on node:crypto. */
export function cupEcbMac(message: Uint8Array): Uint8Array {
  const fold = Buffer.alloc(8)
  for (const [i, byte] of message.entries()) fold[i % 8] = (fold[i % 8] ?? 0) ^ byte
  const hex = Buffer.from(fold.toString('hex').toUpperCase())
  const first = des(hex.subarray(0, 8))
  const second = des(Buffer.from(first.map((byte, i) => byte ^ (hex[8 + i] ?? 0))))
  return Buffer.from(second.toString('hex').toUpperCase().slice(0, 8))
}

export const readFrame = (bytes: Uint8Array): Message => {
  const frame = parseFrame(bytes, xorLrc)
  const message = frame.ok ? unpack(frame.value.body) : undefined
  if (!message?.ok) throw new Error('the terminal sent no message')
  return message.value
}

/** Whether a request carries the MAC that the acquirer expects. */
export function hasRightMac(bytes: Uint8Array): boolean {
  const frame = parseFrame(bytes, xorLrc)
  if (!frame.ok) return false
  const mac = readFrame(bytes).fields.get(64) ?? ''
  return mac === toHex(cupEcbMac(macInput(frame.value.body)))
}

export interface Script {
  /** Fields that replace the usual ones. Null removes a field. */
  readonly fields?: Readonly<Record<number, string | null>>
  readonly mti?: string
  /** Flips a bit of the MAC. */
  readonly badMac?: true
  readonly requirement?: number
}

/** The usual approval of a request, changed by the script. */
export function responseTo(request: Uint8Array, script: Script = {}): Uint8Array {
  const { mti, fields } = readFrame(request)
  const frame = parseFrame(request, xorLrc)
  if (!frame.ok) throw new Error('no frame')
  const answer = new Map<number, string>()
  for (const number of [2, 3, 4, 11, 25, 41, 42, 49, 60]) {
    const value = fields.get(number)
    if (value !== undefined) answer.set(number, value)
  }
  answer.set(12, '101530').set(13, '0601').set(32, '00001234').set(37, '101530000002')
  if (mti === '0500') {
    const totals = fields.get(48) ?? ''
    answer.set(48, `${totals.slice(0, 30)}1${totals.slice(31, 61)}1`)
  } else answer.set(39, '00')
  if (mti === '0200') answer.set(38, '123456').set(44, '03080000   00001234   ').set(63, '435550')
  if (mti === '0800') {
    answer.set(62, FIELD_62)
    answer.set(60, `00000007${(fields.get(60) ?? '').slice(8)}`)
  }
  for (const [number, value] of Object.entries(script.fields ?? {})) {
    if (value === null) answer.delete(Number(number))
    else answer.set(Number(number), value)
  }
  const signed = fields.has(64) && script.fields?.[64] === undefined
  if (signed) answer.set(64, '0'.repeat(16))
  const body = pack({ mti: script.mti ?? `${mti.slice(0, 2)}${Number(mti[2]) + 1}0`, fields: answer })
  if (signed) {
    const mac = cupEcbMac(macInput(body))
    if (script.badMac) mac[0] = (mac[0] ?? 0) ^ 1
    body.set(mac, body.length - 8)
  }
  const header = Uint8Array.from(frame.value.header)
  header[2] = ((header[2] ?? 0) & 0xf0) | (script.requirement ?? 0)
  return buildFrame(frame.value.kind, fromHex('6000000003') ?? new Uint8Array(5), header, body, xorLrc)
}
