/** @module A request of a route as HTTP, and an HTTP response as a result. */

import { keyHeader } from './keys.ts'
import type { CallMeta, Problem } from './types.ts'

/** The input of any route. */
export interface AnyInput {
  readonly path?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly body?: unknown
  readonly lines?: readonly unknown[]
  readonly idempotencyKey?: string
  readonly requestId?: string
  readonly signal?: AbortSignal | undefined
}

interface HttpRequest {
  readonly url: URL
  readonly init: {
    readonly method: string
    readonly headers: Headers
    readonly body?: string
  }
}

const JSON_TYPE = 'application/json'
const NDJSON_TYPE = 'application/x-ndjson'

/** `route`: `METHOD /path/{parameter}`. Throws if a header cannot carry its value. */
export function toHttp(
  base: URL,
  bearer: string | null,
  route: string,
  input: AnyInput,
  key: string | null,
): HttpRequest {
  const [method = '', template = ''] = route.split(' ')
  const { path = {}, query = {}, requestId } = input
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
      headers: new Headers({
        accept: JSON_TYPE,
        ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
        ...(body === null ? {} : { 'content-type': body.type }),
        ...(key === null ? {} : { 'idempotency-key': keyHeader(key) }),
        ...(requestId === undefined ? {} : { 'x-request-id': requestId }),
      }),
      ...(body === null ? {} : { body: body.text }),
    },
  }
}

function bodyOf({ body, lines }: AnyInput): { readonly type: string; readonly text: string } | null {
  if (lines !== undefined)
    return { type: NDJSON_TYPE, text: lines.map((line) => `${JSON.stringify(line)}\n`).join('') }
  return body === undefined ? null : { type: JSON_TYPE, text: JSON.stringify(body) }
}

/** A response, read. */
export interface ReadResponse extends Pick<CallMeta, 'requestId' | 'replayed' | 'location'> {
  readonly status: number
  readonly ok: boolean
  readonly body: unknown
  /** The seconds of `Retry-After`. Null if the header is missing. */
  readonly retryAfter: number | null
}

/** Null if the response is not of this API: a page of a gateway or of a captive portal, or a body that broke off. */
export async function readResponse(route: string, response: Response): Promise<ReadResponse | null> {
  const { status, headers } = response
  const type = (headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  const ok = response.ok
  const text = new TextDecoder().decode(await response.arrayBuffer())
  const body = ok && isPage(route) ? text : parse(type, text)
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

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const isProblem = (body: unknown): body is Problem =>
  isObject(body) && 'reason' in body && 'doNext' in body

/** The documentation for people: every other answer is JSON. */
const isPage = (route: string): boolean => route.startsWith('GET /docs')

/** Every JSON answer of the API is an object, and so is every line. Undefined if the text is neither. */
function parse(type: string, text: string): unknown {
  try {
    if (type === NDJSON_TYPE) {
      const lines = text.split('\n').filter((line) => line !== '')
      const values = lines.map((line): unknown => JSON.parse(line))
      return values.every(isObject) ? values : undefined
    }
    if (type !== JSON_TYPE && !type.endsWith('+json')) return undefined
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
