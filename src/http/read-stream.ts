/** @module Reads a stream of bytes to its end, or to a limit. */

/**
 * The bytes of a stream. Null when there are more than `limit`; the rest is cancelled. Rejects when the stream breaks
 * or `stop` rejects.
 */
export async function readUpTo(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  limit: number,
  stop?: Promise<never>,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const bytes = new Uint8Array(limit)
  let length = 0
  try {
    for (;;) {
      const read = reader.read()
      const { done, value } = await (stop === undefined ? read : Promise.race([read, stop]))
      if (done) return bytes.slice(0, length)
      if (length + value.length > limit) return null
      bytes.set(value, length)
      length += value.length
    }
  } finally {
    // No effect on a stream that was read to its end.
    cancel(reader)
  }
}

export const cancel = (reader: ReadableStreamDefaultReader | undefined): void =>
  void reader?.cancel().catch(() => undefined)
