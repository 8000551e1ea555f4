/**
 * @module `annul lrc HEX [--no-length] [--include-stx] [--seed NN]`: the LRC of a serial frame as two hex digits. HEX is the
 * DATA, to which LEN (2 BCD bytes) and ETX are added, or a whole `STX LEN DATA ETX` with or without its LRC: it is taken for
 * a frame when STX, LEN and ETX all fit.
 */

import { toHex } from '../iso8583/hex.ts'
import { ETX, STX } from '../iso8583/serial-frame.ts'
import { loadCore } from './lib/core.ts'
import type { CommandIo } from './lib/io.ts'
import { flagsOf, hexOf, UsageError, withUsage } from './lib/ndjson.ts'

/** What two BCD bytes can say. */
const LONGEST_DATA = 9999

const bcdOf = (count: number) =>
  [count / 100, count % 100].map((part) => Number.parseInt(String(Math.floor(part)), 16))

/** `LEN1 LEN2 DATA ETX` of the frame, or of the frame that the data would make. */
export function coveredBytes(bytes: Uint8Array): Uint8Array {
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

export async function run(args: string[], io: CommandIo): Promise<number> {
  return withUsage('lrc', io, async () => {
    const { values, positionals } = flagsOf(args, ['seed'], ['no-length', 'include-stx'], 1)
    if (positionals.length === 0)
      throw new UsageError('expected HEX: the DATA, or a whole STX LEN DATA ETX frame')
    const seed = hexOf({ seed: values.seed ?? '00' }, 'seed')
    if (seed.length !== 1) throw new UsageError('seed: expected two hex digits')
    const options = {
      includeLength: !values['no-length'],
      includeStx: Boolean(values['include-stx']),
      seed: seed[0] ?? 0,
    }
    const covered = coveredBytes(hexOf({ HEX: positionals[0] }, 'HEX'))
    io.stdout(toHex(Uint8Array.of((await loadCore()).lrc(covered, options))))
  })
}
