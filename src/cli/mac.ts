/**
 * @module `annul mac`: message authentication codes. Either `--ndjson`, with lines `{"algorithm","key","message"}` →
 * `{"mac"}`, or `--algorithm A --key HEX --message HEX`. All in hex; the answer in upper case: the bytes of field 64, or all
 * 16 of a CMAC or SM4-CBC-MAC.
 */
import type { Core } from '../core/instance.ts'
import { MACS, type MacAlgorithm } from '../core/mac.ts'
import { toHex } from '../iso8583/hex.ts'
import { loadCore } from './lib/core.ts'
import type { CommandIo } from './lib/io.ts'
import { eachLine, flagsOf, hexOf, type JsonObject, oneOf, withUsage } from './lib/ndjson.ts'

const ALGORITHMS = Object.keys(MACS) as MacAlgorithm[]

function mac(core: Core, values: JsonObject): string {
  const algorithm = oneOf(values, 'algorithm', ALGORITHMS)
  return toHex(core.computeMac(algorithm, hexOf(values, 'key'), hexOf(values, 'message')))
}

export async function run(args: string[], io: CommandIo): Promise<number> {
  return withUsage('mac', io, async () => {
    const { values } = flagsOf(args, ['algorithm', 'key', 'message'], ['ndjson'])
    const core = await loadCore()
    if (values.ndjson) await eachLine(io, (line) => ({ mac: mac(core, line) }))
    else io.stdout(mac(core, values))
  })
}
