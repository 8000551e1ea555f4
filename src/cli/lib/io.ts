/** @module What a command of the CLI may touch: the three streams, and nothing of the process. */

export interface CommandIo {
  readonly stdin: AsyncIterable<string | Uint8Array>
  /** Writes a line; the line end is added. */
  readonly stdout: (line: string) => void
  readonly stderr: (line: string) => void
}
