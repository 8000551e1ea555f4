/**
 * @module SM4 (GB/T 32907-2016) over 16-byte blocks in memory. Table look-ups depend on the data, so it is not constant
 * time.
 */
import { KEY_ADDRESS, SCHEDULE_ADDRESS } from './layout'
import { SM4_ROUND, SM4_SBOX } from './tables'

/** τ: the S-box for each byte of a word. */
function substitute(word: u32): u32 {
  return (
    ((<u32>load<u8>(word >> 24, SM4_SBOX)) << 24) |
    ((<u32>load<u8>((word >> 16) & 255, SM4_SBOX)) << 16) |
    (((<u32>load<u8>((word >> 8) & 255, SM4_SBOX)) << 8) | <u32>load<u8>(word & 255, SM4_SBOX))
  )
}

/**
 * `state` ⊕ T(`word`) of §6.2: τ and the linear map L by one table. An entry for a higher byte is the one for the lowest byte, rotated.
 * The order of the XORs keeps the chain of dependent steps short.
 */
function mix(state: u32, word: u32): u32 {
  return (
    state ^
    load<u32>((word << 3) & 0x7f8, SM4_ROUND) ^
    load<u32>((word >> 5) & 0x7f8, SM4_ROUND + 3) ^
    (load<u32>((word >> 13) & 0x7f8, SM4_ROUND + 2) ^ load<u32>((word >> 21) & 0x7f8, SM4_ROUND + 1))
  )
}

/** `state` ⊕ T′(`word`) of §7.3: τ, then the linear map L′. */
function mixKey(state: u32, word: u32): u32 {
  const b = substitute(word)
  return state ^ b ^ (rotl<u32>(b, 13) ^ rotl<u32>(b, 23))
}

/** CK of §7.3: byte j of word i is (4i + j) · 7 mod 256. */
function roundConstant(round: u32): u32 {
  const first = 28 * round
  return (
    ((first & 255) << 24) | (((first + 7) & 255) << 16) | (((first + 14) & 255) << 8) | ((first + 21) & 255)
  )
}

/** Expands the 16 bytes of the key region into 32 round keys. */
export function expandSm4Key(): void {
  let k0 = bswap(load<u32>(KEY_ADDRESS)) ^ 0xa3b1bac6
  let k1 = bswap(load<u32>(KEY_ADDRESS, 4)) ^ 0x56aa3350
  let k2 = bswap(load<u32>(KEY_ADDRESS, 8)) ^ 0x677d9197
  let k3 = bswap(load<u32>(KEY_ADDRESS, 12)) ^ 0xb27022dc
  for (let round: u32 = 0; round < 32; round++) {
    const next = mixKey(k0, roundConstant(round) ^ k1 ^ k2 ^ k3)
    store<u32>(SCHEDULE_ADDRESS + 4 * <usize>round, next)
    k0 = k1
    k1 = k2
    k2 = k3
    k3 = next
  }
}

/** 32 rounds over the block at `at`, in place. The round keys start at `key`, `step` bytes apart. */
function crypt(at: usize, key: usize, step: isize): void {
  let x0 = bswap(load<u32>(at))
  let x1 = bswap(load<u32>(at, 4))
  let x2 = bswap(load<u32>(at, 8))
  let x3 = bswap(load<u32>(at, 12))
  for (let quarter = 0; quarter < 8; quarter++) {
    // The newest word comes last.
    x0 = mix(x0, load<u32>(key) ^ x1 ^ x2 ^ x3)
    x1 = mix(x1, load<u32>(key + step) ^ x2 ^ x3 ^ x0)
    x2 = mix(x2, load<u32>(key + 2 * step) ^ x3 ^ x0 ^ x1)
    x3 = mix(x3, load<u32>(key + 3 * step) ^ x0 ^ x1 ^ x2)
    key += 4 * step
  }
  store<u32>(at, bswap(x3))
  store<u32>(at, bswap(x2), 4)
  store<u32>(at, bswap(x1), 8)
  store<u32>(at, bswap(x0), 12)
}

/** Encrypts the 16 bytes at `at` in place. */
export function encryptSm4(at: usize): void {
  crypt(at, SCHEDULE_ADDRESS, 4)
}

/** Decrypts the 16 bytes at `at` in place, with the round keys in reverse order. */
export function decryptSm4(at: usize): void {
  crypt(at, SCHEDULE_ADDRESS + 124, -4)
}

/** Chains the blocks from `at` to `end` into the block at `chain`, in CBC. */
export function chainSm4(at: usize, end: usize, chain: usize): void {
  let x0 = bswap(load<u32>(chain))
  let x1 = bswap(load<u32>(chain, 4))
  let x2 = bswap(load<u32>(chain, 8))
  let x3 = bswap(load<u32>(chain, 12))
  for (; at < end; at += 16) {
    x0 ^= bswap(load<u32>(at))
    x1 ^= bswap(load<u32>(at, 4))
    x2 ^= bswap(load<u32>(at, 8))
    x3 ^= bswap(load<u32>(at, 12))
    for (let key = SCHEDULE_ADDRESS; key < SCHEDULE_ADDRESS + 128; key += 16) {
      x0 = mix(x0, load<u32>(key) ^ x1 ^ x2 ^ x3)
      x1 = mix(x1, load<u32>(key, 4) ^ x2 ^ x3 ^ x0)
      x2 = mix(x2, load<u32>(key, 8) ^ x3 ^ x0 ^ x1)
      x3 = mix(x3, load<u32>(key, 12) ^ x0 ^ x1 ^ x2)
    }
    // The words come out in reverse order.
    let swap = x0
    x0 = x3
    x3 = swap
    swap = x1
    x1 = x2
    x2 = swap
  }
  store<u32>(chain, bswap(x0))
  store<u32>(chain, bswap(x1), 4)
  store<u32>(chain, bswap(x2), 8)
  store<u32>(chain, bswap(x3), 12)
}
