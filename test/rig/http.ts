/** @module One HTTP exchange with a rig, which may be killed in the middle of it. */

import { setTimeout as sleep } from 'node:timers/promises'

const DEADLINE_MS = 30_000

export interface HttpAnswer {
  readonly status: number
  readonly bytes: Uint8Array
}

/** On 429, waits `Retry-After` seconds and retries. Null when the connection broke or was closed. */
export async function sendHttp(
  url: URL,
  init: RequestInit,
  hangUp?: AbortSignal,
): Promise<HttpAnswer | null> {
  const deadline = AbortSignal.timeout(DEADLINE_MS)
  const signal = hangUp === undefined ? deadline : AbortSignal.any([deadline, hangUp])
  try {
    for (;;) {
      const response = await fetch(url, { ...init, signal })
      const bytes = new Uint8Array(await response.arrayBuffer())
      const retryAfterSeconds = response.status === 429 ? Number(response.headers.get('retry-after')) : 0
      if (retryAfterSeconds === 0) return { status: response.status, bytes }
      await sleep(1000 * retryAfterSeconds, undefined, { signal })
    }
  } catch {
    return null
  }
}

export interface JsonAnswer {
  readonly status: number
  readonly text: string
  /** Empty when the answer is not JSON. */
  readonly json: Readonly<Record<string, string | undefined>>
}

/** The same, with the answer parsed as JSON. */
export async function sendJson(
  url: URL,
  init: RequestInit,
  hangUp?: AbortSignal,
): Promise<JsonAnswer | null> {
  const answer = await sendHttp(url, init, hangUp)
  if (answer === null) return null
  const text = new TextDecoder().decode(answer.bytes)
  return { status: answer.status, text, json: text.startsWith('{') ? JSON.parse(text) : {} }
}
