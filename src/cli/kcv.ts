/** @module `annul kcv --cipher des|3des|sm4|aes --key HEX`: the first 4 bytes of a block of zeros under the key, in hex. */
import { toHex } from '../iso8583/hex.ts'
import { CIPHER_NAMES } from './cipher.ts'
import { loadCore } from './lib/core.ts'
import type { CommandIo } from './lib/io.ts'
import { flagsOf, hexOf, oneOf, withUsage } from './lib/ndjson.ts'

export async function run(args: string[], io: CommandIo): Promise<number> {
  return withUsage('kcv', io, async () => {
    const { values } = flagsOf(args, ['cipher', 'key'], [])
    const cipher = oneOf(values, 'cipher', CIPHER_NAMES)
    const key = hexOf(values, 'key')
    io.stdout(toHex((await loadCore()).keyCheckValue(cipher, key)))
  })
}
