/** @module The two errors with which a command ends. Each message is one line, and no message repeats a value: it may be a key. */

/** The user can correct it: a wrong option, a malformed line. Exit code 2. */
export class UsageError extends Error {}

/** The command could not do its work: no server, no database. Exit code 1. */
export class Failure extends Error {}

/** Runs a calculation of the core. A RangeError of the core names lengths only, so the user may see it. */
export function orUsageError<Result>(calculate: () => Result): Result {
  try {
    return calculate()
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(error.message) : error
  }
}
