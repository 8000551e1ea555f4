/** @module des.js: DES and two-key 3DES in JavaScript, with cipher objects that stay. */

import des from 'des.js'
import { chained } from '../chained.ts'
import type { Bytes, Keyed, Library } from '../library.ts'

function keyed(key: Bytes): Keyed {
  const Cipher = key.length === 8 ? des.DES : des.EDE
  const whole = key.length === 8 ? key : Uint8Array.from([...key, ...key.subarray(0, 8)])
  const encryptor = Cipher.create({ type: 'encrypt', key: whole, padding: false })
  const decryptor = Cipher.create({ type: 'decrypt', key: whole, padding: false })
  const cbc = des.CBC.instantiate(Cipher).create({ type: 'encrypt', key: whole, iv: new Uint8Array(8) })
  return {
    encrypt: (block) => Uint8Array.from(encryptor.update(block)),
    decrypt: (block) => {
      // A decipher keeps its newest block until the end.
      decryptor.update(block)
      return Uint8Array.from(decryptor.final())
    },
    lastOfCbc: chained((blocks) => cbc.update(blocks), 8),
  }
}

export const desJs: Library = { name: 'des.js', des: keyed }
