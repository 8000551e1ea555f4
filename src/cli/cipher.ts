/** @module `annul cipher`: the block ciphers in ECB mode, one operation from options or many from lines of stdin. */
import { toHex } from '../iso8583/hex.ts'
import { loadCore } from './lib/core.ts'
import type { InputOf, Run } from './lib/declare.ts'
import { orUsageError } from './lib/failure.ts'
import { eachLine } from './lib/ndjson.ts'
import { CIPHER_BLOCKS } from './table/tools.ts'

export const run: Run<typeof CIPHER_BLOCKS> = async ({ input, json }, io) => {
  const core = await loadCore()
  const crypt = ({ cipher, operation, key, data }: InputOf<typeof CIPHER_BLOCKS>) => ({
    data: toHex(orUsageError(() => core[operation](cipher, key, data))),
  })
  if (input === undefined) await eachLine(CIPHER_BLOCKS, io, crypt)
  else {
    const result = crypt(input)
    io.stdout(json ? JSON.stringify(result) : result.data)
  }
  return 0
}
