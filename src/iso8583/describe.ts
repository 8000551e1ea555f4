/**
 * @module The only printer of messages. Card number, expiry, tracks, PIN block, chip data, keys and upload details are
 * always masked. No option shows them. Field 42 is shown in full because a merchant number has 15 digits, and field 64
 * because a MAC is no secret.
 */

import { showField } from './describe-field.ts'
import { type Frame, parseFrame } from './frame.ts'
import { toHex } from './hex.ts'
import { type FormatError, unpack, unpackWhatCan } from './message.ts'
import { nameOfMti } from './names.ts'

import { type Lrc, serialData } from './serial-frame.ts'
import type { ShownTag } from './show-tlv.ts'
import { elementOf } from './spec.ts'

export interface DescribedField {
  readonly number: number
  readonly name: string
  /** The value as shown: masked where necessary, and 48, 60 and 61 with blanks between their parts. */
  readonly value: string
  readonly masked?: true
  /** The meaning of the value, if it is a code. */
  readonly meaning?: string
  /** The tags of a field with BER-TLV, masked where necessary. */
  readonly tags?: readonly ShownTag[]
}

export interface Description {
  readonly frame?: { readonly kind: Frame['kind']; readonly tpdu: string; readonly header: string }
  readonly mti?: string
  readonly bitmap?: string
  readonly fields: readonly DescribedField[]
  readonly error?: { readonly field: FormatError['field'] | 'frame'; readonly why: string }
}

/** Describes a frame or a bare message as JSON: the part before the first error, and the error. Never throws. */
export function describeJson(input: Uint8Array, lrc: Lrc): Description {
  const { envelope, body, why } = locate(input, lrc)
  const { mti, fields, error } = unpackWhatCan(body)
  const location = error && `${typeof error.field === 'number' ? 'field ' : ''}${error.field}: ${error.why}`
  const firstError =
    why === undefined ? error : { field: 'frame' as const, why: location ? `${why}; ${location}` : why }
  return {
    ...(envelope && {
      frame: {
        kind: envelope.kind,
        tpdu: toHex(envelope.bytes.subarray(0, 5)),
        header: toHex(envelope.bytes.subarray(5, 11)),
      },
    }),
    ...(mti !== undefined && { mti }),
    ...(mti !== undefined && body.length >= 10 && { bitmap: toHex(body.subarray(2, 10)) }),
    fields: Array.from(fields, ([number, value]) => ({
      number,
      name: elementOf(number)?.name ?? '',
      ...showField(number, value, mti ?? ''),
    })),
    ...(firstError && { error: { field: firstError.field, why: firstError.why } }),
  }
}

/** The same as text, one line each for frame, MTI, bitmap, every field and the error. */
export function describe(input: Uint8Array, lrc: Lrc): string {
  const { frame, mti, bitmap, fields, error } = describeJson(input, lrc)
  const lines: string[] = []
  if (frame) lines.push(`${frame.kind} frame  TPDU ${frame.tpdu}  header ${frame.header}`)
  if (mti !== undefined) lines.push(`MTI ${mti}  ${nameOfMti(mti)}`.trimEnd())
  if (bitmap !== undefined) lines.push(`bitmap ${bitmap}`)
  for (const { number, name, value, masked, meaning } of fields) {
    const title = `${String(number).padStart(4)}  ${name} ${elementOf(number)?.nameZh ?? ''}`
    lines.push(`${title}: ${value}${meaning ? `  (${meaning})` : ''}${masked ? '  [masked]' : ''}`)
  }
  if (error)
    lines.push(`error in ${typeof error.field === 'number' ? 'field ' : ''}${error.field}: ${error.why}`)
  return lines.join('\n')
}

interface Located {
  /** TPDU and header; the body is not in it. */
  readonly envelope?: { readonly kind: Frame['kind']; readonly bytes: Uint8Array }
  readonly body: Uint8Array
  /** The fault of the frame. */
  readonly why?: string
}

/** Finds the body in a frame, in a truncated frame, behind a TPDU without LEN, or bare. */
function locate(input: Uint8Array, lrc: Lrc): Located {
  const frame = parseFrame(input, lrc)
  if (frame.ok) {
    const { kind, tpdu, header, body } = frame.value
    return { envelope: { kind, bytes: Uint8Array.of(...tpdu, ...header) }, body }
  }
  if (unpack(input).ok) return { body: input }
  if (input[0] === 0x60) return within('tpdu', input)
  if (input[0] === 0x02 && input[3] === 0x60)
    return within(
      'serial',
      serialData(input) ?? input.subarray(3),
      'length, ETX or LRC of the serial frame is wrong',
    )
  if (input[2] === 0x60 && frame.error.kind === 'frame')
    return within('tpdu', input.subarray(2), frame.error.why)
  return { body: input }
}

function within(kind: Frame['kind'], bytes: Uint8Array, why?: string): Located {
  if (bytes.length < 11)
    return { body: bytes.subarray(bytes.length), why: why ?? 'TPDU and header need 11 bytes' }
  return { envelope: { kind, bytes }, body: bytes.subarray(11), ...(why !== undefined && { why }) }
}
