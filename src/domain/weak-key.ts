/** @module Master keys of terminals that protect less than their length promises. */

import { hasOddParity, withoutParity } from './des-parity.ts'
import { isSm4Profile } from './mac-profile.ts'
import type { MacProfile } from './terminal-profile.ts'

/** Weak keys of DES (NIST SP 800-67, 3.3.2): encryption twice gives the plain text. */
const WEAK = ['0101010101010101', 'fefefefefefefefe', 'e0e0e0e0f1f1f1f1', '1f1f1f1f0e0e0e0e']

/** Semi-weak keys of DES in their pairs: the second key of a pair decrypts what the first encrypts. */
const SEMI_WEAK = [
  ...['011f011f010e010e', '1f011f010e010e01'],
  ...['01e001e001f101f1', 'e001e001f101f101'],
  ...['01fe01fe01fe01fe', 'fe01fe01fe01fe01'],
  ...['1fe01fe00ef10ef1', 'e01fe01ff10ef10e'],
  ...['1ffe1ffe0efe0efe', 'fe1ffe1ffe0efe0e'],
  ...['e0fee0fef1fef1fe', 'fee0fee0fef1fef1'],
]

/** A part of a key as DES uses it, hex. */
const partOf = (key: Uint8Array): string => withoutParity(key).toHex()

const REFUSED_PARTS = new Set([...WEAK, ...SEMI_WEAK].map((key) => partOf(Uint8Array.fromHex(key))))

export interface KeyRules {
  /** Whether a DES key may have 8 bytes. */
  readonly allowSingleLength: boolean
  /** `odd`: each byte of a DES key must have odd parity. SM4 has no parity. */
  readonly parity: 'any' | 'odd'
}

/**
 * Whether a terminal must not have this master key. A DES key has 8 or 16 bytes, an SM4 key 16. A DES key may
 * have no weak or semi-weak part, no two equal parts, and no wrong parity. It has two parts, unless one is allowed. An SM4 key is not one
 * repeated byte.
 */
export function isWeakMasterKey(
  profile: MacProfile,
  key: Uint8Array,
  { allowSingleLength, parity }: KeyRules,
): boolean {
  if (isSm4Profile(profile)) return key.every((byte) => byte === key[0])
  if (key.length === 8 && !allowSingleLength) return true
  if (parity === 'odd' && !hasOddParity(key)) return true
  const parts = [key.subarray(0, 8), key.subarray(8)].filter(({ length }) => length > 0).map(partOf)
  return parts.some((part) => REFUSED_PARTS.has(part)) || new Set(parts).size < parts.length
}
