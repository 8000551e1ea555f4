/** @module `annul api-key create|list|revoke`: bearer keys of the JSON API. A service makes a key, and the command prints it once. */

import { type ApiAnswer, type ApiCall, callApi, refusalText } from './lib/call-api.ts'
import type { Run } from './lib/declare.ts'
import type { CommandIo } from './lib/io.ts'
import type { JsonObject } from './lib/ndjson.ts'
import { administratorKey } from './provision.ts'
import type { CREATE_KEY, LIST_KEYS, REVOKE_KEY } from './table/operation.ts'

/** A service, and a key that it takes. */
type Service = Pick<ApiCall, 'url' | 'key'>

/** The settings of a new key, as the API takes them. */
export interface NewKey {
  readonly name: string
  readonly merchantId?: string | undefined
  readonly scopes?: readonly string[] | undefined
  /** ISO 8601. */
  readonly expiresAt?: string | undefined
}

/** The answer to a lost request has no key, so each request has an `Idempotency-Key` of its own. */
export const createKey = (service: Service, settings: NewKey): Promise<ApiAnswer> =>
  callApi({
    ...service,
    method: 'POST',
    path: '/v1/keys',
    headers: { 'idempotency-key': crypto.randomUUID() },
    // JSON leaves an undefined setting out, and the service has its default.
    body: { ...settings },
  })

export const create: Run<typeof CREATE_KEY> = async (parsed, io) => {
  const { url, key, bootstrapKey, name, mid: merchantId, scopes, expires, json } = parsed
  const caller = key === undefined && bootstrapKey ? bootstrapKey : administratorKey(parsed)
  const expiresAt = expires === undefined ? undefined : new Date(expires).toISOString()
  const created = await createKey({ url, key: caller }, { name, merchantId, scopes, expiresAt })
  return print(created, { json, io, sentence: ({ key: made }) => String(made) })
}

export const list: Run<typeof LIST_KEYS> = async (parsed, io) => {
  const { url, mid, json } = parsed
  const key = administratorKey(parsed)
  let cursor: unknown = null
  do {
    const query = new URLSearchParams({
      ...(mid === undefined ? {} : { merchantId: mid }),
      ...(cursor === null ? {} : { cursor: String(cursor) }),
    })
    const page = await callApi({ url, key, method: 'GET', path: `/v1/keys?${query}` })
    if (page.status !== 200) return print(page, { json, io, sentence: lineOf })
    const { items, next } = page.body as { items: readonly JsonObject[]; next: string | null }
    for (const item of items) io.stdout(json ? JSON.stringify(item) : lineOf(item))
    cursor = next
  } while (cursor !== null)
  return 0
}

export const revoke: Run<typeof REVOKE_KEY> = async (parsed, io) => {
  const { url, id, json } = parsed
  const key = administratorKey(parsed)
  const revoked = await callApi({ url, key, method: 'POST', path: `/v1/keys/${id}/revoke` })
  return print(revoked, { json, io, sentence: lineOf })
}

/** `ID  STATE  NAME  SCOPES`, with the time of expiry if there is one. */
function lineOf({ id, state, name, scopes, expiresAt }: JsonObject): string {
  const until = expiresAt === null ? '' : `  until ${expiresAt}`
  return `${id}  ${state}  ${name}  ${(scopes as readonly string[]).join(' ')}${until}`
}

interface Printing {
  readonly json: boolean
  readonly io: CommandIo
  readonly sentence: (body: JsonObject) => string
}

/** Prints the answer or the refusal; returns the exit code. */
function print({ status, body }: ApiAnswer, { json, io, sentence }: Printing): number {
  const isDone = status === 200 || status === 201
  if (json) io.stdout(JSON.stringify({ httpStatus: status, ...body }))
  else io.stdout(isDone ? sentence(body) : `refused, ${refusalText(status, body)}`)
  return isDone ? 0 : 1
}
