/**
 * @module AES (FIPS 197) with keys of 16, 24 and 32 bytes over 16-byte blocks in memory. A column is one word, row 0 in
 * the low byte. Table look-ups depend on the data, so it is not constant time.
 */
import { KEY_ADDRESS, SCHEDULE_ADDRESS } from './layout'
import { AES_INVERSE_SBOX, AES_ROUND, AES_SBOX } from './tables'

/** SubBytes and ShiftRows in one: one byte from each of four columns, through the S-box at `box`. */
function substitute(box: usize, a: u32, b: u32, c: u32, d: u32): u32 {
  return (
    <u32>load<u8>(box + (a & 255)) |
    ((<u32>load<u8>(box + ((b >> 8) & 255))) << 8) |
    ((<u32>load<u8>(box + ((c >> 16) & 255))) << 16) |
    ((<u32>load<u8>(box + (d >> 24))) << 24)
  )
}

/** Multiplies each of the four bytes by x in GF(2^8) (§4.3). */
function xtime(word: u32): u32 {
  return ((word & 0x7f7f7f7f) << 1) ^ (((word >> 7) & 0x01010101) * 0x1b)
}

/** MixColumns (§5.1.3): rows 2 3 1 1. */
function mix(word: u32): u32 {
  const doubled = xtime(word)
  return doubled ^ rotr<u32>(word ^ doubled, 8) ^ rotr<u32>(word, 16) ^ rotr<u32>(word, 24)
}

/** InvMixColumns (§5.3.3): multiplication by rows 5 0 4 0, then MixColumns. */
function inverseMix(word: u32): u32 {
  return mix(word ^ xtime(xtime(word ^ rotr<u32>(word, 16))))
}

/**
 * SubBytes, ShiftRows and MixColumns in one, ⊕ `key`: one byte from each of four columns, by one table. An entry of row n is that of
 * row 0, rotated.
 */
function encryptColumn(key: u32, a: u32, b: u32, c: u32, d: u32): u32 {
  return (
    key ^
    load<u32>((a << 3) & 0x7f8, AES_ROUND) ^
    load<u32>((b >> 5) & 0x7f8, AES_ROUND + 3) ^
    (load<u32>((c >> 13) & 0x7f8, AES_ROUND + 2) ^ load<u32>((d >> 21) & 0x7f8, AES_ROUND + 1))
  )
}

/** Nr of §5: 10, 12 or 14. */
function rounds(keyBytes: i32): i32 {
  return (keyBytes >> 2) + 6
}

/** Expands the first `keyBytes` (16, 24, 32) of the key region (§5.2). */
export function expandAesKey(keyBytes: i32): void {
  for (let at = 0; at < keyBytes; at += 4)
    store<u32>(SCHEDULE_ADDRESS + <usize>at, load<u32>(KEY_ADDRESS + <usize>at))
  const words = keyBytes >> 2
  let rcon: u32 = 1
  let word = load<u32>(SCHEDULE_ADDRESS + <usize>keyBytes - 4)
  let phase = 0
  for (let i = words; i < 4 * (rounds(keyBytes) + 1); i++) {
    const to = SCHEDULE_ADDRESS + 4 * <usize>i
    if (phase === 0) {
      word = rotr<u32>(word, 8)
      word = substitute(AES_SBOX, word, word, word, word) ^ rcon
      rcon = xtime(rcon)
    } else if (words > 6 && phase === 4) {
      word = substitute(AES_SBOX, word, word, word, word)
    }
    word ^= load<u32>(to - <usize>keyBytes)
    store<u32>(to, word)
    phase = phase + 1 === words ? 0 : phase + 1
  }
}

/** Encrypts the 16 bytes at `at` in place (§5.1). */
export function encryptAes(keyBytes: i32, at: usize): void {
  encryptColumns(keyBytes, at, load<u32>(at), load<u32>(at, 4), load<u32>(at, 8), load<u32>(at, 12))
}

/** Chains the blocks from `at` to `end` into the block at `chain`, in CBC. */
export function chainAes(keyBytes: i32, at: usize, end: usize, chain: usize): void {
  for (; at < end; at += 16) {
    const a = load<u32>(chain) ^ load<u32>(at)
    const b = load<u32>(chain, 4) ^ load<u32>(at, 4)
    const c = load<u32>(chain, 8) ^ load<u32>(at, 8)
    const d = load<u32>(chain, 12) ^ load<u32>(at, 12)
    encryptColumns(keyBytes, chain, a, b, c, d)
  }
}

/** Encrypts the block of these four columns, and stores it at `at`. */
function encryptColumns(keyBytes: i32, at: usize, a: u32, b: u32, c: u32, d: u32): void {
  const last = SCHEDULE_ADDRESS + 16 * <usize>rounds(keyBytes)
  let key = SCHEDULE_ADDRESS
  a ^= load<u32>(key)
  b ^= load<u32>(key, 4)
  c ^= load<u32>(key, 8)
  d ^= load<u32>(key, 12)
  for (key += 16; key < last; key += 16) {
    const a1 = encryptColumn(load<u32>(key), a, b, c, d)
    const b1 = encryptColumn(load<u32>(key, 4), b, c, d, a)
    const c1 = encryptColumn(load<u32>(key, 8), c, d, a, b)
    d = encryptColumn(load<u32>(key, 12), d, a, b, c)
    a = a1
    b = b1
    c = c1
  }
  store<u32>(at, substitute(AES_SBOX, a, b, c, d) ^ load<u32>(last))
  store<u32>(at, substitute(AES_SBOX, b, c, d, a) ^ load<u32>(last, 4), 4)
  store<u32>(at, substitute(AES_SBOX, c, d, a, b) ^ load<u32>(last, 8), 8)
  store<u32>(at, substitute(AES_SBOX, d, a, b, c) ^ load<u32>(last, 12), 12)
}

/** Decrypts the 16 bytes at `at` in place (§5.3, the straightforward inverse cipher). */
export function decryptAes(keyBytes: i32, at: usize): void {
  let key = SCHEDULE_ADDRESS + 16 * <usize>rounds(keyBytes)
  let a = load<u32>(at) ^ load<u32>(key)
  let b = load<u32>(at, 4) ^ load<u32>(key, 4)
  let c = load<u32>(at, 8) ^ load<u32>(key, 8)
  let d = load<u32>(at, 12) ^ load<u32>(key, 12)
  for (key -= 16; key > SCHEDULE_ADDRESS; key -= 16) {
    const a1 = inverseMix(substitute(AES_INVERSE_SBOX, a, d, c, b) ^ load<u32>(key))
    const b1 = inverseMix(substitute(AES_INVERSE_SBOX, b, a, d, c) ^ load<u32>(key, 4))
    const c1 = inverseMix(substitute(AES_INVERSE_SBOX, c, b, a, d) ^ load<u32>(key, 8))
    d = inverseMix(substitute(AES_INVERSE_SBOX, d, c, b, a) ^ load<u32>(key, 12))
    a = a1
    b = b1
    c = c1
  }
  store<u32>(at, substitute(AES_INVERSE_SBOX, a, d, c, b) ^ load<u32>(key))
  store<u32>(at, substitute(AES_INVERSE_SBOX, b, a, d, c) ^ load<u32>(key, 4), 4)
  store<u32>(at, substitute(AES_INVERSE_SBOX, c, b, a, d) ^ load<u32>(key, 8), 8)
  store<u32>(at, substitute(AES_INVERSE_SBOX, d, c, b, a) ^ load<u32>(key, 12), 12)
}
