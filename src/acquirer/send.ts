/** @module The way to an acquirer: one frame in, one frame out, over HTTP (protocol.md §1.2). */

import { readUpTo } from '../http/read-stream.ts'
import { ISO_CONTENT_TYPE, type Send } from '../iso8583/frame.ts'

/** The network, or a service binding. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** Below the patience of terminals (30 s) and of copies that wait for the first (12 s), with time to write it down. */
const DEADLINE_MS = 8_000

/** Longest answer, in bytes. */
const LONGEST_ANSWER = 4_096

/** Null for every failure: the network's, an HTTP status other than 200, an answer that is late or too long. */
export const sendOver =
  (fetch: Fetch, url: string, deadlineMs = DEADLINE_MS): Send =>
  async (frame) => {
    try {
      const signal = AbortSignal.timeout(deadlineMs)
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': ISO_CONTENT_TYPE, 'cache-control': 'no-cache' },
        body: Uint8Array.from(frame),
        redirect: 'manual',
        signal,
      })
      if (response.status === 200) return await readBody(response.body, signal)
      await response.body?.cancel()
      return null
    } catch {
      return null
    }
  }

/** The whole body; null where it is longer than any answer. Throws where it is not there in time. */
async function readBody(
  stream: ReadableStream<Uint8Array> | null,
  signal: AbortSignal,
): Promise<Uint8Array | null> {
  if (stream === null) return new Uint8Array(0)
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
  })
  return readUpTo(stream.getReader(), LONGEST_ANSWER, late)
}
