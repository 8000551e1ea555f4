/** @module Lines of JSON from stdin, each answered with a line of JSON. No error repeats a value: it may be a key. */
import type { Declaration, InputOf } from './declare.ts'
import { UsageError } from './failure.ts'
import type { CommandIo } from './io.ts'
import { readLine } from './parse.ts'

export type JsonObject = Readonly<Record<string, unknown>>

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
    if (error instanceof UsageError) return { error: error.message }
    throw error
  }
}

/** Answers each line of stdin with a line of stdout. A malformed line gets `{"error":…}` in its place; a blank line nothing. */
export async function eachLine<D extends Declaration>(
  declaration: D,
  io: CommandIo,
  convert: (input: InputOf<D>) => JsonObject,
): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ''
  const flush = (lines: string[]) => {
    const answers = lines
      .filter((line) => line.trim() !== '')
      .map((line) => JSON.stringify(answer(line, (values) => convert(readLine(declaration, values)))))
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
