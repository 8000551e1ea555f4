/**
 * @module DES (FIPS 46-3) over 64-bit blocks, most significant bit first, with room for three expanded keys.
 *
 * A subkey is two words, one for S1, S3, S5, S7 and one for S2, S4, S6, S8. Each has six bits in the upper part of a
 * byte. So the expansion E is two rotations of the right half. Table look-ups depend on the data, so it is not constant
 * time.
 */
import { KEY_ADDRESS, SCHEDULE_ADDRESS } from './layout'
import { DES_PC1, DES_PC2, DES_SP } from './tables'

/** Bytes of one expanded key: sixteen rounds of two words. */
const EXPANDED_BYTES: usize = 128
/** Rounds 1, 2, 9 and 16 shift C and D by one, the others by two. */
const SINGLE_SHIFTS: u32 = 0x8103

/** Six bits of C ‖ D, selected by six entries of permuted choice 2. */
function choose(cd: u64, entry: usize): u32 {
  let bits: u32 = 0
  for (let at: usize = entry; at < entry + 6; at++)
    bits = (bits << 1) | (<u32>(cd >> load<u8>(at, DES_PC2)) & 1)
  return bits
}

function rotateHalf(half: u64, by: u64): u64 {
  return ((half << by) | (half >> (28 - by))) & 0xfffffff
}

/** Expands the `slot`-th 8 bytes of the key region into the `slot`-th part of the schedule. Parity bits are ignored. */
export function expandDesKey(slot: i32): void {
  const key = bswap(load<u64>(KEY_ADDRESS + 8 * <usize>slot))
  let to = SCHEDULE_ADDRESS + EXPANDED_BYTES * <usize>slot
  let cd: u64 = 0
  for (let at: usize = 0; at < 56; at++) cd = (cd << 1) | ((key >> load<u8>(at, DES_PC1)) & 1)
  for (let round = 0; round < 16; round++) {
    const shift: u64 = (SINGLE_SHIFTS >> round) & 1 ? 1 : 2
    cd = (rotateHalf(cd >> 28, shift) << 28) | rotateHalf(cd & 0xfffffff, shift)
    store<u32>(
      to,
      (choose(cd, 0) << 26) | (choose(cd, 12) << 18) | (choose(cd, 24) << 10) | (choose(cd, 36) << 2),
    )
    store<u32>(
      to,
      (choose(cd, 6) << 26) | (choose(cd, 18) << 18) | (choose(cd, 30) << 10) | (choose(cd, 42) << 2),
      4,
    )
    to += 8
  }
}

/** Copies an expanded key. Two-key 3DES uses the first key as the third. */
export function copyDesKey(from: i32, to: i32): void {
  memory.copy(
    SCHEDULE_ADDRESS + EXPANDED_BYTES * <usize>to,
    SCHEDULE_ADDRESS + EXPANDED_BYTES * <usize>from,
    EXPANDED_BYTES,
  )
}

/** f(R, K) of FIPS 46-3, with P folded into the tables. */
function f(right: u32, subkey: usize): u32 {
  const odd = rotr<u32>(right, 1) ^ load<u32>(subkey)
  const even = rotl<u32>(right, 3) ^ load<u32>(subkey, 4)
  return (
    load<u32>((odd >> 24) & 0xfc, DES_SP) ^
    load<u32>((even >> 24) & 0xfc, DES_SP + 256) ^
    load<u32>((odd >> 16) & 0xfc, DES_SP + 512) ^
    load<u32>((even >> 16) & 0xfc, DES_SP + 768) ^
    load<u32>((odd >> 8) & 0xfc, DES_SP + 1024) ^
    load<u32>((even >> 8) & 0xfc, DES_SP + 1280) ^
    load<u32>(odd & 0xfc, DES_SP + 1536) ^
    load<u32>(even & 0xfc, DES_SP + 1792)
  )
}

/**
 * Sixteen rounds between the initial permutation and its inverse. The subkeys start at `subkey`, `step` bytes apart.
 */
function crypt(block: u64, subkey: usize, step: isize): u64 {
  let left = <u32>(block >> 32)
  let right = <u32>block
  let swap: u32

  // The initial permutation, as five exchanges of bit groups between the halves.
  swap = ((left >> 4) ^ right) & 0x0f0f0f0f
  right ^= swap
  left ^= swap << 4
  swap = ((left >> 16) ^ right) & 0x0000ffff
  right ^= swap
  left ^= swap << 16
  swap = ((right >> 2) ^ left) & 0x33333333
  left ^= swap
  right ^= swap << 2
  swap = ((right >> 8) ^ left) & 0x00ff00ff
  left ^= swap
  right ^= swap << 8
  swap = ((left >> 1) ^ right) & 0x55555555
  right ^= swap
  left ^= swap << 1

  for (let round = 0; round < 8; round++) {
    left ^= f(right, subkey)
    right ^= f(left, subkey + step)
    subkey += 2 * step
  }

  // The halves come out exchanged, R16 ‖ L16. The same five exchanges follow in reverse order.
  swap = ((right >> 1) ^ left) & 0x55555555
  left ^= swap
  right ^= swap << 1
  swap = ((left >> 8) ^ right) & 0x00ff00ff
  right ^= swap
  left ^= swap << 8
  swap = ((left >> 2) ^ right) & 0x33333333
  right ^= swap
  left ^= swap << 2
  swap = ((right >> 16) ^ left) & 0x0000ffff
  left ^= swap
  right ^= swap << 16
  swap = ((right >> 4) ^ left) & 0x0f0f0f0f
  left ^= swap
  right ^= swap << 4
  return ((<u64>right) << 32) | <u64>left
}

/** Encrypts one block under the expanded key in `slot`. */
export function encryptDes(slot: i32, block: u64): u64 {
  return crypt(block, SCHEDULE_ADDRESS + EXPANDED_BYTES * <usize>slot, 8)
}

/** Decrypts one block under the expanded key in `slot`, with the subkeys in reverse order. */
export function decryptDes(slot: i32, block: u64): u64 {
  return crypt(block, SCHEDULE_ADDRESS + EXPANDED_BYTES * <usize>slot + 120, -8)
}

/** Encrypts one block with 3DES (SP 800-67): E(K3, D(K2, E(K1, block))). */
export function encryptTripleDes(block: u64): u64 {
  return encryptDes(2, decryptDes(1, encryptDes(0, block)))
}

/** Decrypts one block with 3DES: D(K1, E(K2, D(K3, block))). */
export function decryptTripleDes(block: u64): u64 {
  return decryptDes(0, encryptDes(1, decryptDes(2, block)))
}
