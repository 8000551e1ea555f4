/**
 * @module A table of fingerprints of recent messages, each with its second of arrival. It is a hint and may forget at
 * any time. The embedder compares a hit with the request itself before it uses it.
 *
 * A fingerprint is SipHash-2-4 of the message under a random key of the instance, so that nobody can choose a bucket.
 * An entry lies in one of the eight places from its bucket on (the low bits of the fingerprint). The whole fingerprint
 * is compared. Nothing is chained, so a removed entry leaves no trace, and every loop has eight steps.
 */
import {
  DUPLICATE_ENTRIES,
  DUPLICATE_ENTRY_BYTES,
  DUPLICATES_ADDRESS,
  INPUT_ADDRESS,
  MESSAGE_BYTES,
  SIPHASH_KEY_ADDRESS,
} from './layout'

/** The number of places for one fingerprint. */
const PROBES: u32 = 8
const NOT_FOUND: i32 = -1

const SECONDS: usize = 8
const OCCUPIED: usize = 12

/** SipHash-2-4 (Aumasson and Bernstein, 2012) of the first `messageBytes` of the input region. */
function fingerprint(messageBytes: i32): u64 {
  assert(<u32>messageBytes <= <u32>MESSAGE_BYTES)
  const k0 = load<u64>(SIPHASH_KEY_ADDRESS)
  const k1 = load<u64>(SIPHASH_KEY_ADDRESS, 8)
  // The constants spell "somepseudorandomlygeneratedbytes".
  let v0 = k0 ^ ((<u64>0x736f6d65) << 32) ^ 0x70736575
  let v1 = k1 ^ ((<u64>0x646f7261) << 32) ^ 0x6e646f6d
  let v2 = k0 ^ ((<u64>0x6c796765) << 32) ^ 0x6e657261
  let v3 = k1 ^ ((<u64>0x74656462) << 32) ^ 0x79746573

  const whole = messageBytes >> 3
  for (let step = 0; step < whole + 3; step++) {
    let word: u64 = 0
    if (step < whole) {
      word = load<u64>(INPUT_ADDRESS + 8 * <usize>step)
    } else if (step === whole) {
      // The last word: the remaining bytes, and the length in its top byte.
      word = (<u64>messageBytes) << 56
      for (let at = 0; at < (messageBytes & 7); at++) {
        word |= (<u64>load<u8>(INPUT_ADDRESS + <usize>(8 * whole + at))) << (8 * at)
      }
    } else if (step === whole + 1) {
      // The four final rounds are two more steps with a word of zeros.
      v2 ^= 0xff
    }
    v3 ^= word
    for (let round = 0; round < 2; round++) {
      v0 += v1
      v2 += v3
      v1 = rotl<u64>(v1, 13) ^ v0
      v3 = rotl<u64>(v3, 16) ^ v2
      v0 = rotl<u64>(v0, 32)
      v2 += v1
      v0 += v3
      v1 = rotl<u64>(v1, 17) ^ v2
      v3 = rotl<u64>(v3, 21) ^ v0
      v2 = rotl<u64>(v2, 32)
    }
    v0 ^= word
  }
  return v0 ^ v1 ^ v2 ^ v3
}

/** Slot of the `probe`-th place of a fingerprint. The table is a ring. */
function slotOf(print: u64, probe: u32): i32 {
  return <i32>((<u32>print + probe) & (DUPLICATE_ENTRIES - 1))
}

function addressOf(slot: i32): usize {
  return DUPLICATES_ADDRESS + <usize>slot * DUPLICATE_ENTRY_BYTES
}

/**
 * Seconds since the arrival. It is unsigned, so an entry from the future has the maximum age. A clock that is set back
 * only makes the table forget.
 */
function age(entry: usize, now: u32): u32 {
  return now - load<u32>(entry, SECONDS)
}

/** The slot of the fingerprint at any age, or -1. */
function find(print: u64): i32 {
  for (let probe: u32 = 0; probe < PROBES; probe++) {
    const entry = addressOf(slotOf(print, probe))
    if (load<u32>(entry, OCCUPIED) === 1 && load<u64>(entry) === print) return slotOf(print, probe)
  }
  return NOT_FOUND
}

/**
 * The handle (slot) of the message in the input region, or -1. The message must not be older than `window` seconds at
 * `now`. Traps on a wrong length.
 */
export function lookupDuplicate(messageBytes: i32, now: u32, window: u32): i32 {
  const slot = find(fingerprint(messageBytes))
  return slot !== NOT_FOUND && age(addressOf(slot), now) <= window ? slot : NOT_FOUND
}

/**
 * Enters the message in the input region with arrival `now`, and returns its handle. It renews its own entry, else
 * takes a free place, else replaces the oldest of the eight. Traps on a wrong length.
 */
export function insertDuplicate(messageBytes: i32, now: u32): i32 {
  const print = fingerprint(messageBytes)
  let slot = find(print)
  let oldest: u32 = 0
  for (let probe: u32 = 0; slot === NOT_FOUND && probe < PROBES; probe++) {
    if (load<u32>(addressOf(slotOf(print, probe)), OCCUPIED) === 0) slot = slotOf(print, probe)
  }
  if (slot === NOT_FOUND) {
    slot = slotOf(print, 0)
    for (let probe: u32 = 0; probe < PROBES; probe++) {
      const seconds = age(addressOf(slotOf(print, probe)), now)
      if (seconds <= oldest) continue
      oldest = seconds
      slot = slotOf(print, probe)
    }
  }
  const entry = addressOf(slot)
  store<u64>(entry, print)
  store<u32>(entry, now, SECONDS)
  store<u32>(entry, 1, OCCUPIED)
  return slot
}

/** Removes the entry of the message in the input region. Returns its handle, or -1. Traps on a wrong length. */
export function forgetDuplicate(messageBytes: i32): i32 {
  const slot = find(fingerprint(messageBytes))
  if (slot !== NOT_FOUND) memory.fill(addressOf(slot), 0, DUPLICATE_ENTRY_BYTES)
  return slot
}
