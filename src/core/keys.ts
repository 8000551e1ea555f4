/** @module Working keys under the terminal master key, and key check values (protocol.md §3.1). */
import { type BlockCipher, CIPHERS } from './cipher.ts'
import { assertLength, assertWithin, type CoreMemory } from './memory.ts'

/** The family of the terminal master key. Under `des` the length decides: 8 bytes are DES, 16 or 24 bytes are 3DES. */
export type WrappingCipher = 'des' | 'sm4'

export interface KeyFunctions {
  /**
   * Encrypts a working key in ECB under the TMK: 8, 16, 24 or 32 bytes under DES and 3DES, 16 or 32 bytes under SM4.
   * Throws RangeError on other lengths.
   */
  wrapKey(cipher: WrappingCipher, tmk: Uint8Array, key: Uint8Array): Uint8Array
  /** Decrypts a working key. The caller wipes it after use. Throws RangeError on other lengths. */
  unwrapKey(cipher: WrappingCipher, tmk: Uint8Array, wrapped: Uint8Array): Uint8Array
  /**
   * The first `bytes` of a block of zeros, encrypted under the key: 4 by default, at most one block. Throws RangeError
   * on other lengths.
   */
  keyCheckValue(cipher: BlockCipher, key: Uint8Array, bytes?: number): Uint8Array
}

/** The key functions over a core. */
export function keyFunctions(memory: CoreMemory): KeyFunctions {
  function convert(
    operation: 'wrapKey' | 'unwrapKey',
    family: WrappingCipher,
    tmk: Uint8Array,
    key: Uint8Array,
  ) {
    const spec = CIPHERS[family === 'des' && tmk.length !== 8 ? '3des' : family]
    assertLength(`${family} TMK`, tmk, family === 'des' ? [8, 16, 24] : [16])
    assertLength('working key', key, family === 'des' ? [8, 16, 24, 32] : [16, 32])
    return memory.borrow((loan) => {
      loan.write('KEY', tmk)
      loan.write('WORKING_KEY', key)
      return loan.read('WORKING_KEY', loan.calls[operation](spec.code, tmk.length, key.length))
    })
  }
  return {
    wrapKey: (cipher, tmk, key) => convert('wrapKey', cipher, tmk, key),
    unwrapKey: (cipher, tmk, wrapped) => convert('unwrapKey', cipher, tmk, wrapped),
    keyCheckValue(cipher, key, bytes = 4) {
      const spec = CIPHERS[cipher]
      assertLength(`${cipher} key`, key, spec.keyBytes)
      assertWithin('key check value, in bytes', bytes, 1, spec.blockBytes)
      return memory.borrow((loan) => {
        loan.write('KEY', key)
        loan.calls.keyCheckValue(spec.code, key.length)
        return loan.read('MAC', bytes)
      })
    },
  }
}
