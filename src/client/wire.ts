/** @module A request of a route as HTTP, and an HTTP response as a result. */

import type { CallMeta, Problem } from './types.ts'

/** The input of any route. */
export interface AnyInput {
  readonly path?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly body?: unknown
  readonly lines?: readonly unknown[]
  readonly idempotencyKey?: string
  readonly requestId?: string
  readonly signal?: AbortSignal
}

interface HttpRequest {
  readonly url: URL
  readonly init: {
    readonly method: string
    readonly headers: Record<string, string>
    readonly body?: string
    readonly signal?: AbortSignal
  }
}

const JSON_TYPE = 'application/json'
const NDJSON_TYPE = 'application/x-ndjson'

/** `route`: `METHOD /path/{parameter}`. */
export function toHttp(
  base: URL,
  bearer: string | null,
  route: string,
  input: AnyInput,
  key: string | null,
): HttpRequest {
  const [method = '', template = ''] = route.split(' ')
  const { path = {}, query = {}, requestId, signal } = input
  const url = new URL(
    template.slice(1).replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(path[name] ?? '')),
    base,
  )
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) url.searchParams.set(name, String(value))
  const body = bodyOf(input)
  return {
    url,
    init: {
      method,
      headers: {
        accept: JSON_TYPE,
        ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
        ...(body === null ? {} : { 'content-type': body.type }),
        ...(key === null ? {} : { 'idempotency-key': quoted(key) }),
        ...(requestId === undefined ? {} : { 'x-request-id': requestId }),
      },
      ...(body === null ? {} : { body: body.text }),
      ...(signal === undefined ? {} : { signal }),
    },
  }
}

function bodyOf({ body, lines }: AnyInput): { readonly type: string; readonly text: string } | null {
  if (lines !== undefined)
    return { type: NDJSON_TYPE, text: lines.map((line) => `${JSON.stringify(line)}\n`).join('') }
  return body === undefined ? null : { type: JSON_TYPE, text: JSON.stringify(body) }
}

/** A structured-field string (RFC 9651). */
const quoted = (key: string): string => `"${key.replace(/["\\]/g, '\\$&')}"`

/** A response, read. */
export interface ReadResponse extends Pick<CallMeta, 'requestId' | 'replayed' | 'location'> {
  readonly status: number
  readonly ok: boolean
  readonly body: unknown
  /** The seconds of `Retry-After`. Null if the header is missing. */
  readonly retryAfter: number | null
}

/** Null if the response is not of this API: a gateway's page, or a body that broke off. */
export async function readResponse(response: Response): Promise<ReadResponse | null> {
  const { status, headers } = response
  const type = headers.get('content-type')?.split(';')[0] ?? ''
  const ok = status < 300
  const body = await parse(type, new TextDecoder().decode(await response.arrayBuffer()))
  if (body === undefined || (!ok && !isProblem(body))) return null
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  return {
    status,
    ok,
    body,
    requestId: headers.get('x-request-id'),
    replayed: headers.get('idempotent-replayed') === 'true',
    location: headers.get('location'),
    retryAfter: Number.isFinite(seconds) && seconds >= 0 ? seconds : null,
  }
}

export const isProblem = (body: unknown): body is Problem =>
  typeof body === 'object' && body !== null && 'reason' in body && 'doNext' in body

async function parse(type: string, text: string): Promise<unknown> {
  try {
    if (type === NDJSON_TYPE)
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
    return type.endsWith('json') ? JSON.parse(text) : text
  } catch {
    return undefined
  }
}
