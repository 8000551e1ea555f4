/** @module A CBC with IV 0 from a cipher object that goes on from its last block. */

import type { Bytes } from './library.ts'

/**
 * The last block of each CBC. `update` encrypts whole blocks and keeps its last block as the next IV, as a persistent
 * object does. An XOR of that block into the first one makes the IV zero again.
 */
export function chained(
  update: (blocks: Bytes) => ArrayLike<number>,
  size: number,
): (padded: Bytes) => Bytes {
  let last = new Uint8Array(size)
  return (padded) => {
    const blocks = padded.slice()
    for (let at = 0; at < size; at++) blocks[at] = (blocks[at] ?? 0) ^ (last[at] ?? 0)
    const out = update(blocks)
    const end = new Uint8Array(size)
    for (let at = 0; at < size; at++) end[at] = out[out.length - size + at] ?? 0
    last = end
    return end
  }
}
