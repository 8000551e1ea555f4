/** @module How a command that talks to something outside ends: 0, 1 with one line for a failure, 2 with one line for wrong usage. */

import type { CommandIo } from './io.ts'
import { UsageError } from './ndjson.ts'

/** Something outside did not work: no server, no database. The message is one line. */
export class Failure extends Error {}

export async function withFailure(
  name: string,
  io: CommandIo,
  command: () => Promise<number>,
): Promise<number> {
  try {
    return await command()
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof Failure)) throw error
    io.stderr(`${name}: ${error.message}`)
    return error instanceof UsageError ? 2 : 1
  }
}
