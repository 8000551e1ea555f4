/** @module The MAC of a message step by step, without the key (protocol.md §4). No step gives a masked byte back, and none tells about the key. */

import { isMalleable, isSm4Profile, makLengthOf } from '../../domain/mac-profile.ts'
import type { MacProfile } from '../../domain/terminal-profile.ts'
import { toHex } from '../../iso8583/hex.ts'
import { maskedHex } from './shown-bytes.ts'

export interface MacSteps {
  /** Offset in the input of the first byte that the MAC covers, and behind the last one. */
  readonly from: number
  readonly to: number
  /** Bytes of a block, and bytes 00 that fill the last one. */
  readonly blockBytes: number
  readonly zeros: number
  readonly blocks: readonly { readonly block: string; readonly xor?: string }[]
  /** The steps behind the blocks, in words. */
  readonly steps: readonly string[]
}

const CIPHER: Readonly<Record<MacProfile, string>> = {
  'cup-ecb': 'DES',
  'cup-ecb-16': '3DES with two keys',
  'x9.9': 'DES',
  'x9.19': 'DES',
  'x9.19-bin4': 'DES',
  'x9.19-hex4': 'DES',
  'cup-sm4': 'SM4',
  'xor-3des': '3DES with two keys',
  'cup-sm4-bin': 'SM4',
}

const LAST: Readonly<Record<MacProfile, string>> = {
  'cup-ecb': 'field 64 has the first 4 bytes as 8 upper-case hex characters',
  'cup-ecb-16': 'field 64 has the first 4 bytes as 8 upper-case hex characters',
  'x9.9': 'field 64 has the 8 bytes of the last block',
  'x9.19': 'field 64 has the 8 bytes',
  'x9.19-bin4': 'field 64 has the first 4 bytes and 4 bytes 00',
  'x9.19-hex4': 'field 64 has the first 4 bytes as 8 upper-case hex characters',
  'cup-sm4': 'field 64 has the first 4 bytes as 8 upper-case hex characters',
  'xor-3des': 'field 64 has the 8 bytes',
  'cup-sm4-bin': 'field 64 has the first 8 of the 16 bytes',
}

const HIDDEN = 'hidden: it would give masked bytes back'

export function macSteps(
  covered: Uint8Array,
  at: number,
  isShown: readonly boolean[],
  profile: MacProfile,
): MacSteps {
  const blockBytes = isSm4Profile(profile) ? 16 : 8
  const count = Math.max(1, Math.ceil(covered.length / blockBytes))
  const padded = new Uint8Array(count * blockBytes)
  padded.set(covered)
  const isFolding = isMalleable(profile)
  const sum = new Uint8Array(blockBytes)
  let isKnown = true
  const blocks = Array.from({ length: count }, (_, i) => {
    const start = i * blockBytes
    const block = padded.subarray(start, start + blockBytes)
    const shows = (offset: number): boolean => isShown[start + offset] ?? true
    block.forEach((byte, offset) => {
      sum[offset] = (sum[offset] ?? 0) ^ byte
      isKnown &&= shows(offset)
    })
    const shown = maskedHex(block, shows)
    return isFolding ? { block: shown, xor: isKnown ? toHex(sum) : HIDDEN } : { block: shown }
  })
  const folded = isKnown ? toHex(sum) : undefined
  return {
    from: at,
    to: at + covered.length,
    blockBytes,
    zeros: padded.length - covered.length,
    blocks,
    steps: [...(isFolding ? foldingSteps(profile, folded) : chainSteps(profile)), LAST[profile]],
  }
}

function foldingSteps(profile: MacProfile, folded: string | undefined): string[] {
  const cipher = CIPHER[profile]
  const sum = `the XOR of all blocks: ${folded ?? HIDDEN}`
  if (profile === 'xor-3des') return [sum, `it is enciphered with ${cipher} under the MAC key`]
  const half = isSm4Profile(profile) ? 16 : 8
  const textOf = (part: string | undefined): string =>
    part === undefined ? HIDDEN : `${part} (bytes ${toHex(new TextEncoder().encode(part))})`
  return [
    sum,
    `as ${2 * half} upper-case hex characters`,
    `the first ${half} characters are enciphered with ${cipher} under the MAC key: ${textOf(folded?.slice(0, half))}`,
    `the result XOR the last ${half} characters: ${textOf(folded?.slice(half))}`,
    `that is enciphered with ${cipher} under the MAC key`,
  ]
}

function chainSteps(profile: MacProfile): string[] {
  const key = makLengthOf(profile) === 16 ? 'the first half of the MAC key' : 'the MAC key'
  const chain = [
    `the first block is enciphered with DES under ${key}`,
    'each result XOR the next block is enciphered too; these values depend on the key',
  ]
  if (profile === 'x9.9') return chain
  return [
    ...chain,
    'the last result is deciphered under the second half of the MAC key, and enciphered under the first half',
  ]
}

/** The fault of the form of field 64 under the profile. Null: they can be its MAC. */
export function macFormFault(mac: Uint8Array, profile: MacProfile): string | null {
  const text = String.fromCharCode(...mac)
  const isHexProfile = /hex characters/.test(LAST[profile])
  if (isHexProfile && !/^[0-9A-F]{8}$/.test(text))
    return /^[0-9A-Fa-f]{8}$/.test(text)
      ? 'it has lower-case hex characters, the profile sends upper-case ones'
      : 'it is binary, the profile sends 8 hex characters'
  if (profile === 'x9.19-bin4' && mac.subarray(4).some((byte) => byte !== 0))
    return 'its last 4 bytes are not 00'
  if (!isHexProfile && /^[0-9A-Fa-f]{8}$/.test(text))
    return 'it is hex characters, the profile sends binary bytes'
  return null
}
