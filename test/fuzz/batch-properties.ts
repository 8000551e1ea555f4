/** @module The properties of the body of a batch for any bytes. */

import { xorLrc } from '../../src/iso8583/serial-frame.ts'
import { cutFrames } from '../../src/pos/batch-body.ts'
import { readFrame } from '../../src/pos/read-frame.ts'
import { must } from './counterexample.ts'

/** Bytes of a frame. */
const LONGEST = 4096

/** Throws unless the bytes are whole frames, which can be read or refused one by one, or are refused as a whole. */
export function checkBatch(input: Uint8Array): void {
  const cut = cutFrames(Uint8Array.from(input), LONGEST)
  if (!cut.ok) return
  must(Buffer.compare(Buffer.concat(cut.value), input) === 0, 'the frames of a batch are not its bytes')
  for (const frame of cut.value) {
    const [high = 0, low = 0] = frame
    must(256 * high + low === frame.length - 2, 'a frame of a batch has another LEN')
    readFrame({ lrc: xorLrc }, frame)
  }
}
