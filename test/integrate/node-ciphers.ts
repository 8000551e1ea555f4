/** @module DES, 3DES and SM4 by node:crypto, one block or more in ECB: the oracle of what docs/integrate shows. */

import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { MacProfile } from '../../src/domain/terminal-profile.ts'

export type Cipher = 'des' | '3des' | 'sm4'

/** OpenSSL keeps single DES in its legacy provider; 3DES under one key three times is the same function. */
function tripleKey(key: Uint8Array): Uint8Array {
  const half = (n: number) => key.subarray((8 * n) % key.length, ((8 * n) % key.length) + 8)
  return Buffer.concat([half(0), half(1), half(2)])
}

function openSsl(cipher: Cipher, key: Uint8Array): [name: string, key: Uint8Array] {
  return cipher === 'sm4' ? ['sm4-ecb', key] : ['des-ede3-ecb', tripleKey(key)]
}

export function encrypt(cipher: Cipher, key: Uint8Array, data: Uint8Array): Uint8Array {
  const [name, whole] = openSsl(cipher, key)
  const ecb = createCipheriv(name, whole, null).setAutoPadding(false)
  return Uint8Array.from(Buffer.concat([ecb.update(data), ecb.final()]))
}

export function decrypt(cipher: Cipher, key: Uint8Array, data: Uint8Array): Uint8Array {
  const [name, whole] = openSsl(cipher, key)
  const ecb = createDecipheriv(name, whole, null).setAutoPadding(false)
  return Uint8Array.from(Buffer.concat([ecb.update(data), ecb.final()]))
}

export const cipherOf = (profile: MacProfile, keyLength: number): Cipher =>
  profile.startsWith('cup-sm4') ? 'sm4' : keyLength === 8 ? 'des' : '3des'

/** The first four bytes of a block of zeros under the key. */
export const keyCheckValue = (cipher: Cipher, key: Uint8Array): Uint8Array =>
  encrypt(cipher, key, new Uint8Array(cipher === 'sm4' ? 16 : 8)).subarray(0, 4)

export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase()

export const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))

export const xor = (a: Uint8Array, b: Uint8Array): Uint8Array =>
  Uint8Array.from(a, (byte, at) => byte ^ (b[at] ?? 0))
