/**
 * @module `annul cipher`: the block ciphers in ECB. Either `--ndjson`, with lines `{"cipher","operation","key","data"}` →
 * `{"data"}`, or `--cipher C --operation encrypt|decrypt --key HEX --data HEX`. All in hex; the answer in upper case.
 */
import { type BlockCipher, CIPHERS } from '../core/cipher.ts'
import type { Core } from '../core/instance.ts'
import { toHex } from '../iso8583/hex.ts'
import { loadCore } from './lib/core.ts'
import type { CommandIo } from './lib/io.ts'
import { eachLine, flagsOf, hexOf, type JsonObject, oneOf, withUsage } from './lib/ndjson.ts'

export const CIPHER_NAMES = Object.keys(CIPHERS) as BlockCipher[]

function crypt(core: Core, values: JsonObject): string {
  const cipher = oneOf(values, 'cipher', CIPHER_NAMES)
  const operation = oneOf(values, 'operation', ['encrypt', 'decrypt'])
  return toHex(core[operation](cipher, hexOf(values, 'key'), hexOf(values, 'data')))
}

export async function run(args: string[], io: CommandIo): Promise<number> {
  return withUsage('cipher', io, async () => {
    const { values } = flagsOf(args, ['cipher', 'operation', 'key', 'data'], ['ndjson'])
    const core = await loadCore()
    if (values.ndjson) await eachLine(io, (line) => ({ data: crypt(core, line) }))
    else io.stdout(crypt(core, values))
  })
}
