/** @module The one form of the bytes of a message. A MAC that folds protects a message only when no other form is accepted. */

import { USUAL_FORMS } from '../domain/terminal-profile.ts'
import { ENTRY_MODE, FIELDS_START, type Message, type PackForms, pack, wireLengthOf } from './message.ts'
import { ELEMENTS, type ElementSpec } from './spec.ts'

/** The first field whose bytes are not those that `pack` writes, and what differs. `why` has no content. */
export interface PackFault {
  readonly field: number
  readonly why: string
}

/**
 * The fault of a body that is not the packed form of its message. Null without one. `message` must come from
 * `unpack(body, forms.entryMode)`, so only the pad nibble of an odd number of digits can differ.
 */
export function packFault(body: Uint8Array, message: Message, forms: PackForms): PackFault | null {
  const packed = pack(message, forms)
  const stray = packed.findIndex((byte, i) => byte !== body[i])
  if (stray === -1) return null
  let end = FIELDS_START
  for (const spec of ELEMENTS) {
    const value = message.fields.get(spec.number)
    if (value === undefined) continue
    end += wireLengthOf(spec, value)
    if (end > stray)
      return {
        field: spec.number,
        why: strayPad(spec, body.subarray(stray, end), packed.subarray(stray, end), forms),
      }
  }
  throw new RangeError('message: not of this body')
}

/** The fault of a field from its first byte that differs. Field 22 is on its side only if its digits are those of `packed`. */
function strayPad(
  { number }: ElementSpec,
  received: Uint8Array,
  packed: Uint8Array,
  { padding, entryMode }: PackForms,
): string {
  const byte = received[0] ?? 0
  const pad = entryMode === 'left' ? byte & 0x0f : byte >> 4
  const digits = entryMode === 'left' ? 0xf0 : 0x0f
  const isOnItsSide =
    (pad === 0 || pad === 0x0f) && ((byte ^ (packed[0] ?? 0)) & digits) === 0 && received[1] === packed[1]
  return number === ENTRY_MODE && !isOnItsSide ? `not aligned ${entryMode}` : `pad is not ${padding}`
}

/** Whether the body is the packed form of the message. `message` must come from `unpack(body)`. */
export const isCanonical = (body: Uint8Array, message: Message): boolean =>
  packFault(body, message, USUAL_FORMS) === null
