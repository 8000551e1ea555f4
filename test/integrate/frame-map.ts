/** @module A frame taken apart byte by byte, for the eye. */

import { describeJson } from '../../src/iso8583/describe.ts'
import { unpack } from '../../src/iso8583/message.ts'
import { xorLrc } from '../../src/iso8583/serial-frame.ts'
import { elementOf } from '../../src/iso8583/spec.ts'
import { wireOf } from './field-rows.ts'
import { table } from './markdown.ts'
import { hexOf } from './node-ciphers.ts'

type Part = readonly [bytes: string, meaning: string]

/** Length, TPDU, header, MTI, bitmap. */
const ENVELOPE: readonly (readonly [number, string])[] = [
  [2, 'length of all that follows'],
  [5, 'TPDU: `60`, to, from'],
  [6, 'header'],
  [2, 'MTI'],
  [8, 'bitmap'],
]

function envelopeOf(frame: Uint8Array): Part[] {
  let at = 0
  return ENVELOPE.map(([length, meaning]) => {
    const bytes = hexOf(frame.subarray(at, at + length))
    at += length
    return [bytes, at === 2 ? `${meaning}: ${Number.parseInt(bytes, 16)}` : meaning]
  })
}

function fieldsOf(frame: Uint8Array): Part[] {
  const message = unpack(frame.subarray(13))
  if (!message.ok) throw new Error('not a message')
  const shown = new Map(
    describeJson(frame, xorLrc).fields.map(({ number, meaning }) => [number, meaning] as const),
  )
  return [...message.value.fields].map(([number, value]) => {
    const meaning = shown.get(number)
    const name = `${number} ${elementOf(number)?.name}`
    return [wireOf(number, value), meaning === undefined ? name : `${name}: ${meaning}`]
  })
}

/** Offset, bytes and meaning of every part. Throws where the parts are not the frame. */
export function frameMap(frame: Uint8Array): string {
  const parts = [...envelopeOf(frame), ...fieldsOf(frame)]
  if (parts.map(([bytes]) => bytes).join('') !== hexOf(frame)) throw new Error('parts are missing')
  let at = 0
  const rows = parts.map(([bytes, meaning]) => {
    const row = [String(at), `\`${bytes}\``, meaning]
    at += bytes.length / 2
    return row
  })
  return table(['offset', 'bytes', 'meaning'], rows)
}
