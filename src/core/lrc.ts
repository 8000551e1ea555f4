/** @module The LRC of serial frames, with options for the differences between vendors (protocol.md §1.4). */
import { assertWithin, type CoreMemory } from './memory.ts'

const STX = 0x02
const LENGTH_BYTES = 2

export interface LrcOptions {
  /** Whether the two LEN bytes count. They count in the reference frame. */
  readonly includeLength?: boolean
  /** Whether STX counts. It does not count in the reference frame. */
  readonly includeStx?: boolean
  /** The start value of the XOR, 0 to 255. The default is 0; some modes of the Italian ECR17 use 0x7F. */
  readonly seed?: number
}

/**
 * The XOR over `LEN1 LEN2 DATA ETX`, the bytes between STX and LRC, as a number from 0 to 255. Throws RangeError on a
 * wrong length or start value.
 */
export type LrcFunction = (bytes: Uint8Array, options?: LrcOptions) => number

/** The LRC function over a core. */
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
