/**
 * @module Whether a MAC is right under the keys of a development terminal. If not: the usual mistakes that would make it right, found by
 * trying. It prints no key and no MAC.
 */

import type { Core } from '../../core/instance.ts'
import { makLengthOf } from '../../domain/mac-profile.ts'
import type { MacProfile } from '../../domain/terminal-profile.ts'

/** A key at hand. `mistake` is what its use would be; null: it is the right one. */
export interface TriedKey {
  readonly name: string
  readonly mistake: string | null
  readonly bytes: Uint8Array
}

export interface MacSubject {
  readonly profile: MacProfile
  readonly mac: Uint8Array
  /** The whole input. */
  readonly input: Uint8Array
  /** Offset of the TPDU; null without one. */
  readonly tpduAt: number | null
  readonly bodyAt: number
  /** Offset behind the message. */
  readonly end: number
}

export type MacCheck =
  | { readonly isRight: true; readonly key: string }
  /** Each member of `mistakes` alone explains the MAC. Empty: none does. */
  | { readonly isRight: false; readonly mistakes: readonly string[] }

type Family = 'cup' | 'sm4' | 'x9.9' | 'x9.19' | 'xor'
type Form = 'hex' | 'binary' | 'bin4'

const OF_PROFILE: Readonly<Record<MacProfile, readonly [Family, Form]>> = {
  'cup-ecb': ['cup', 'hex'],
  'cup-ecb-16': ['cup', 'hex'],
  'x9.9': ['x9.9', 'binary'],
  'x9.19': ['x9.19', 'binary'],
  'x9.19-bin4': ['x9.19', 'bin4'],
  'x9.19-hex4': ['x9.19', 'hex'],
  'cup-sm4': ['sm4', 'hex'],
  'xor-3des': ['xor', 'binary'],
  'cup-sm4-bin': ['sm4', 'binary'],
}

type Named<T> = readonly [mistake: string | null, value: T]

/** More mistakes at once explain too much. */
const MOST_MISTAKES = 2

export function findMac(core: Core, subject: MacSubject, keys: readonly TriedKey[]): MacCheck {
  let fewest = MOST_MISTAKES + 1
  let found: string[] = []
  let right: string | null = null
  for (const key of keys.flatMap((one) => variantsOf(one)))
    for (const [ofProfile, profile] of profilesOf(subject.profile)) {
      if (key.bytes.length !== makLengthOf(profile)) continue
      for (const [ofRange, range] of rangesOf(subject))
        for (const [ofPad, message] of padsOf(range, blockOf(profile))) {
          const before = [key.mistake, ofProfile, ofRange, ofPad].filter((mistake) => mistake !== null)
          if (before.length > fewest) continue
          const block = blockMac(core, profile, key.bytes, message)
          for (const [ofForm, mac] of formsOf(block, OF_PROFILE[profile][1])) {
            const mistakes = [...before, ...(ofForm === null ? [] : [ofForm])]
            if (mistakes.length > fewest || !isSame(mac, subject.mac)) continue
            if (mistakes.length < fewest) found = []
            fewest = mistakes.length
            found.push(mistakes.join(', and '))
            if (mistakes.length === 0) right = key.name
          }
          block.fill(0)
        }
    }
  for (const one of keys) one.bytes.fill(0)
  if (right !== null) return { isRight: true, key: right }
  return { isRight: false, mistakes: [...new Set(found)] }
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i])

const blockOf = (profile: MacProfile): 8 | 16 => (OF_PROFILE[profile][0] === 'sm4' ? 16 : 8)

/** The key, its halves the other way round, and parts of it for the profiles of another key length. */
function variantsOf(key: TriedKey): TriedKey[] {
  const also = (what: string, bytes: Uint8Array): TriedKey => ({
    ...key,
    mistake: key.mistake === null ? what : `${key.mistake}, ${what}`,
    bytes,
  })
  const { bytes } = key
  if (bytes.length === 8)
    return [key, also('the key is used twice, as two halves', Uint8Array.of(...bytes, ...bytes))]
  const [first, second] = [bytes.slice(0, 8), bytes.slice(8)]
  return [
    key,
    also('the halves of the key are the other way round', Uint8Array.of(...second, ...first)),
    also('only the first half of the key is used', first),
    also('only the first half of the key is used, as both halves', Uint8Array.of(...first, ...first)),
    also('only the second half of the key is used', second),
  ]
}

const profilesOf = (own: MacProfile): Named<MacProfile>[] =>
  (Object.keys(OF_PROFILE) as MacProfile[]).map((profile) => [
    profile === own ? null : `the MAC profile is ${profile}`,
    profile,
  ])

/** The bytes that terminals sign, the right ones first. */
function rangesOf({ input, tpduAt, bodyAt, end }: MacSubject): Named<Uint8Array>[] {
  const to = end - 8
  const covered = input.subarray(bodyAt, to)
  const whole = input.subarray(bodyAt, end)
  const zeroed = Uint8Array.from(whole).fill(0, whole.length - 8)
  const withoutBit = Uint8Array.from(covered)
  withoutBit[9] = (withoutBit[9] ?? 0) & 0xfe
  const text = new TextEncoder().encode(covered.toHex().toUpperCase())
  const behind: Named<Uint8Array>[] =
    tpduAt === null
      ? []
      : [
          ['the MAC input begins with the TPDU', input.subarray(tpduAt, to)],
          ['the MAC input begins with the header', input.subarray(tpduAt + 5, to)],
          ['the MAC input begins with LEN', input.subarray(0, to)],
        ]
  return [
    [null, covered],
    ...behind,
    ['the MAC input has the bytes of field 64 as zeros', zeroed],
    ['the bit of field 64 is not set in the MAC input', withoutBit],
    ['the MAC input begins behind the MTI', covered.subarray(2)],
    ['the MAC input begins behind the bitmap', covered.subarray(10)],
    ['the MAC input is the message as hex characters', text],
    ['the MAC input ends one byte early', covered.subarray(0, -1)],
  ]
}

/** The input, and the input with another padding. Zeros fill what is left. */
function padsOf(message: Uint8Array, block: number): Named<Uint8Array>[] {
  const rest = (block - (message.length % block)) % block
  const filled = (byte: number): Uint8Array =>
    Uint8Array.of(...message, ...new Array<number>(rest).fill(byte))
  const ends: Named<Uint8Array>[] =
    rest === 0
      ? [
          [
            'a block of zeros is added to a message of whole blocks',
            Uint8Array.of(...message, ...new Uint8Array(block)),
          ],
        ]
      : [
          ['the padding is FF, not 00', filled(0xff)],
          ['the padding is blanks (20), not 00', filled(0x20)],
          ['the padding is characters 0 (30), not 00', filled(0x30)],
          ['the last block is left out, not padded', message.subarray(0, message.length - (block - rest))],
        ]
  return [
    [null, message],
    ['the padding is 80 and zeros, not zeros alone', Uint8Array.of(...message, 0x80)],
    ...ends,
  ]
}

/** The last block before its form in field 64: 8 bytes, or 16 with SM4. */
function blockMac(core: Core, profile: MacProfile, key: Uint8Array, message: Uint8Array): Uint8Array {
  const [family] = OF_PROFILE[profile]
  if (family === 'x9.9' || family === 'x9.19') return core.computeMac(family, key, message)
  if (family === 'xor') return core.computeMac('xor-3des', key, message)
  const size = family === 'sm4' ? 16 : 8
  const cipher = family === 'sm4' ? 'sm4' : key.length === 8 ? 'des' : '3des'
  const sum = new Uint8Array(size)
  message.forEach((byte, at) => {
    sum[at % size] = (sum[at % size] ?? 0) ^ byte
  })
  const text = new TextEncoder().encode(sum.toHex().toUpperCase())
  const once = core.encrypt(cipher, key, text.subarray(0, size))
  return core.encrypt(
    cipher,
    key,
    once.map((byte, at) => byte ^ (text[size + at] ?? 0)),
  )
}

/** The MAC in the form of the profile, and in others. */
function formsOf(block: Uint8Array, form: Form): Named<Uint8Array>[] {
  const binary = block.slice(0, 8)
  const maskedHex = (bytes: Uint8Array, isUpper = true): Uint8Array =>
    new TextEncoder().encode(isUpper ? bytes.toHex().toUpperCase() : bytes.toHex())
  const bin4 = Uint8Array.of(...binary.subarray(0, 4), 0, 0, 0, 0)
  const forms = { hex: maskedHex(binary.subarray(0, 4)), binary, bin4 }
  const own = forms[form]
  const others: Named<Uint8Array>[] = [
    ['field 64 has the binary bytes, not hex characters', binary],
    ['field 64 has hex characters, not binary bytes', forms.hex],
    ['field 64 has 4 binary bytes and zeros', bin4],
    ['field 64 has the other half of the hex characters', maskedHex(binary.subarray(4))],
    ['field 64 has lower-case hex characters', maskedHex(binary.subarray(0, 4), false)],
  ]
  return [
    [null, own],
    [
      'the halves of field 64 are the other way round',
      Uint8Array.of(...own.subarray(4), ...own.subarray(0, 4)),
    ],
    ['field 64 has its bytes in reverse order', own.toReversed()],
    ...others.filter(([, mac]) => !isSame(mac, own)),
  ]
}
