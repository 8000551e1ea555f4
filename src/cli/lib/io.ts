/** @module The parts of the process that a command may use: three streams and the environment. */

export interface CommandIo {
  readonly stdin: AsyncIterable<string | Uint8Array>
  /** Writes a line; adds the line end. */
  readonly stdout: (line: string) => void
  readonly stderr: (line: string) => void
  readonly env: Readonly<Record<string, string | undefined>>
}

/** The whole of stdin as text. */
export async function readAll(stdin: CommandIo['stdin']): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of stdin)
    text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
  return text + decoder.decode()
}
