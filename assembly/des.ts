/**
 * @module DES (FIPS 46-3) over 64-bit blocks, most significant bit first, with room for three expanded keys.
 *
 * A subkey is two words, one for S1, S3, S5, S7 and one for S2, S4, S6, S8. Each has six bits in the upper part of a
 * byte. So the expansion E is two rotations of the right half. Table look-ups depend on the data, so it is not constant
 * time.
 */
import { KEY_ADDRESS, SCHEDULE_ADDRESS } from './layout'
import { DES_PC2, DES_SP } from './tables'

/** Bytes of one expanded key: sixteen rounds of two words. */
const EXPANDED_BYTES: usize = 128
/** Rounds 1, 2, 9 and 16 shift C and D by one, the others by two. */
const SINGLE_SHIFTS: u32 = 0x8103
/** Bytes of the tables for seven bits of C or D, and for all of C. */
const CHUNK_BYTES: usize = 512
const HALF_BYTES: usize = 2048

/** Transposes two squares of 4 × 4 bits side by side. Each of the four bytes has a row of both, the first row in the top one. */
function transpose(rows: u32): u32 {
  let swap = ((rows >> 7) ^ rows) & 0x00aa00aa
  rows ^= swap ^ (swap << 7)
  swap = ((rows >> 14) ^ rows) & 0x0000cccc
  return rows ^ swap ^ (swap << 14)
}

function rotateHalf(half: u32, by: u32): u32 {
  return ((half << by) | (half >> (28 - by))) & 0xfffffff
}

/** Permuted choice 2 of C or D, with the tables at `table`. */
function choose(half: u32, table: usize): u32 {
  return (
    load<u32>(table + ((half >> 19) & 0x1fc)) |
    load<u32>(table + ((half >> 12) & 0x1fc), CHUNK_BYTES) |
    load<u32>(table + ((half >> 5) & 0x1fc), 2 * CHUNK_BYTES) |
    load<u32>(table + ((half << 2) & 0x1fc), 3 * CHUNK_BYTES)
  )
}

/** Expands the `slot`-th 8 bytes of the key region into the `slot`-th part of the schedule. Parity bits are ignored. */
export function expandDesKey(slot: i32): void {
  // Permuted choice 1 reads the key by columns, from the last byte to the first.
  const key = KEY_ADDRESS + 8 * <usize>slot
  const high = transpose(load<u32>(key, 4))
  const low = transpose(load<u32>(key))
  const columns = (high & 0xf0f0f0f0) | ((low >> 4) & 0x0f0f0f0f)
  const rest = ((high << 4) & 0xf0f0f0f0) | (low & 0x0f0f0f0f)
  let c = columns >> 4
  let d = ((rest & 0xff00) << 12) | ((rest >> 4) & 0xff000) | ((rest >> 20) & 0xff0) | (columns & 15)
  let to = SCHEDULE_ADDRESS + EXPANDED_BYTES * <usize>slot
  for (let round = 0; round < 16; round++) {
    const shift: u32 = (SINGLE_SHIFTS >> round) & 1 ? 1 : 2
    c = rotateHalf(c, shift)
    d = rotateHalf(d, shift)
    const first = choose(c, DES_PC2)
    const second = choose(d, DES_PC2 + HALF_BYTES)
    store<u32>(to, (first & 0xffff0000) | (second >> 16))
    store<u32>(to, (first << 16) | (second & 0xffff), 4)
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

/** The initial permutation, as five exchanges of bit groups between the halves. */
function permute(block: u64): u64 {
  let left = <u32>(block >> 32)
  let right = <u32>block
  let swap: u32 = ((left >> 4) ^ right) & 0x0f0f0f0f
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
  return ((<u64>left) << 32) | <u64>right
}

/** The inverse of the initial permutation: the same five exchanges in reverse order. */
function unpermute(state: u64): u64 {
  let left = <u32>(state >> 32)
  let right = <u32>state
  let swap: u32 = ((left >> 1) ^ right) & 0x55555555
  right ^= swap
  left ^= swap << 1
  swap = ((right >> 8) ^ left) & 0x00ff00ff
  left ^= swap
  right ^= swap << 8
  swap = ((right >> 2) ^ left) & 0x33333333
  left ^= swap
  right ^= swap << 2
  swap = ((left >> 16) ^ right) & 0x0000ffff
  right ^= swap
  left ^= swap << 16
  swap = ((left >> 4) ^ right) & 0x0f0f0f0f
  right ^= swap
  left ^= swap << 4
  return ((<u64>left) << 32) | <u64>right
}

/** Sixteen rounds over L ‖ R. The subkeys start at `subkey`, `step` bytes apart. The halves come out exchanged, R16 ‖ L16. */
function rounds(state: u64, subkey: usize, step: isize): u64 {
  let left = <u32>(state >> 32)
  let right = <u32>state
  for (let round = 0; round < 8; round++) {
    left ^= f(right, subkey)
    right ^= f(left, subkey + step)
    subkey += 2 * step
  }
  return ((<u64>right) << 32) | <u64>left
}

function encryptRounds(slot: i32, state: u64): u64 {
  return rounds(state, SCHEDULE_ADDRESS + EXPANDED_BYTES * <usize>slot, 8)
}

function decryptRounds(slot: i32, state: u64): u64 {
  return rounds(state, SCHEDULE_ADDRESS + EXPANDED_BYTES * <usize>slot + 120, -8)
}

/** Encrypts one block under the expanded key in `slot`. */
export function encryptDes(slot: i32, block: u64): u64 {
  return unpermute(encryptRounds(slot, permute(block)))
}

/** Decrypts one block under the expanded key in `slot`, with the subkeys in reverse order. */
export function decryptDes(slot: i32, block: u64): u64 {
  return unpermute(decryptRounds(slot, permute(block)))
}

/** Encrypts one block with 3DES (SP 800-67): E(K3, D(K2, E(K1, block))). The permutations between the steps cancel. */
export function encryptTripleDes(block: u64): u64 {
  return unpermute(encryptRounds(2, decryptRounds(1, encryptRounds(0, permute(block)))))
}

/** Decrypts one block with 3DES: D(K1, E(K2, D(K3, block))). */
export function decryptTripleDes(block: u64): u64 {
  return unpermute(decryptRounds(0, encryptRounds(1, decryptRounds(2, permute(block)))))
}

/**
 * The last block of a CBC under the first expanded key, with IV 0, over whole blocks from `at` to `end`. The permutations between
 * two blocks cancel, so only those of the message remain, and they do not wait for the block before.
 */
export function chainDes(at: usize, end: usize): u64 {
  let state: u64 = 0
  for (; at < end; at += 8) state = encryptRounds(0, state ^ permute(bswap(load<u64>(at))))
  return unpermute(state)
}
