/** @module The demo's back office: a client of the JSON API that follows `doNext` and does nothing else. */

import { setTimeout as sleep } from 'node:timers/promises'
import type { DevServer } from '../dev/server.ts'
import { Failure } from '../lib/failure.ts'
import { networkError } from '../lib/http-transport.ts'
import type { JsonObject } from '../lib/ndjson.ts'

export interface JsonAnswer {
  readonly status: number
  readonly body: JsonObject
  /** The resource that the request made. */
  readonly location: string | null
}

/** Sends a request with the merchant's key: a POST if there is a body. */
export async function requestJson(
  { url, credentials }: DevServer,
  path: string,
  post?: { readonly body: object; readonly idempotencyKey: string },
): Promise<JsonAnswer> {
  const headers = { authorization: `Bearer ${credentials.merchantKey}` }
  try {
    const response = await fetch(new URL(path, url), {
      redirect: 'error',
      ...(post === undefined
        ? { headers }
        : {
            method: 'POST',
            headers: {
              ...headers,
              'content-type': 'application/json',
              'idempotency-key': post.idempotencyKey,
            },
            body: JSON.stringify(post.body),
          }),
    })
    const body = (await response.json()) as JsonObject
    return { status: response.status, body, location: response.headers.get('location') }
  } catch (error) {
    throw new Failure(`${url.origin}: ${networkError(error)}`)
  }
}

/** More queries than `decideBy` of any response leaves time for. */
const MOST_QUERIES = 100

/** Queries again as long as the response says so. */
export async function untilFinal(
  { server }: { readonly server: DevServer },
  path: string,
): Promise<JsonObject> {
  for (let queries = 0; queries < MOST_QUERIES; queries++) {
    const { body } = await requestJson(server, path)
    if (body.doNext !== 'query') return body
    await sleep(1000 * Number(body.retryAfter))
  }
  throw new Failure(`${path}: the outcome is not final in time`)
}
