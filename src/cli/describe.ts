/** @module `annul describe`: a frame or a bare message in words, masked. */

import { describe, describeJson } from '../iso8583/describe.ts'
import { fromHex } from '../iso8583/hex.ts'
import { xorLrc } from '../iso8583/serial-frame.ts'
import type { Run } from './lib/declare.ts'
import { UsageError } from './lib/failure.ts'
import { readAll } from './lib/io.ts'
import { DESCRIBE } from './table/tools.ts'

export const run: Run<typeof DESCRIBE> = async ({ argument, json }, io) => {
  const text = argument === '-' ? await readAll(io.stdin) : argument
  const bytes = fromHex(text.replace(/\s/g, ''))
  // The input is not repeated: it may hold a card number.
  if (bytes === undefined || bytes.length === 0)
    throw new UsageError(
      argument === '-'
        ? 'stdin: expected an even number of hex digits'
        : `HEX|-: expected ${DESCRIBE.argument.type.expected}`,
    )
  const described = describeJson(bytes, xorLrc)
  io.stdout(json ? JSON.stringify(described) : describe(bytes, xorLrc))
  return described.error === undefined ? 0 : 1
}
