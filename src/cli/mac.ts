/** @module `annul mac`: message authentication codes, one from options or many from lines of stdin. */
import { toHex } from '../iso8583/hex.ts'
import { loadCore } from './lib/core.ts'
import type { InputOf, Run } from './lib/declare.ts'
import { orUsageError } from './lib/failure.ts'
import { eachLine } from './lib/ndjson.ts'
import { COMPUTE_MAC } from './table/tools.ts'

export const run: Run<typeof COMPUTE_MAC> = async ({ input, json }, io) => {
  const core = await loadCore()
  const macOf = ({ algorithm, key, message }: InputOf<typeof COMPUTE_MAC>) => ({
    mac: toHex(orUsageError(() => core.computeMac(algorithm, key, message))),
  })
  if (input === undefined) await eachLine(COMPUTE_MAC, io, macOf)
  else {
    const result = macOf(input)
    io.stdout(json ? JSON.stringify(result) : result.mac)
  }
  return 0
}
