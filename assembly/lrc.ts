/**
 * @module The longitudinal redundancy check of protocol.md §1.4: an XOR over a range. The embedder chooses the range.
 */
import { INPUT_ADDRESS, MESSAGE_BYTES } from './layout'

/** XOR of `seed` and the first `bytes` of the input region, 0 to 255. Traps on a wrong length or seed. */
export function lrc(seed: i32, bytes: i32): i32 {
  assert(<u32>bytes <= <u32>MESSAGE_BYTES)
  assert(<u32>seed <= 255)
  const whole = bytes & -8
  let words: u64 = 0
  for (let at = 0; at < whole; at += 8) words ^= load<u64>(INPUT_ADDRESS + <usize>at)
  words ^= words >> 32
  words ^= words >> 16
  let sum = <u8>(seed ^ <i32>(words ^ (words >> 8)))
  for (let at = whole; at < bytes; at++) sum ^= load<u8>(INPUT_ADDRESS + <usize>at)
  return sum
}
