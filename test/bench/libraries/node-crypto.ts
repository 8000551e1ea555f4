/**
 * @module `node:crypto` with cipher objects that stay. It has no single DES without the legacy provider, so a DES key is
 * a 3DES key of three equal parts.
 */

import { type Cipheriv, createCipheriv, createDecipheriv } from 'node:crypto'
import { chained } from '../chained.ts'
import type { Bytes, Keyed, Library } from '../library.ts'

const tripled = (key: Bytes): Bytes => Uint8Array.from([...key, ...key, ...key].slice(0, 24))

function keyed(name: string, key: Bytes, size: number): Keyed {
  const plain = (cipher: Cipheriv): ((blocks: Bytes) => Bytes) => {
    cipher.setAutoPadding(false)
    return (blocks) => cipher.update(blocks)
  }
  // A decipher without padding returns each block at once, like a cipher.
  const back = createDecipheriv(`${name}-ecb`, key, null).setAutoPadding(false)
  return {
    encrypt: plain(createCipheriv(`${name}-ecb`, key, null)),
    decrypt: (block) => back.update(block),
    lastOfCbc: chained(plain(createCipheriv(`${name}-cbc`, key, new Uint8Array(size))), size),
  }
}

export const nodeCrypto: Library = {
  name: 'node:crypto',
  des: (key) => keyed('des-ede3', tripled(key), 8),
  sm4: (key) => keyed('sm4', key, 16),
  aes: (key) => keyed('aes-128', key, 16),
}
