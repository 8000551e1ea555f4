/** @module node-forge: DES, 3DES and AES in JavaScript over its own buffers. Each message starts its cipher anew. */

import forge from 'node-forge'
import type { Bytes, Keyed, Library } from '../library.ts'

const textOf = (bytes: Bytes): string => Buffer.from(bytes).toString('latin1')

function keyed(name: string, key: Bytes, size: number): Keyed {
  const make = (cipher: forge.Cipher, iv?: string) => {
    const start = iv === undefined ? {} : { iv }
    return (blocks: Bytes): Bytes => {
      cipher.start(start)
      cipher.update(forge.util.createBuffer(textOf(blocks)))
      // Whole blocks are out now. The padding of `finish` is not wanted.
      return Buffer.from(cipher.output.getBytes(), 'latin1')
    }
  }
  const text = textOf(key)
  const cbc = make(forge.cipher.createCipher(`${name}-CBC`, text), '\0'.repeat(size))
  return {
    encrypt: make(forge.cipher.createCipher(`${name}-ECB`, text)),
    decrypt: make(forge.cipher.createDecipher(`${name}-ECB`, text)),
    lastOfCbc: (padded) => cbc(padded).subarray(-size),
  }
}

const desKey = (key: Bytes): Bytes =>
  key.length === 8 ? key : Uint8Array.from([...key, ...key.subarray(0, 8)])

export const nodeForge: Library = {
  name: 'node-forge',
  des: (key) => keyed(key.length === 8 ? 'DES' : '3DES', desKey(key), 8),
  aes: (key) => keyed('AES', key, 16),
}
