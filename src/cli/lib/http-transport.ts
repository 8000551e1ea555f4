/** @module The service behind a URL: frames over HTTP, as internet terminals send them (protocol.md §1.2). */

import { ISO_CONTENT_TYPE, type Send } from '../../iso8583/frame.ts'

/** How long a terminal waits for a response. */
const DEADLINE_MS = 30_000

export interface HttpTransport {
  readonly send: Send
  /** Why the last frame got no response: an HTTP status, or the network's error. Null where it got one. */
  silence(): string | null
  /** True once the network itself failed. */
  isUnreachable(): boolean
}

export function httpTransport(url: URL): HttpTransport {
  let silence: string | null = null
  let unreachable = false
  return {
    silence: () => silence,
    isUnreachable: () => unreachable,
    async send(frame) {
      silence = null
      try {
        const response = await fetch(url, {
          method: 'POST',
          redirect: 'error',
          headers: { 'content-type': ISO_CONTENT_TYPE, 'cache-control': 'no-cache' },
          body: Uint8Array.from(frame),
          signal: AbortSignal.timeout(DEADLINE_MS),
        })
        const body = new Uint8Array(await response.arrayBuffer())
        if (response.status === 200) return body
        silence = `HTTP ${response.status}${body[0] === 0x15 ? ', NAK' : ''}`
      } catch (error) {
        unreachable = true
        silence = networkError(error)
      }
      return null
    },
  }
}

/** The reason that Node gives for a failed fetch, in a word or two. */
export function networkError(error: unknown): string {
  const { cause, name } = error as { cause?: { code?: string; message?: string }; name?: string }
  if (name === 'TimeoutError') return 'no answer in time'
  return cause?.code ?? cause?.message ?? 'network error'
}
