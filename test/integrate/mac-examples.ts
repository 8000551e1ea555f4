/** @module The worked examples of docs/integrate/mac-algorithms.md: one message under every MAC profile, and field 62 in every layout. */

import { makLengthOf } from '../../src/domain/mac-profile.ts'
import { MAC_PROFILES, type MacProfile } from '../../src/domain/terminal-profile.ts'
import { type Message, macInput, messageOf, pack } from '../../src/iso8583/message.ts'
import type { KeyLayout } from '../../src/terminal/state.ts'
import { type WorkedMac, workMac } from './mac-steps.ts'
import { bytesOf, type Cipher, encrypt, keyCheckValue } from './node-ciphers.ts'

/** A reversal with little more than names its target, a void, by batch and STAN. */
export const EXAMPLE_MESSAGE: Message = messageOf('0400', [
  [4, '000000001234'],
  [11, '000003'],
  [41, '12345678'],
  [42, '123456789012345'],
  [60, '2300000100060'],
  [64, '0'.repeat(16)],
])

/** MTI … field 60: what the MAC covers. */
export const EXAMPLE_INPUT: Uint8Array = macInput(pack(EXAMPLE_MESSAGE))

const KEY_8 = '0123456789ABCDEF'
const KEY_16 = '0123456789ABCDEFFEDCBA9876543210'

export const exampleKey = (profile: MacProfile): string => (makLengthOf(profile) === 8 ? KEY_8 : KEY_16)

export interface MacExample extends WorkedMac {
  readonly profile: MacProfile
  readonly key: string
}

export const MAC_EXAMPLES: readonly MacExample[] = MAC_PROFILES.map((profile) => {
  const key = exampleKey(profile)
  return { profile, key, ...workMac(profile, bytesOf(key), EXAMPLE_INPUT) }
})

/** Two different halves: some libraries take no others for 3DES. */
export const EXAMPLE_TMK = '0131D9619DC1376E07A1133E4A0B2686'

/** Working keys with odd parity, as the service makes them. */
const TPK_16 = KEY_16
const TPK_8 = KEY_8
const MAK_8 = '7CA110454A1A6E57'
const MAK_16 = '7CA110454A1A6E570131D9619DC1376E'
const TDK_16 = '07A1133E4A0B26863849674C2602319E'

export interface WrappedKey {
  readonly name: 'PIN key (TPK)' | 'MAC key (MAK)' | 'track key (TDK)'
  readonly clear: string
  readonly wrapped: Uint8Array
  /** Zero bytes between the wrapped key and its check value. */
  readonly padding: number
  readonly cipher: Cipher
  readonly checkValue: Uint8Array
}

export interface KeyExample {
  readonly layout: KeyLayout
  readonly profile: MacProfile
  readonly keys: readonly WrappedKey[]
  readonly field62: Uint8Array
}

/** Field 62 of a sign-on answer: each key under the master key, padded to `length`, and then its check value. */
function keyExample(
  layout: KeyLayout,
  profile: MacProfile,
  clear: readonly string[],
  length: 8 | 16,
): KeyExample {
  const isSm4 = profile === 'cup-sm4'
  const names = ['PIN key (TPK)', 'MAC key (MAK)', 'track key (TDK)'] as const
  const keys = names.slice(0, clear.length).map((name, n): WrappedKey => {
    const key = bytesOf(clear[n] ?? '')
    const cipher = isSm4 ? 'sm4' : key.length === 8 ? 'des' : '3des'
    return {
      name,
      clear: clear[n] ?? '',
      wrapped: encrypt(isSm4 ? 'sm4' : '3des', bytesOf(EXAMPLE_TMK), key),
      padding: length - key.length,
      cipher,
      checkValue: keyCheckValue(cipher, key),
    }
  })
  const records = keys.flatMap(({ wrapped, padding, checkValue }) => [
    wrapped,
    new Uint8Array(padding),
    checkValue,
  ])
  return { layout, profile, keys, field62: Uint8Array.from(Buffer.concat(records)) }
}

export const KEY_EXAMPLES: readonly KeyExample[] = [
  keyExample('001', 'cup-ecb', [TPK_8, MAK_8], 8),
  keyExample('003', 'cup-ecb', [TPK_16, MAK_8], 16),
  keyExample('003', 'x9.19', [TPK_16, MAK_16], 16),
  keyExample('004', 'cup-ecb', [TPK_16, MAK_8, TDK_16], 16),
  keyExample('006', 'cup-sm4', [TPK_16, MAK_16, TDK_16], 16),
]
