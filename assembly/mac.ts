/**
 * @module The message authentication codes of protocol.md §4, one-shot over the input region. A computed MAC stays in
 * the MAC region, which is secret. `verifyMac` compares it there in constant time and returns 0 or 1.
 */
import { chainAes } from './aes'
import { AES, DES, encryptBlock, expandKey, TRIPLE_DES } from './cipher'
import { chainDes, copyDesKey, expandDesKey } from './des'
import { INPUT_ADDRESS, MAC_ADDRESS, MESSAGE_BYTES, OFFERED_MAC_ADDRESS, STATE_ADDRESS } from './layout'
import { chainSm4, encryptSm4, expandSm4Key } from './sm4'

export const CUP_ECB: i32 = 0
export const CUP_SM4: i32 = 1
export const X9_9: i32 = 2
export const X9_19: i32 = 3
export const X9_19_BIN4: i32 = 4
export const X9_19_HEX4: i32 = 5
export const XOR_3DES: i32 = 6
export const AES_CMAC: i32 = 7
export const SM4_CBC_MAC: i32 = 8
export const SM4_CBC_MAC_PAD3: i32 = 9
export const CUP_SM4_BIN: i32 = 10

/** A shorter MAC is too easy to guess, so no caller may declare one. */
const SHORTEST_MAC_BYTES: i32 = 4

/** Pads the message with zeros to whole blocks, at least one (ISO/IEC 9797-1 method 1). Returns the padded length. */
function padZeros(messageBytes: i32, block: i32): i32 {
  let padded = messageBytes === 0 ? block : (messageBytes + block - 1) & -block
  for (let at = messageBytes; at < padded; at++) store<u8>(INPUT_ADDRESS + <usize>at, 0)
  return padded
}

/** Pads the message with 80 00 … to whole blocks (ISO/IEC 9797-1 method 2). Returns the padded length. */
function padBit(messageBytes: i32): i32 {
  store<u8>(INPUT_ADDRESS + <usize>messageBytes, 0x80)
  return padZeros(messageBytes + 1, 16)
}

/** The same four bytes twice. */
function twice(bytes: u64): u64 {
  return bytes | (bytes << 32)
}

/** The 4 bytes as 8 upper-case hex characters. */
function hexText(bytes: u32): u64 {
  let digits = (((<u64>bytes) << 16) | bytes) & 0x0000ffff0000ffff
  digits = ((digits << 8) | digits) & twice(0x00ff00ff)
  digits = ((digits << 4) | digits) & twice(0x0f0f0f0f)
  // Six more than a letter's value carries into the next nibble. Letters begin seven after the digits.
  const letters = ((digits + twice(0x06060606)) >> 4) & twice(0x01010101)
  return digits + twice(0x30303030) + 7 * letters
}

function leaveMac8(mac: u64): i32 {
  store<u64>(MAC_ADDRESS, bswap(mac))
  return 8
}

/** XOR of all 8-byte blocks of the zero-padded message. */
function fold8(messageBytes: i32): u64 {
  const end = INPUT_ADDRESS + <usize>padZeros(messageBytes, 8)
  let sum: u64 = 0
  for (let at = INPUT_ADDRESS; at < end; at += 8) sum ^= load<u64>(at)
  return bswap(sum)
}

/**
 * protocol.md §4 A. Fold, hex text, E(first half) ⊕ second half, E, first 4 bytes as hex text. 2-key 3DES with 16
 * bytes.
 */
function cupEcb(keyBytes: i32, messageBytes: i32): i32 {
  assert(keyBytes === 8 || keyBytes === 16)
  expandKey(keyBytes === 8 ? DES : TRIPLE_DES, keyBytes, false)
  const passes = keyBytes === 8 ? 1 : 3
  const fold = fold8(messageBytes)
  store<u64>(STATE_ADDRESS, bswap(hexText(<u32>(fold >> 32))))
  store<u64>(STATE_ADDRESS, bswap(hexText(<u32>fold)), 8)
  return leaveMac8(hexText(<u32>(chainDes(STATE_ADDRESS, STATE_ADDRESS + 16, passes, passes) >> 32)))
}

/** protocol.md §4 D. The same over 16-byte blocks with SM4. Returns the first 8 bytes of the last block. */
function cupSm4(keyBytes: i32, messageBytes: i32): u64 {
  assert(keyBytes === 16)
  expandSm4Key()
  const end = INPUT_ADDRESS + <usize>padZeros(messageBytes, 16)
  let high: u64 = 0
  let low: u64 = 0
  for (let at = INPUT_ADDRESS; at < end; at += 16) {
    high ^= load<u64>(at)
    low ^= load<u64>(at, 8)
  }
  high = bswap(high)
  low = bswap(low)
  store<u64>(STATE_ADDRESS, bswap(hexText(<u32>(high >> 32))))
  store<u64>(STATE_ADDRESS, bswap(hexText(<u32>high)), 8)
  encryptSm4(STATE_ADDRESS)
  store<u64>(STATE_ADDRESS, load<u64>(STATE_ADDRESS) ^ bswap(hexText(<u32>(low >> 32))))
  store<u64>(STATE_ADDRESS, load<u64>(STATE_ADDRESS, 8) ^ bswap(hexText(<u32>low)), 8)
  encryptSm4(STATE_ADDRESS)
  return bswap(load<u64>(STATE_ADDRESS))
}

/** ISO/IEC 9797-1 algorithm 1 with DES and zero padding. */
function x9_9(keyBytes: i32, messageBytes: i32): u64 {
  assert(keyBytes === 8)
  expandDesKey(0, 0, false)
  return chainDes(INPUT_ADDRESS, INPUT_ADDRESS + <usize>padZeros(messageBytes, 8), 1, 1)
}

/**
 * ISO/IEC 9797-1 algorithm 3: the last block also has D K2 and E K1. With an 8-byte key the halves are equal and these two steps
 * cancel.
 */
function x9_19(keyBytes: i32, messageBytes: i32): u64 {
  if (keyBytes === 8) return x9_9(keyBytes, messageBytes)
  assert(keyBytes === 16)
  expandDesKey(0, 0, false)
  expandDesKey(1, 1, true)
  copyDesKey(0, 2)
  return chainDes(INPUT_ADDRESS, INPUT_ADDRESS + <usize>padZeros(messageBytes, 8), 1, 3)
}

/** protocol.md §4 E. Fold, then 3DES of the 8 bytes. */
function xor3des(keyBytes: i32, messageBytes: i32): u64 {
  expandKey(TRIPLE_DES, keyBytes, false)
  store<u64>(STATE_ADDRESS, bswap(fold8(messageBytes)))
  return chainDes(STATE_ADDRESS, STATE_ADDRESS + 8, 3, 3)
}

/** The chaining value of a first block. */
function clearState(): void {
  store<u64>(STATE_ADDRESS, 0)
  store<u64>(STATE_ADDRESS, 0, 8)
}

function leaveState(): i32 {
  store<u64>(MAC_ADDRESS, load<u64>(STATE_ADDRESS))
  store<u64>(MAC_ADDRESS, load<u64>(STATE_ADDRESS, 8), 8)
  return 16
}

/** Doubles the 16 bytes at `at` in GF(2^128) (SP 800-38B §6.1, R128 = 87). */
function double(at: usize): void {
  const high = bswap(load<u64>(at))
  const low = bswap(load<u64>(at, 8))
  store<u64>(at, bswap((high << 1) | (low >> 63)))
  store<u64>(at, bswap((low << 1) ^ (0x87 * (high >> 63))), 8)
}

/** AES-CMAC (SP 800-38B §6.2, RFC 4493). K1 masks a whole last block, K2 a padded one. */
function aesCmac(keyBytes: i32, messageBytes: i32): i32 {
  expandKey(AES, keyBytes, false)
  const mask = STATE_ADDRESS + 16
  store<u64>(mask, 0)
  store<u64>(mask, 0, 8)
  encryptBlock(AES, keyBytes, mask)
  double(mask)
  let padded = messageBytes
  if (messageBytes === 0 || (messageBytes & 15) !== 0) {
    double(mask)
    padded = padBit(messageBytes)
  }
  const last = INPUT_ADDRESS + <usize>padded - 16
  store<u64>(last, load<u64>(last) ^ load<u64>(mask))
  store<u64>(last, load<u64>(last, 8) ^ load<u64>(mask, 8), 8)
  clearState()
  chainAes(keyBytes, INPUT_ADDRESS, last + 16, STATE_ADDRESS)
  return leaveState()
}

/** GB/T 15852.1-2020 MAC algorithm 1 with SM4, padding method 2. */
function sm4CbcMac(keyBytes: i32, messageBytes: i32): i32 {
  assert(keyBytes === 16)
  expandSm4Key()
  clearState()
  chainSm4(INPUT_ADDRESS, INPUT_ADDRESS + <usize>padBit(messageBytes), STATE_ADDRESS)
  return leaveState()
}

/** The same with padding method 3: zeros behind the message, and a first block with the length in bits. */
function sm4CbcMacPad3(keyBytes: i32, messageBytes: i32): i32 {
  assert(keyBytes === 16)
  expandSm4Key()
  store<u64>(STATE_ADDRESS, 0)
  store<u64>(STATE_ADDRESS, bswap(8 * <u64>messageBytes), 8)
  encryptSm4(STATE_ADDRESS)
  chainSm4(INPUT_ADDRESS, INPUT_ADDRESS + <usize>padZeros(messageBytes, 16), STATE_ADDRESS)
  return leaveState()
}

/**
 * Computes the MAC of the first `messageBytes` of the input region, under the first `keyBytes` of the key region.
 * Leaves it in the MAC region. Returns its bytes: 8 as in field 64, or 16 for CMAC and SM4-CBC-MAC. Traps on a wrong
 * length or algorithm.
 */
export function computeMac(algorithm: i32, keyBytes: i32, messageBytes: i32): i32 {
  assert(<u32>messageBytes <= <u32>MESSAGE_BYTES)
  switch (algorithm) {
    case CUP_ECB:
      return cupEcb(keyBytes, messageBytes)
    case CUP_SM4:
      return leaveMac8(hexText(<u32>(cupSm4(keyBytes, messageBytes) >> 32)))
    case CUP_SM4_BIN:
      return leaveMac8(cupSm4(keyBytes, messageBytes))
    case X9_9:
      return leaveMac8(x9_9(keyBytes, messageBytes))
    case X9_19:
      return leaveMac8(x9_19(keyBytes, messageBytes))
    case X9_19_BIN4:
      return leaveMac8(x9_19(keyBytes, messageBytes) & 0xffffffff00000000)
    case X9_19_HEX4:
      return leaveMac8(hexText(<u32>(x9_19(keyBytes, messageBytes) >> 32)))
    case XOR_3DES:
      return leaveMac8(xor3des(keyBytes, messageBytes))
    case AES_CMAC:
      return aesCmac(keyBytes, messageBytes)
    case SM4_CBC_MAC:
      return sm4CbcMac(keyBytes, messageBytes)
    case SM4_CBC_MAC_PAD3:
      return sm4CbcMacPad3(keyBytes, messageBytes)
    default:
      return unreachable()
  }
}

/**
 * Returns 1 if the first `macBytes` of the offered MAC equal those of the computed one, else 0. It compares every byte,
 * whatever the first ones are. `macBytes` is the length agreed with the terminal, never the length of the received MAC.
 * Traps on a wrong length.
 */
export function verifyMac(algorithm: i32, keyBytes: i32, messageBytes: i32, macBytes: i32): i32 {
  const computed = computeMac(algorithm, keyBytes, messageBytes)
  assert(macBytes >= SHORTEST_MAC_BYTES && macBytes <= computed)
  let difference: u32 = 0
  for (let at = 0; at < macBytes; at++) {
    difference |= load<u8>(MAC_ADDRESS + <usize>at) ^ load<u8>(OFFERED_MAC_ADDRESS + <usize>at)
  }
  return difference === 0 ? 1 : 0
}
