/** @module The block ciphers under one enumeration, and ECB over the input region. */
import { decryptAes, encryptAes, expandAesKey } from './aes'
import { chainDes, copyDesKey, expandDesKey } from './des'
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

/** Expands the key region for 3DES with 16 or 24 bytes: E K1, D K2, E K3, or the other way round. */
function expandTripleDesKey(keyBytes: i32, isDecrypting: bool): void {
  const last = keyBytes === 24 ? 2 : 0
  expandDesKey(isDecrypting ? last : 0, 0, isDecrypting)
  expandDesKey(1, 1, !isDecrypting)
  if (keyBytes === 24) expandDesKey(isDecrypting ? 0 : 2, 2, isDecrypting)
  else copyDesKey(0, 2)
}

/** Expands the key region for one direction of `cipher`. On a wrong key length it traps before it writes the schedule. */
export function expandKey(cipher: i32, keyBytes: i32, isDecrypting: bool): void {
  assert(isKeyLength(cipher, keyBytes))
  if (cipher === SM4) expandSm4Key()
  else if (cipher === AES) expandAesKey(keyBytes)
  else if (cipher === DES) expandDesKey(0, 0, isDecrypting)
  else expandTripleDesKey(keyBytes, isDecrypting)
}

/** Runs DES or 3DES over the block at `at` in place. The expanded key has the direction. */
function cryptDes(cipher: i32, at: usize): void {
  const passes = cipher === DES ? 1 : 3
  store<u64>(at, bswap(chainDes(at, at + 8, passes, passes)))
}

/** Encrypts the block at `at` in place under the expanded key. */
export function encryptBlock(cipher: i32, keyBytes: i32, at: usize): void {
  if (cipher === SM4) {
    encryptSm4(at)
  } else if (cipher === AES) {
    encryptAes(keyBytes, at)
  } else {
    cryptDes(cipher, at)
  }
}

/** Decrypts the block at `at` in place under the expanded key. */
export function decryptBlock(cipher: i32, keyBytes: i32, at: usize): void {
  if (cipher === SM4) {
    decryptSm4(at)
  } else if (cipher === AES) {
    decryptAes(keyBytes, at)
  } else {
    cryptDes(cipher, at)
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
  expandKey(cipher, keyBytes, false)
  for (let at = 0; at < dataBytes; at += blockBytes(cipher))
    encryptBlock(cipher, keyBytes, INPUT_ADDRESS + <usize>at)
  return dataBytes
}

/**
 * Decrypts the first `dataBytes` of the input region in place, in ECB. Returns `dataBytes`. Traps on a wrong length.
 */
export function decrypt(cipher: i32, keyBytes: i32, dataBytes: i32): i32 {
  assertBlocks(cipher, dataBytes, MESSAGE_BYTES)
  expandKey(cipher, keyBytes, true)
  for (let at = 0; at < dataBytes; at += blockBytes(cipher))
    decryptBlock(cipher, keyBytes, INPUT_ADDRESS + <usize>at)
  return dataBytes
}
