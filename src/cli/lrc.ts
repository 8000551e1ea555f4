/** @module `annul lrc`: the LRC of a serial frame, from the frame or from its DATA. */

import { toHex } from '../iso8583/hex.ts'
import { ETX, STX } from '../iso8583/serial-frame.ts'
import { loadCore } from './lib/core.ts'
import type { Run } from './lib/declare.ts'
import { orUsageError } from './lib/failure.ts'
import type { LRC } from './table/tools.ts'

/** The largest number that two BCD bytes can hold. */
const LONGEST_DATA = 9999

const bcdOf = (count: number) =>
  [count / 100, count % 100].map((part) => Number.parseInt(String(Math.floor(part)), 16))

/** `LEN1 LEN2 DATA ETX` of the frame, or of the frame that the data would make. The bytes are a frame where STX, LEN and ETX fit. */
function coveredBytes(bytes: Uint8Array): Uint8Array {
  for (const trailer of [1, 2]) {
    const length = bytes.length - 3 - trailer
    const [high, low] = bcdOf(Math.max(length, 0))
    const fits = bytes[0] === STX && bytes[1] === high && bytes[2] === low && bytes[3 + length] === ETX
    if (length >= 0 && length <= LONGEST_DATA && fits) return bytes.subarray(1, 4 + length)
  }
  if (bytes.length > LONGEST_DATA) {
    throw new RangeError(`DATA: expected at most ${LONGEST_DATA} bytes, got ${bytes.length}`)
  }
  return Uint8Array.from([...bcdOf(bytes.length), ...bytes, ETX])
}

export const run: Run<typeof LRC> = async ({ argument, noLength, includeStx, seed, json }, io) => {
  const core = await loadCore()
  const options = { includeLength: !noLength, includeStx, seed }
  const lrc = toHex(Uint8Array.of(orUsageError(() => core.lrc(coveredBytes(argument), options))))
  io.stdout(json ? JSON.stringify({ lrc }) : lrc)
  return 0
}
