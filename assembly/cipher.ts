/** @module The block ciphers under one enumeration, and ECB over the input region. */
import { decryptAes, encryptAes, expandAesKey } from './aes'
import { copyDesKey, decryptDes, decryptTripleDes, encryptDes, encryptTripleDes, expandDesKey } from './des'
import { INPUT_ADDRESS, MESSAGE_BYTES } from './layout'
import { decryptSm4, encryptSm4, expandSm4Key } from './sm4'

export const DES: i32 = 0
export const TRIPLE_DES: i32 = 1
export const SM4: i32 = 2
export const AES: i32 = 3

function isKeyLength(cipher: i32, keyBytes: i32): bool {
  if (cipher === DES) return keyBytes === 8
  if (cipher === TRIPLE_DES) return keyBytes === 16 || keyBytes === 24
  if (cipher === SM4) return keyBytes === 16
  return cipher === AES && (keyBytes === 16 || keyBytes === 24 || keyBytes === 32)
}

/** Bytes of a block, 8 or 16. */
export function blockBytes(cipher: i32): i32 {
  return cipher === DES || cipher === TRIPLE_DES ? 8 : 16
}

/** Expands the key region for `cipher`. On a wrong key length it traps before it writes the schedule. */
export function expandKey(cipher: i32, keyBytes: i32): void {
  assert(isKeyLength(cipher, keyBytes))
  if (cipher === SM4) {
    expandSm4Key()
  } else if (cipher === AES) {
    expandAesKey(keyBytes)
  } else {
    expandDesKey(0)
    if (cipher === DES) return
    expandDesKey(1)
    if (keyBytes === 24) expandDesKey(2)
    else copyDesKey(0, 2)
  }
}

/** Encrypts the block at `at` in place under the expanded key. */
export function encryptBlock(cipher: i32, keyBytes: i32, at: usize): void {
  if (cipher === SM4) {
    encryptSm4(at)
  } else if (cipher === AES) {
    encryptAes(keyBytes, at)
  } else {
    const block = bswap(load<u64>(at))
    store<u64>(at, bswap(cipher === DES ? encryptDes(0, block) : encryptTripleDes(block)))
  }
}

/** Decrypts the block at `at` in place under the expanded key. */
export function decryptBlock(cipher: i32, keyBytes: i32, at: usize): void {
  if (cipher === SM4) {
    decryptSm4(at)
  } else if (cipher === AES) {
    decryptAes(keyBytes, at)
  } else {
    const block = bswap(load<u64>(at))
    store<u64>(at, bswap(cipher === DES ? decryptDes(0, block) : decryptTripleDes(block)))
  }
}

/** Traps unless `dataBytes` is a whole number of blocks that fits into `regionBytes`. */
export function assertBlocks(cipher: i32, dataBytes: i32, regionBytes: i32): void {
  assert(<u32>dataBytes <= <u32>regionBytes)
  assert(dataBytes % blockBytes(cipher) === 0)
}

/**
 * Encrypts the first `dataBytes` of the input region in place, in ECB. Returns `dataBytes`. Traps on a wrong length.
 */
export function encrypt(cipher: i32, keyBytes: i32, dataBytes: i32): i32 {
  assertBlocks(cipher, dataBytes, MESSAGE_BYTES)
  expandKey(cipher, keyBytes)
  for (let at = 0; at < dataBytes; at += blockBytes(cipher))
    encryptBlock(cipher, keyBytes, INPUT_ADDRESS + <usize>at)
  return dataBytes
}

/**
 * Decrypts the first `dataBytes` of the input region in place, in ECB. Returns `dataBytes`. Traps on a wrong length.
 */
export function decrypt(cipher: i32, keyBytes: i32, dataBytes: i32): i32 {
  assertBlocks(cipher, dataBytes, MESSAGE_BYTES)
  expandKey(cipher, keyBytes)
  for (let at = 0; at < dataBytes; at += blockBytes(cipher))
    decryptBlock(cipher, keyBytes, INPUT_ADDRESS + <usize>at)
  return dataBytes
}
