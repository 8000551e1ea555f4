/** @module One HTTP exchange with a rig, which may be killed in the middle of it. */

const PATIENCE_MS = 30_000

export interface Answered {
  readonly status: number
  readonly bytes: Uint8Array
}

/** Null where the connection broke, or was hung up. */
export async function ask(url: URL, init: RequestInit, hangUp?: AbortSignal): Promise<Answered | null> {
  const patience = AbortSignal.timeout(PATIENCE_MS)
  const signal = hangUp === undefined ? patience : AbortSignal.any([patience, hangUp])
  try {
    const response = await fetch(url, { ...init, signal })
    return { status: response.status, bytes: new Uint8Array(await response.arrayBuffer()) }
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
