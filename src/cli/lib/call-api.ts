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
export async function callApi({ url, key, method, path, headers, body }: ApiCall): Promise<ApiAnswer> {
  const resource = new URL(path, url)
  try {
    const response = await fetch(resource, {
      method,
      // Another server must not get a key.
      redirect: 'error',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: (await response.json()) as JsonObject }
  } catch (error) {
    throw new Failure(`${resource.origin}: ${networkError(error)}`)
  }
}
