/** @module Sends one frame to an acquirer over HTTP and returns one frame (protocol.md §1.2). */

import { readUpTo } from '../http/read-stream.ts'
import { ISO_CONTENT_TYPE, type Send } from '../iso8583/frame.ts'

/** The network, or a service binding. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** Shorter than the deadline of a request on the POS door (12 s or more), with time for a commit. */
const DEADLINE_MS = 8_000

/** The longest answer, in bytes. */
const LONGEST_ANSWER = 4_096

/**
 * A `Send` over HTTP. It returns null after every failure: of the network, another status than 200, a late or too long
 * answer.
 */
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

/** The whole body; null when it is too long. Rejects when it is late. */
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
