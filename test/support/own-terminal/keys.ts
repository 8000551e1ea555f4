/** @module The MAC profiles of the own terminal, and the working keys of a sign-on (protocol.md §3.1, §4). */

import { desDecrypt, desEncrypt } from '../micro-des.ts'
import { type MicroMac, microMac } from '../micro-mac.ts'
import { sm4Decrypt, sm4Encrypt } from '../micro-sm4.ts'
import { bytesOfHex, hexOfBytes } from './bytes.ts'

interface MacProfileOfOwn {
  readonly algorithm: MicroMac
  readonly cipher: 'des' | 'sm4'
  /** Bytes of the MAC key. */
  readonly keyBytes: 8 | 16
  /** 60.3 of its sign-ons. */
  readonly layouts: readonly (keyof typeof LAYOUTS)[]
}

/** 60.3 → the bytes of each key, without its check value: PIN key, MAC key, track key. */
const LAYOUTS = { '001': [8, 8], '003': [16, 16], '004': [16, 16, 16], '006': [16, 16, 16] } as const

const WITH_8 = ['001', '003', '004'] as const
const WITH_16 = ['003', '004'] as const
const WITH_SM4 = ['006'] as const

export const OWN_MAC_PROFILES = {
  'cup-ecb': { algorithm: 'cup-ecb', cipher: 'des', keyBytes: 8, layouts: WITH_8 },
  'cup-ecb-16': { algorithm: 'cup-ecb', cipher: 'des', keyBytes: 16, layouts: WITH_16 },
  'x9.9': { algorithm: 'x9.9', cipher: 'des', keyBytes: 8, layouts: WITH_8 },
  'x9.19': { algorithm: 'x9.19', cipher: 'des', keyBytes: 16, layouts: WITH_16 },
  'x9.19-bin4': { algorithm: 'x9.19-bin4', cipher: 'des', keyBytes: 16, layouts: WITH_16 },
  'x9.19-hex4': { algorithm: 'x9.19-hex4', cipher: 'des', keyBytes: 16, layouts: WITH_16 },
  'cup-sm4': { algorithm: 'cup-sm4', cipher: 'sm4', keyBytes: 16, layouts: WITH_SM4 },
  'xor-3des': { algorithm: 'xor-3des', cipher: 'des', keyBytes: 16, layouts: WITH_16 },
  'cup-sm4-bin': { algorithm: 'cup-sm4-bin', cipher: 'sm4', keyBytes: 16, layouts: WITH_SM4 },
} as const satisfies Readonly<Record<string, MacProfileOfOwn>>

export type OwnMacProfile = keyof typeof OWN_MAC_PROFILES

/** 60.3 of the sign-ons of a profile. */
export const layoutsOf = (profile: OwnMacProfile): readonly OwnLayout[] => OWN_MAC_PROFILES[profile].layouts

export type OwnLayout = keyof typeof LAYOUTS

/** Field 64 of a message, whose bits and fields before it are given in hex. */
export const ownMac = (profile: OwnMacProfile, macKey: Uint8Array, covered: string): string =>
  hexOfBytes(microMac(OWN_MAC_PROFILES[profile].algorithm, macKey, bytesOfHex(covered)))

/** The first four bytes of a block of zeros under the key, as hex. */
export const checkValueOf = (cipher: 'des' | 'sm4', key: Uint8Array): string =>
  hexOfBytes(
    cipher === 'sm4' ? sm4Encrypt(key, new Uint8Array(16)) : desEncrypt(key, new Uint8Array(8)),
  ).slice(0, 8)

function opened(cipher: 'des' | 'sm4', masterKey: Uint8Array, wrapped: Uint8Array): Uint8Array {
  const [size, decrypt] = cipher === 'sm4' ? ([16, sm4Decrypt] as const) : ([8, desDecrypt] as const)
  const key = new Uint8Array(wrapped.length)
  for (let at = 0; at < key.length; at += size)
    key.set(decrypt(masterKey, wrapped.subarray(at, at + size)), at)
  return key
}

const isOdd = (byte: number): boolean => (byte.toString(2).match(/1/g) ?? []).length % 2 === 1

/** The MAC key in field 62 under the master key. Throws RangeError when a length, a check value or a parity is wrong. */
export function openedMacKey(
  profile: OwnMacProfile,
  layout: OwnLayout,
  masterKey: string,
  field62: string,
): Uint8Array {
  const { cipher, keyBytes } = OWN_MAC_PROFILES[profile]
  const records = bytesOfHex(field62)
  const keys: Uint8Array[] = []
  let at = 0
  for (const [place, bytes] of LAYOUTS[layout].entries()) {
    const used = place === 1 ? Math.min(bytes, keyBytes) : bytes
    const key = opened(cipher, bytesOfHex(masterKey), records.subarray(at, at + used))
    if (records.subarray(at + used, at + bytes).some((byte) => byte !== 0))
      throw new RangeError('field 62: no zeros behind a short key')
    if (checkValueOf(cipher, key) !== hexOfBytes(records.subarray(at + bytes, at + bytes + 4)))
      throw new RangeError(`field 62: check value ${place + 1}`)
    if (cipher === 'des' && !key.every(isOdd)) throw new RangeError(`field 62: parity of key ${place + 1}`)
    keys.push(key)
    at += bytes + 4
  }
  if (at !== records.length) throw new RangeError('field 62: length')
  return keys[1] ?? new Uint8Array(0)
}
