/**
 * @module A table of fingerprints of recent messages, each with the second at which it came. A hint only: it may forget at
 * any time, and the embedder confirms a hit against the request itself before it believes it.
 *
 * A fingerprint is SipHash-2-4 of the message under a random key of the instance, so that nobody can aim at a bucket. An
 * entry lies in one of the eight places that start at its bucket (the low bits of the fingerprint) and is compared by the
 * whole fingerprint. Nothing is chained, so a removed entry leaves no trace and every loop has eight steps.
 */
import {
  DUPLICATE_ENTRIES,
  DUPLICATE_ENTRY_BYTES,
  DUPLICATES_ADDRESS,
  INPUT_ADDRESS,
  MESSAGE_BYTES,
  SIPHASH_KEY_ADDRESS,
} from './layout'

/** Places looked at for one fingerprint. */
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
      // The last word: the bytes left over, and the length in its top byte.
      word = (<u64>messageBytes) << 56
      for (let at = 0; at < (messageBytes & 7); at++) {
        word |= (<u64>load<u8>(INPUT_ADDRESS + <usize>(8 * whole + at))) << (8 * at)
      }
    } else if (step === whole + 1) {
      // The four rounds of the end are two more steps with a word of zeros.
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

/** Address of the `probe`-th place for a fingerprint; the table is a ring. */
function slotOf(print: u64, probe: u32): i32 {
  return <i32>((<u32>print + probe) & (DUPLICATE_ENTRIES - 1))
}

function addressOf(slot: i32): usize {
  return DUPLICATES_ADDRESS + <usize>slot * DUPLICATE_ENTRY_BYTES
}

/** Seconds since the entry came. Unsigned: an entry from the future is as old as can be, so a clock set back only forgets. */
function age(entry: usize, now: u32): u32 {
  return now - load<u32>(entry, SECONDS)
}

/** The slot that holds the fingerprint, whatever its age, or -1. */
function find(print: u64): i32 {
  for (let probe: u32 = 0; probe < PROBES; probe++) {
    const entry = addressOf(slotOf(print, probe))
    if (load<u32>(entry, OCCUPIED) === 1 && load<u64>(entry) === print) return slotOf(print, probe)
  }
  return NOT_FOUND
}

/** The handle (slot) of the message in the input region if it came at most `window` seconds before `now`, else -1. */
export function lookupDuplicate(messageBytes: i32, now: u32, window: u32): i32 {
  const slot = find(fingerprint(messageBytes))
  return slot !== NOT_FOUND && age(addressOf(slot), now) <= window ? slot : NOT_FOUND
}

/**
 * Enters the message in the input region as come at `now` and returns its handle. Its own entry is renewed; else a free
 * place is taken, else the oldest of the eight gives way.
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

/** Removes the entry of the message in the input region. Returns the handle it had, or -1. */
export function forgetDuplicate(messageBytes: i32): i32 {
  const slot = find(fingerprint(messageBytes))
  if (slot !== NOT_FOUND) memory.fill(addressOf(slot), 0, DUPLICATE_ENTRY_BYTES)
  return slot
}
