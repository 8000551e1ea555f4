/**
 * @module Deliberate mistakes, each of which its fuzzer must find. One in `assembly/` is compiled into a core
 * of its own. One in `src/` is inserted while the module is loaded. No source file changes.
 */

import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { compileCore } from '../../src/cli/build.ts'

export type Target = 'core' | 'embedder' | 'codec' | 'schemas'

export interface Mutant {
  readonly target: Target
  readonly file: string
  /** Occurs once in the file. */
  readonly from: string
  readonly to: string
  /** It reads bytes that change no result: only watched accesses show it. */
  readonly nativeOnly?: true
}

const core = (file: string, from: string, to: string): Mutant => ({
  target: 'core',
  file: `assembly/${file}.ts`,
  from,
  to,
})
const source = (target: Target, file: string, from: string, to: string): Mutant => ({
  target,
  file: `src/${file}.ts`,
  from,
  to,
})

export const MUTANTS: Readonly<Record<string, Mutant>> = {
  trap: core('lrc', 'let sum', 'assert(seed !== 77 || bytes < 9)\n  let sum'),
  'hang in the core': core('lrc', 'at++', 'at += bytes > 5000 ? 0 : 1'),
  'no bound': core('lrc', 'assert(<u32>bytes <= <u32>MESSAGE_BYTES)', ''),
  'signed bound': core(
    'duplicates',
    'assert(<u32>messageBytes <= <u32>MESSAGE_BYTES)',
    'assert(messageBytes <= MESSAGE_BYTES)',
  ),
  'bound one too high': core(
    'cipher',
    '<u32>dataBytes <= <u32>regionBytes',
    '<u32>dataBytes <= <u32>regionBytes + 16',
  ),
  'any AES key': core('cipher', 'cipher === AES && (keyBytes === 16', 'cipher === AES && (keyBytes === 40'),
  'padding too long': core('mac', 'at < padded; at++', 'at <= padded; at++'),
  'chaining from a leftover': core('mac', 'expandSm4Key()\n  clearState()', 'expandSm4Key()'),
  'third key left over': core('cipher', 'else copyDesKey(0, 2)', ''),
  'key read too far': {
    ...core(
      'mac',
      'assert(keyBytes === 8)\n  expandDesKey(0, 0, false)',
      'assert(keyBytes === 8)\n  expandDesKey(1, 1, false)\n  expandDesKey(0, 0, false)',
    ),
    nativeOnly: true,
  },
  'MAC of any length': core('mac', 'SHORTEST_MAC_BYTES: i32 = 4', 'SHORTEST_MAC_BYTES: i32 = 0'),
  'MAC compared in part': core('mac', 'at < macBytes; at++', 'at < macBytes - 1; at++'),
  'table without an end': core(
    'duplicates',
    '<i32>((<u32>print + probe) & (DUPLICATE_ENTRIES - 1))',
    '<i32>((<u32>print & (DUPLICATE_ENTRIES - 1)) + probe)',
  ),
  'entry of another message': core('duplicates', '=== 1 && load<u64>(entry) === print', '=== 1'),
  'signed window': core('duplicates', 'now) <= window', 'now) <= window && <i32>window >= 0'),
  'youngest is evicted': core(
    'duplicates',
    'if (seconds <= oldest) continue',
    'if (probe > 0 && seconds > oldest) continue',
  ),

  'keys not wiped': source(
    'embedder',
    'core/memory',
    'fill(0, this.#wipeStart, ',
    'fill(0, this.#input.address, ',
  ),
  'padding not wiped': source(
    'embedder',
    'core/memory',
    'message.length + this.#paddingBytes)',
    'message.length)',
  ),
  'instance kept after a trap': source(
    'embedder',
    'core/memory',
    'this.#exports = instantiate(this.#module)\n      this.#loan',
    'this.#loan',
  ),
  'embedder lets a length through': source(
    'embedder',
    'core/mac',
    "assertWithin('message, in bytes', message.length, 0, memory.messageBytes)",
    '',
  ),
  'embedder lets a key through': source(
    'embedder',
    'core/cipher',
    'keyBytes: [8], blockBytes: 8',
    'keyBytes: [8, 9], blockBytes: 8',
  ),

  'length of a frame not checked': source(
    'codec',
    'iso8583/frame',
    'bytes.length - 2 < declared',
    'bytes.length < 2',
  ),
  'length of a field not checked': source('codec', 'iso8583/message', 'count > spec.max', 'count > 9999'),
  'text of any byte': source('codec', 'iso8583/message', 'if (!isPrintable(code)) return undefined', ''),
  'content in an error': source(
    'codec',
    'iso8583/message',
    'format(number, REFUSED[spec.format])',
    "format(number, 'not digits ' + body[at])",
  ),
  'track shown': source('codec', 'iso8583/describe-field', 'case 35:\n', ''),
  'short card number shown': source(
    'codec',
    'iso8583/mask',
    '(?:[ -]?[0-9０-９]){12,}',
    '(?:[ -]?[0-9０-９]){15,}',
  ),
  'card number kept': source('codec', 'iso8583/cup', '[53, 3]', '[53, 16]'),
  'character cut in two': source(
    'codec',
    'iso8583/text',
    'if (next > maxBytes) break',
    'if (end >= maxBytes) break',
  ),
  'hang in a text': source('codec', 'iso8583/text', 'end = next', 'end = next > 40 ? end : next'),
  'hang in chip data': source('codec', 'iso8583/ber-tlv', '      at++\n', '      at += at > 8 ? 0 : 1\n'),

  'MAC of an answer not checked': source(
    'codec',
    'acquirer/check-response',
    'const integrity = integrityFault(rules, frame.body, message)',
    'const integrity = null',
  ),
  'answer to another message accepted': source(
    'codec',
    'acquirer/echo',
    'ECHO_FIELDS.filter((number) => sent',
    'ECHO_FIELDS.filter((number) => number !== 11 && sent',
  ),

  'input text in a problem': source(
    'schemas',
    'api/json/why',
    'return `has a member that is not known',
    'return issue.keys.join() + `has a member that is not known',
  ),
}

/** The text with the mistake in it. */
export function mutated(text: string, { file, from, to }: Mutant): string {
  if (text.split(from).length !== 2) throw new Error(`${file} must hold this once: ${from}`)
  return text.replace(from, () => to)
}

/** Compiles the core with the mistake, in `folder`. Returns the path of the module. */
export async function buildMutant(mutant: Mutant, folder: string): Promise<string> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await cp('assembly', join(folder, 'assembly'), { recursive: true })
  const path = join(folder, mutant.file)
  await writeFile(path, mutated(await readFile(path, 'utf8'), mutant))
  await compileCore(folder, 'core.wasm')
  return join(folder, 'core.wasm')
}
