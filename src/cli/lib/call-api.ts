/** @module A request to the JSON API of a service, with a bearer key. */

import { Failure } from './failure.ts'
import { networkError } from './http-transport.ts'
import type { JsonObject } from './ndjson.ts'

export interface ApiCall {
  readonly url: URL
  /** Bearer key. */
  readonly key: string
  readonly method: 'GET' | 'POST' | 'PUT'
  /** Path and query. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: JsonObject
}

export interface ApiAnswer {
  readonly status: number
  readonly body: JsonObject
}

/** Throws Failure if the server cannot be reached or does not respond in JSON. */
export async function callApi(call: ApiCall): Promise<ApiAnswer> {
  const { origin } = call.url
  const { status, text } = await send(call).catch((error) => {
    throw new Failure(`${origin}: ${networkError(error)}`)
  })
  const body = objectIn(text)
  if (body === null) throw new Failure(`${origin}: ${refusalText(status, null)}`)
  return { status, body }
}

async function send({ url, key, method, path, headers, body }: ApiCall) {
  const response = await fetch(new URL(path, url), {
    method,
    // Another server must not get a key.
    redirect: 'error',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, text: await response.text() }
}

/** The object of JSON that a text is. Null if it is another text. */
export function objectIn(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as JsonObject) : null
  } catch {
    return null
  }
}

/** A refusal in words, with the place of its cause if the answer does not have it. `body` null: the answer is not JSON. */
export function refusalText(status: number, body: JsonObject | null): string {
  const { reason = 'no reason given', title } = body ?? {}
  const named = body === null ? '' : `: ${reason}`
  const words = title === undefined ? named : `${named} (${title})`
  if (status === 503 && (body === null || reason === 'unavailable'))
    return `HTTP 503${words}; the log of the service says why`
  return body === null
    ? `HTTP ${status}, not JSON; is this the URL of the service?`
    : `HTTP ${status}${words}`
}
