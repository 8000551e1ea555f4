/** @module Working keys under a terminal master key (ECB, protocol.md §3.1), and key check values. */
import { assertBlocks, blockBytes, decryptBlock, encryptBlock, expandKey } from './cipher'
import { MAC_ADDRESS, WORKING_KEY_ADDRESS, WORKING_KEY_BYTES } from './layout'

/**
 * Encrypts the first `workingKeyBytes` of the working key region under the key region. Returns `workingKeyBytes`. Traps
 * on a wrong length.
 */
export function wrapKey(cipher: i32, keyBytes: i32, workingKeyBytes: i32): i32 {
  assertBlocks(cipher, workingKeyBytes, WORKING_KEY_BYTES)
  expandKey(cipher, keyBytes, false)
  for (let at = 0; at < workingKeyBytes; at += blockBytes(cipher)) {
    encryptBlock(cipher, keyBytes, WORKING_KEY_ADDRESS + <usize>at)
  }
  return workingKeyBytes
}

/**
 * Decrypts the first `workingKeyBytes` of the working key region under the key region. Returns `workingKeyBytes`. Traps
 * on a wrong length.
 */
export function unwrapKey(cipher: i32, keyBytes: i32, workingKeyBytes: i32): i32 {
  assertBlocks(cipher, workingKeyBytes, WORKING_KEY_BYTES)
  expandKey(cipher, keyBytes, true)
  for (let at = 0; at < workingKeyBytes; at += blockBytes(cipher)) {
    decryptBlock(cipher, keyBytes, WORKING_KEY_ADDRESS + <usize>at)
  }
  return workingKeyBytes
}

/**
 * Encrypts one block of zeros under the key region, and leaves it in the MAC region. Returns its bytes, 8 or 16. Traps
 * on a wrong length.
 */
export function keyCheckValue(cipher: i32, keyBytes: i32): i32 {
  expandKey(cipher, keyBytes, false)
  const bytes = blockBytes(cipher)
  memory.fill(MAC_ADDRESS, 0, bytes)
  encryptBlock(cipher, keyBytes, MAC_ADDRESS)
  return bytes
}
