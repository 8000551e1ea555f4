/** @module `annul kcv`: the key check value, the first 4 bytes of a block of zeros under the key. */
import { toHex } from '../iso8583/hex.ts'
import { loadCore } from './lib/core.ts'
import type { Run } from './lib/declare.ts'
import { orUsageError } from './lib/failure.ts'
import type { KCV } from './table/tools.ts'

export const run: Run<typeof KCV> = async ({ cipher, key, json }, io) => {
  const core = await loadCore()
  const kcv = toHex(orUsageError(() => core.keyCheckValue(cipher, key)))
  io.stdout(json ? JSON.stringify({ kcv }) : kcv)
  return 0
}
