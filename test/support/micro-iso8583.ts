/** @module A slow packer of messages on hex strings: an oracle for the fast one. */

import type { Message } from '../../src/iso8583/message.ts'
import { ELEMENTS } from '../../src/iso8583/spec.ts'

/**
 * `pack`, from the text of the protocol and not from `alignment`. Variable lengths align left, field 22 by the profile of the
 * terminal, the rest right. One nibble pads every odd count.
 */
export function microPack(
  { mti, fields }: Message,
  { padding, entryMode }: { padding: '0' | 'F'; entryMode: 'left' | 'right' } = {
    padding: '0',
    entryMode: 'left',
  },
): string {
  let bits = ''
  let wire = ''
  for (let number = 1; number <= 64; number++) {
    const value = fields.get(number)
    bits += value === undefined ? '0' : '1'
    if (value === undefined) continue
    const spec = ELEMENTS.find((element) => element.number === number)
    if (spec === undefined) throw new RangeError(`field ${number}`)
    const units = spec.format === 'b' ? value.length / 2 : value.length
    if (spec.length === 'LLVAR') wire += String(units).padStart(2, '0')
    if (spec.length === 'LLLVAR') wire += String(units).padStart(4, '0')
    if (spec.format === 'an' || spec.format === 'ans') wire += Buffer.from(value, 'latin1').toString('hex')
    else if (value.length % 2 === 0) wire += value
    else {
      const isLeft = spec.length !== 'fixed' || (number === 22 && entryMode === 'left')
      wire += isLeft ? `${value}${padding}` : `${padding}${value}`
    }
  }
  const bitmap = BigInt(`0b${bits}`).toString(16).padStart(16, '0')
  return (mti + bitmap + wire).toUpperCase()
}
