/** @module The LRC of serial frames, with the options that vendors differ in (protocol.md §1.4). */
import { assertWithin, type CoreMemory } from './memory.ts'

const STX = 0x02
const LENGTH_BYTES = 2

export interface LrcOptions {
  /** Whether the two LEN bytes count. They do in the reference frame. */
  readonly includeLength?: boolean
  /** Whether STX counts. It does not in the reference frame. */
  readonly includeStx?: boolean
  /** Where the XOR starts, 0 … 255; 0 by default, 0x7F in some modes of the Italian ECR17. */
  readonly seed?: number
}

/** XOR over `LEN1 LEN2 DATA ETX`, the bytes of a frame between STX and LRC, 0 … 255. Throws RangeError on a wrong length or seed. */
export type LrcFunction = (bytes: Uint8Array, options?: LrcOptions) => number

export function lrcFunction(memory: CoreMemory): LrcFunction {
  return (bytes, { includeLength = true, includeStx = false, seed = 0 } = {}) => {
    const covered = includeLength ? bytes : bytes.subarray(LENGTH_BYTES)
    assertWithin('LRC seed', seed, 0, 255)
    assertWithin('LRC range, in bytes', covered.length, 0, memory.messageBytes)
    return memory.borrow((loan) => {
      loan.writeInput(covered)
      return loan.calls.lrc(includeStx ? seed ^ STX : seed, covered.length)
    })
  }
}
