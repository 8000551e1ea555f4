/** @module NDJSON in, NDJSON out, and the few checks that commands share. No error text repeats a value: it may be a key. */
import { parseArgs } from 'node:util'
import { fromHex } from '../../iso8583/hex.ts'
import type { CommandIo } from './io.ts'

/** Something the user can put right: a wrong flag, a malformed line. The message is one line. */
export class UsageError extends Error {}

export type JsonObject = Readonly<Record<string, unknown>>

/** The bytes of a hex member or flag, either case. Throws UsageError if it is missing or not hex. */
export function hexOf(values: JsonObject, name: string): Uint8Array {
  const value = values[name]
  const bytes = typeof value === 'string' ? fromHex(value) : undefined
  if (bytes === undefined) throw new UsageError(`${name}: expected a string of hex digits, two for each byte`)
  return bytes
}

/** A member or flag that must be one of the names. Throws UsageError, which lists them, if not. */
export function oneOf<Name extends string>(values: JsonObject, name: string, names: readonly Name[]): Name {
  const found = names.find((candidate) => candidate === values[name])
  if (found === undefined) throw new UsageError(`${name}: expected one of ${names.join(', ')}`)
  return found
}

/**
 * The flags of a command: `text` ones take a value, `switches` do not. Throws UsageError on any other argument; at most
 * `positionals` words without a flag are taken.
 */
export function flagsOf(
  args: string[],
  text: readonly string[],
  switches: readonly string[],
  positionals = 0,
): { readonly values: JsonObject; readonly positionals: readonly string[] } {
  const options = Object.fromEntries([
    ...text.map((name) => [name, { type: 'string' }] as const),
    ...switches.map((name) => [name, { type: 'boolean' }] as const),
  ])
  try {
    const parsed = parseArgs({ args, options, allowPositionals: true, strict: true })
    if (parsed.positionals.length <= positionals) return parsed
  } catch {
    // Node's message may repeat the arguments.
  }
  const flags = [...text.map((name) => `--${name} …`), ...switches.map((name) => `--${name}`)].join(', ')
  throw new UsageError(
    `expected ${positionals > 0 ? `${positionals} argument and ` : ''}the options ${flags}`,
  )
}

/** One line of output for one line of input. RangeErrors of the core name lengths, never contents. */
function answer(line: string, convert: (values: JsonObject) => JsonObject): JsonObject {
  let values: unknown
  try {
    values = JSON.parse(line)
  } catch {
    return { error: 'not a line of JSON' }
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values))
    return { error: 'not a JSON object' }
  try {
    return convert(values as JsonObject)
  } catch (error) {
    if (error instanceof UsageError || error instanceof RangeError) return { error: error.message }
    throw error
  }
}

/** Answers each line of stdin with a line of stdout; blank lines are passed over. A bad line gets `{"error":…}` in its place. */
export async function eachLine(io: CommandIo, convert: (values: JsonObject) => JsonObject): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ''
  const flush = (lines: string[]) => {
    const answers = lines
      .filter((line) => line.trim() !== '')
      .map((line) => JSON.stringify(answer(line, convert)))
    if (answers.length > 0) io.stdout(answers.join('\n'))
  }
  for await (const chunk of io.stdin) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    flush(lines)
  }
  flush([rest])
}

/** Runs a command: wrong usage is exit code 2 and one line on stderr that starts with the command's name. */
export async function withUsage(name: string, io: CommandIo, command: () => Promise<void>): Promise<number> {
  try {
    await command()
    return 0
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof RangeError)) throw error
    io.stderr(`${name}: ${error.message}`)
    return 2
  }
}
