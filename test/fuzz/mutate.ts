/** @module Changes an input: bits, bytes and ranges, and the fields if it is a message. */

import { buildFrame } from '../../src/iso8583/frame.ts'
import { pack, unpackWhatCan } from '../../src/iso8583/message.ts'
import { ICC_TAGS } from '../../src/iso8583/names.ts'
import { xorLrc } from '../../src/iso8583/serial-frame.ts'
import { ELEMENTS, type ElementSpec } from '../../src/iso8583/spec.ts'
import type { Random } from '../support/micro-random.ts'

type Mutation = (input: Uint8Array, random: Random, other: Uint8Array) => Uint8Array

const BYTES = [
  0x00, 0x01, 0x02, 0x03, 0x0d, 0x10, 0x19, 0x20, 0x30, 0x37, 0x3d, 0x40, 0x60, 0x7f, 0x80, 0x99, 0xd0, 0xff,
]
const LONGEST = 1200
/** Few, so that two fields may hold the same. */
const CARDS = ['6225000000000014', '6225000000000022']

const changed = (input: Uint8Array, random: Random, change: (byte: number) => number): Uint8Array => {
  const copy = Uint8Array.from(input)
  const at = random.below(copy.length)
  copy[at] = change(copy[at] ?? 0)
  return copy
}

const spliced = (input: Uint8Array, at: number, removed: number, inserted: Uint8Array): Uint8Array =>
  Uint8Array.of(...input.subarray(0, at), ...inserted, ...input.subarray(at + removed)).subarray(0, LONGEST)

const pick = <T>(list: readonly T[], random: Random): T | undefined => list[random.below(list.length)]

/** Known tags of field 55, with values of a few bytes, sometimes none. */
const chipData = (random: Random): string =>
  Array.from({ length: 1 + random.below(6) }, () => {
    const value = random.bytes(random.below(4) === 0 ? 0 : random.below(9))
    return `${pick(Object.keys(ICC_TAGS), random)}0${value.length}${Buffer.from(value).toString('hex').toUpperCase()}`
  }).join('')

/** In the form of `unpack`, of a length that is often at a bound, sometimes with a card number. */
function anyValue(spec: ElementSpec, random: Random): string {
  if (spec.number === 55 && random.below(2) === 0) return chipData(random)
  const length = spec.length === 'fixed' || random.below(3) === 0 ? spec.max : random.below(spec.max + 1)
  const alphabet = {
    n: '0123456789',
    z: '0123456789D',
    b: '0123456789ABCDEF',
    an: 'AZ09 ',
    ans: 'AZ09 -|=^*',
  }[spec.format]
  const characters = Array.from({ length: spec.format === 'b' ? 2 * length : length }, () =>
    pick([...alphabet], random),
  )
  const text = characters.join('')
  const card = pick(CARDS, random) ?? ''
  if (random.below(4) !== 0 || spec.max < card.length) return text
  if (spec.format === 'n' && spec.length !== 'fixed') return card
  if (text.length < card.length) return text
  const shown = spec.format === 'b' ? Buffer.from(card).toString('hex') : card
  return (shown + text).slice(0, text.length)
}

/** The message with one field more, of any value, or one less, without a frame or in either kind. */
const withField: Mutation = (input, random) => {
  const starts = [0, 11, 13, 14]
  const body = input.subarray(pick(starts, random) ?? 0)
  const { mti = '0200', fields } = unpackWhatCan(body)
  const message = new Map(fields)
  const spec = pick(ELEMENTS, random)
  if (spec !== undefined && random.below(3) > 0) message.set(spec.number, anyValue(spec, random))
  else if (spec !== undefined) message.delete(spec.number)
  const packed = pack({
    mti: random.below(8) === 0 ? String(random.below(10_000)).padStart(4, '0') : mti,
    fields: message,
  })
  const kind = ([undefined, 'tpdu', 'serial'] as const)[random.below(3)]
  if (kind === undefined) return packed
  return buildFrame(kind, Uint8Array.of(0x60, ...random.bytes(4)), random.bytes(6), packed, xorLrc)
}

const MUTATIONS: readonly Mutation[] = [
  (input, random) => changed(input, random, (byte) => byte ^ (1 << random.below(8))),
  (input, random) => changed(input, random, () => random.below(256)),
  (input, random) => changed(input, random, () => pick(BYTES, random) ?? 0),
  (input, random) => changed(input, random, (byte) => byte + (random.below(2) === 0 ? 1 : -1)),
  (input, random) => spliced(input, random.below(input.length), 1 + random.below(8), new Uint8Array()),
  (input, random) => spliced(input, random.below(input.length), 0, random.bytes(1 + random.below(8))),
  (input, random) => input.subarray(0, random.below(input.length)),
  (input, random, other) =>
    spliced(
      input,
      random.below(input.length),
      random.below(16),
      other.subarray(random.below(other.length)).subarray(0, 24),
    ),
  withField,
  withField,
]

/** `input` after one to four changes. `other` provides bytes. */
export function mutate(input: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  let result = input
  for (let count = 1 + random.below(4); count > 0; count--) {
    if (result.length === 0) result = Uint8Array.of(0)
    result = pick(MUTATIONS, random)?.(result, random, other) ?? result
  }
  return result
}
