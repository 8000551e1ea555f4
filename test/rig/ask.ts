/** @module One HTTP exchange with a rig, which may be killed in the middle of it. */

import { setTimeout as sleep } from 'node:timers/promises'

const DEADLINE_MS = 30_000

export interface Answered {
  readonly status: number
  readonly bytes: Uint8Array
}

/** Who asks too often waits as long as it is told to, and asks again. Null where the connection broke, or was hung up. */
export async function ask(url: URL, init: RequestInit, hangUp?: AbortSignal): Promise<Answered | null> {
  const deadline = AbortSignal.timeout(DEADLINE_MS)
  const signal = hangUp === undefined ? deadline : AbortSignal.any([deadline, hangUp])
  try {
    for (;;) {
      const response = await fetch(url, { ...init, signal })
      const bytes = new Uint8Array(await response.arrayBuffer())
      const wait = response.status === 429 ? Number(response.headers.get('retry-after')) : 0
      if (wait === 0) return { status: response.status, bytes }
      await sleep(1000 * wait, undefined, { signal })
    }
  } catch {
    return null
  }
}

export interface JsonAnswer {
  readonly status: number
  readonly text: string
  /** Empty where it is none. */
  readonly json: Readonly<Record<string, string | undefined>>
}

/** The same, read as JSON. */
export async function askJson(url: URL, init: RequestInit, hangUp?: AbortSignal): Promise<JsonAnswer | null> {
  const answer = await ask(url, init, hangUp)
  if (answer === null) return null
  const text = new TextDecoder().decode(answer.bytes)
  return { status: answer.status, text, json: text.startsWith('{') ? JSON.parse(text) : {} }
}
