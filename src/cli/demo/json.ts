/** @module The demo's back office: a client of the JSON door that does what `doNext` says and nothing else. */

import { setTimeout as sleep } from 'node:timers/promises'
import type { DevServer } from '../dev/server.ts'
import { Failure } from '../lib/failure.ts'
import { networkError } from '../lib/http-transport.ts'
import type { JsonObject } from '../lib/ndjson.ts'

export interface JsonAnswer {
  readonly status: number
  readonly body: JsonObject
  /** Where what was asked for can be looked at. */
  readonly location: string | null
}

/** Asks with the merchant's key; posts where there is something to post. */
export async function askJson(
  { url, credentials }: DevServer,
  path: string,
  post?: { readonly body: object; readonly idempotencyKey: string },
): Promise<JsonAnswer> {
  const headers = { authorization: `Bearer ${credentials.merchantKey}` }
  try {
    const response = await fetch(new URL(path, url), {
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

/** Beyond `decideBy` of every answer. */
const LOOKS = 100

/** Looks again as long as the answer says so. */
export async function untilFinal(
  { server }: { readonly server: DevServer },
  path: string,
): Promise<JsonObject> {
  for (let looks = 0; looks < LOOKS; looks++) {
    const { body } = await askJson(server, path)
    if (body.doNext !== 'query') return body
    await sleep(1000 * Number(body.retryAfter))
  }
  throw new Failure(`${path}: not final in time`)
}
