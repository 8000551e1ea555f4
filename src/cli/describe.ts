/** @module `annul describe HEX [--json]`: a frame or a bare message in words, masked. */

import { describe, describeJson } from '../iso8583/describe.ts'
import { fromHex } from '../iso8583/hex.ts'
import { xorLrc } from '../iso8583/serial-frame.ts'
import type { CommandIo } from './lib/io.ts'

/**
 * Prints the message in `HEX` (blanks allowed; `-` reads it from stdin, which keeps it out of the shell's history).
 * Exit code 0; 1 when it cannot be decoded to its end; 2 on wrong usage.
 */
export async function run(args: string[], io: CommandIo): Promise<number> {
  const json = args.includes('--json')
  const words = args.filter((arg) => arg !== '--json')
  const option = words.find((word) => word.startsWith('--'))
  if (option !== undefined) return usage(io, 'unknown option')
  if (words.length === 0) return usage(io, 'no message given')

  const text = words.length === 1 && words[0] === '-' ? await readAll(io.stdin) : words.join('')
  const bytes = fromHex(text.replace(/\s/g, ''))
  if (bytes === undefined || bytes.length === 0)
    return usage(io, 'the message is not an even number of hex digits')

  const described = describeJson(bytes, xorLrc)
  io.stdout(json ? JSON.stringify(described) : describe(bytes, xorLrc))
  return described.error === undefined ? 0 : 1
}

/** The input is not repeated: it may hold a card number. */
function usage(io: CommandIo, what: string): number {
  io.stderr(`describe: ${what}; usage: annul describe HEX|- [--json]`)
  return 2
}

async function readAll(stdin: AsyncIterable<string | Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of stdin)
    text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
  return text
}
