/**
 * @module DES (FIPS 46-3) over 64-bit blocks, most significant bit first, with room for three expanded keys.
 *
 * Each half of a block is kept expanded (E of the standard): eight bytes of six bits. So a round is one XOR with the
 * subkey and eight look-ups in tables that hold S, P and E together. The look-ups depend on the data, so it is not
 * constant time.
 */
import { DES_PC2, DES_ROUND } from './des-tables'
import { KEY_ADDRESS, SCHEDULE_ADDRESS } from './layout'

/** Bytes of one expanded key: sixteen rounds of eight bytes. */
const EXPANDED_BYTES: usize = 128
/** Rounds 1, 2, 9 and 16 shift C and D by one, the others by two. */
const SINGLE_SHIFTS: u32 = 0x8103

/** The same eight bits in each byte. */
function everyByte(bits: u64): u64 {
  return bits | (bits << 32)
}

/** Transposes two squares of 4 × 4 bits side by side. Each of the four bytes has a row of both, the first row in the top one. */
function transpose(rows: u32): u32 {
  let swap = ((rows >> 7) ^ rows) & 0x00aa00aa
  rows ^= swap ^ (swap << 7)
  swap = ((rows >> 14) ^ rows) & 0x0000cccc
  return rows ^ swap ^ (swap << 14)
}

/** Permuted choice 2 of C: the six bits of S1 to S4. */
function chooseC(c: u32): u32 {
  return (
    load<u32>((c >> 19) & 0x1fc, DES_PC2) |
    load<u32>((c >> 12) & 0x1fc, DES_PC2 + 512) |
    (load<u32>((c >> 5) & 0x1fc, DES_PC2 + 1024) | load<u32>((c << 2) & 0x1fc, DES_PC2 + 1536))
  )
}

/** Permuted choice 2 of D: the six bits of S5 to S8. */
function chooseD(d: u32): u32 {
  return (
    load<u32>((d >> 19) & 0x1fc, DES_PC2 + 2048) |
    load<u32>((d >> 12) & 0x1fc, DES_PC2 + 2560) |
    (load<u32>((d >> 5) & 0x1fc, DES_PC2 + 3072) | load<u32>((d << 2) & 0x1fc, DES_PC2 + 3584))
  )
}

/**
 * Expands the `part`-th 8 bytes of the key region for the `pass`-th sixteen rounds, in reverse order to decrypt. Parity bits are
 * ignored.
 */
export function expandDesKey(part: i32, pass: i32, isReverse: bool): void {
  // Permuted choice 1 reads the key by columns, from the last byte to the first.
  const key = KEY_ADDRESS + 8 * <usize>part
  const high = transpose(load<u32>(key, 4))
  const low = transpose(load<u32>(key))
  const columns = (high & 0xf0f0f0f0) | ((low >> 4) & 0x0f0f0f0f)
  const rest = ((high << 4) & 0xf0f0f0f0) | (low & 0x0f0f0f0f)
  let c = columns >> 4
  let d = ((rest & 0xff00) << 12) | ((rest >> 4) & 0xff000) | ((rest >> 20) & 0xff0) | (columns & 15)
  const step: isize = isReverse ? -8 : 8
  let to = SCHEDULE_ADDRESS + EXPANDED_BYTES * <usize>pass + (isReverse ? EXPANDED_BYTES - 8 : 0)
  for (let n = 0; n < 16; n++) {
    if ((SINGLE_SHIFTS >> n) & 1) {
      c = ((c << 1) | (c >> 27)) & 0xfffffff
      d = ((d << 1) | (d >> 27)) & 0xfffffff
    } else {
      c = ((c << 2) | (c >> 26)) & 0xfffffff
      d = ((d << 2) | (d >> 26)) & 0xfffffff
    }
    store<u32>(to, chooseD(d))
    store<u32>(to, chooseC(c), 4)
    to += step
  }
}

/** Copies an expanded key. Two-key 3DES uses the first key for the first and the last pass. */
export function copyDesKey(from: i32, to: i32): void {
  const source = SCHEDULE_ADDRESS + EXPANDED_BYTES * <usize>from
  const target = SCHEDULE_ADDRESS + EXPANDED_BYTES * <usize>to
  for (let at: usize = 0; at < EXPANDED_BYTES; at += 8) store<u64>(target + at, load<u64>(source + at))
}

/** E of a half: four bits in each byte, between the last bit of the byte before and the first of the next. */
function expand(half: u32): u64 {
  let bits = (((<u64>half) << 16) | half) & 0x0000ffff0000ffff
  bits = ((bits << 8) | bits) & everyByte(0x00ff00ff)
  bits = ((bits << 4) | bits) & everyByte(0x0f0f0f0f)
  return (
    (bits << 1) | (rotr<u64>(bits, 3) & everyByte(0x20202020)) | (rotl<u64>(bits, 5) & everyByte(0x01010101))
  )
}

/** The half of which this is E: the four bits in the middle of each byte. */
function compress(expanded: u64): u32 {
  let bits = (expanded >> 1) & everyByte(0x0f0f0f0f)
  bits = ((bits >> 4) | bits) & everyByte(0x00ff00ff)
  bits = ((bits >> 8) | bits) & 0x0000ffff0000ffff
  return <u32>((bits >> 16) | bits)
}

/** `left` ⊕ f(R, K), all three expanded. The order of the XORs keeps the chain of dependent steps short. */
function round(left: u64, right: u64, subkey: u64): u64 {
  const six = right ^ subkey
  return (
    left ^
    load<u64>(<u32>(six >> 53) & 0x1f8, DES_ROUND) ^
    load<u64>(<u32>(six >> 45) & 0x1f8, DES_ROUND + 512) ^
    (load<u64>(<u32>(six >> 37) & 0x1f8, DES_ROUND + 1024) ^
      load<u64>(<u32>(six >> 29) & 0x1f8, DES_ROUND + 1536)) ^
    (load<u64>(<u32>(six >> 21) & 0x1f8, DES_ROUND + 2048) ^
      load<u64>(<u32>(six >> 13) & 0x1f8, DES_ROUND + 2560) ^
      (load<u64>(<u32>(six >> 5) & 0x1f8, DES_ROUND + 3072) ^
        load<u64>(<u32>(six << 3) & 0x1f8, DES_ROUND + 3584)))
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

/**
 * The last block of a CBC with IV 0 over whole blocks from `at` to `end`, at least one. A block has `passes` of sixteen rounds, one for
 * each expanded key, and the last one `lastPasses`. The permutations between two passes cancel. So only those of the
 * message remain, and they do not wait for the block before.
 */
export function chainDes(at: usize, end: usize, passes: i32, lastPasses: i32): u64 {
  let left: u64 = 0
  let right: u64 = 0
  for (; at < end; at += 8) {
    const block = permute(bswap(load<u64>(at)))
    left ^= expand(<u32>(block >> 32))
    right ^= expand(<u32>block)
    let key = SCHEDULE_ADDRESS
    const stop = key + EXPANDED_BYTES * (at + 8 < end ? passes : lastPasses)
    for (; key < stop; key += EXPANDED_BYTES) {
      for (let two = key; two < key + EXPANDED_BYTES; two += 16) {
        left = round(left, right, load<u64>(two))
        right = round(right, left, load<u64>(two, 8))
      }
      // The halves come out exchanged.
      const swap = left
      left = right
      right = swap
    }
  }
  return unpermute(((<u64>compress(left)) << 32) | compress(right))
}
