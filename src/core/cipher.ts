/** @module The block ciphers in ECB, for keys, PIN blocks and tests. ECB hides no pattern in longer data. */
import { assertLength, type CoreMemory } from './memory.ts'

export type BlockCipher = 'des' | '3des' | 'sm4' | 'aes'

/** `code` as in `assembly/cipher.ts`; lengths in bytes. */
interface CipherSpec {
  readonly code: number
  readonly keyBytes: readonly number[]
  readonly blockBytes: number
}

/** All ciphers with their key and block lengths. */
export const CIPHERS: Readonly<Record<BlockCipher, CipherSpec>> = {
  des: { code: 0, keyBytes: [8], blockBytes: 8 },
  '3des': { code: 1, keyBytes: [16, 24], blockBytes: 8 },
  sm4: { code: 2, keyBytes: [16], blockBytes: 16 },
  aes: { code: 3, keyBytes: [16, 24, 32], blockBytes: 16 },
}

export interface CipherFunctions {
  /**
   * ECB without padding, over a number of whole blocks, also none. Returns as many bytes. Throws RangeError on a wrong
   * key or data length.
   */
  encrypt(cipher: BlockCipher, key: Uint8Array, data: Uint8Array): Uint8Array
  decrypt(cipher: BlockCipher, key: Uint8Array, data: Uint8Array): Uint8Array
}

/** The cipher functions over a core. Long data goes through the core in parts. */
export function cipherFunctions(memory: CoreMemory): CipherFunctions {
  function crypt(operation: 'encrypt' | 'decrypt', cipher: BlockCipher, key: Uint8Array, data: Uint8Array) {
    const spec = CIPHERS[cipher]
    assertLength(`${cipher} key`, key, spec.keyBytes)
    if (data.length % spec.blockBytes !== 0) {
      throw new RangeError(
        `${cipher} data: expected whole blocks of ${spec.blockBytes} bytes, got ${data.length}`,
      )
    }
    const out = new Uint8Array(data.length)
    const stride = memory.messageBytes - (memory.messageBytes % spec.blockBytes)
    for (let at = 0; at < data.length; at += stride) {
      memory.borrow((loan) => {
        const part = data.subarray(at, at + stride)
        loan.write('KEY', key)
        loan.writeInput(part)
        out.set(loan.read('INPUT', loan.calls[operation](spec.code, key.length, part.length)), at)
      })
    }
    return out
  }
  return {
    encrypt: (cipher, key, data) => crypt('encrypt', cipher, key, data),
    decrypt: (cipher, key, data) => crypt('decrypt', cipher, key, data),
  }
}
