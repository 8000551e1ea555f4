/** @module Reads a request by its route in the contract: path, query, key and body. */

import type { Context } from 'hono'
import type * as z from 'zod'
import { err, ok, type Result } from '../domain/result.ts'
import type { BodyFault } from '../http/read-body.ts'
import type { Route } from './contract/route.ts'
import { readIdempotencyKey } from './json/idempotency-key.ts'
import { apiProblem, invalid, type Problem, type RequestError } from './json/problem.ts'
import type { ApiReason } from './json/refusals.ts'
import { hasRepeatedMember } from './json/repeated-member.ts'
import { whyOf } from './json/why.ts'
import { MOST_LINES } from './limits.ts'

const BODY = 'body'

/** Keeps the body of a request, or its fault, for the route. */
export const keepBody = (c: Context, body: Result<Uint8Array, BodyFault>): void => c.set(BODY, body)

const JSON_TYPE = 'application/json'
const NDJSON_TYPE = 'application/x-ndjson'

/** A line of NDJSON: its number from 1, blank lines included, and its value or its fault. */
export interface ReadLine {
  readonly number: number
  readonly value: Result<unknown, Problem>
}

/** A request, read. A part that the route does not have is undefined. */
export interface ReadRequest {
  readonly path: unknown
  readonly query: unknown
  readonly idempotencyKey: string | undefined
  readonly body: unknown
  readonly lines: readonly ReadLine[] | undefined
}

/** The first fault refuses the request. */
export function readRequest(c: Context, route: Route): Result<ReadRequest, Problem> {
  const path = checked('path', route.path, c.req.param())
  // A reference of a wrong form names nothing.
  if (!path.ok) return route.reasons.includes('not_found') ? err(apiProblem('not_found')) : path
  const query = checked('query', route.query, namedOnce(c))
  if (!query.ok) return query
  const key = readKey(c, route)
  if (!key.ok) return key
  const body = readBody(c, route)
  if (!body.ok) return body
  return ok({ path: path.value, query: query.value, idempotencyKey: key.value, ...body.value })
}

const checked = (where: RequestError['in'], schema: z.ZodType | undefined, value: unknown) =>
  schema === undefined ? ok(undefined) : check(where, schema, value)

/** Checks a value against a schema. The problem names each wrong member and never its value, and no name of the sender's own. */
export function check(
  where: RequestError['in'],
  schema: z.ZodType,
  value: unknown,
): Result<unknown, Problem> {
  const parsed = schema.safeParse(value, { error: whyOf })
  if (parsed.success) return ok(parsed.data)
  // A place has one fault. The last check of a value is the narrowest.
  const issues = parsed.error.issues.flatMap((issue) => (where === 'body' ? nearestOf(issue) : [issue]))
  const faults = new Map(issues.map(({ path, message }) => [pointerTo(path), message]))
  return err(invalid(...[...faults].map(([pointer, why]) => ({ in: where, pointer, why }))))
}

/** The faults of a body that has one of several forms, by the form with the fewest faults. */
const nearestOf = (issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] =>
  issue.code === 'invalid_union' && issue.path.length === 0
    ? issue.errors.reduce(
        (best, other) => (other.length < best.length ? other : best),
        issue.errors[0] ?? [issue],
      )
    : [issue]

const pointerTo = (path: readonly PropertyKey[]): string =>
  path.map((name) => `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

/** The parameters of the query. A parameter that is there twice stays a list, which no schema takes. */
const namedOnce = (c: Context): object =>
  Object.fromEntries(
    Object.entries(c.req.queries()).map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  )

function readKey(c: Context, route: Route): Result<string | undefined, Problem> {
  if (route.idempotencyKey === undefined) return ok(undefined)
  const header = c.req.header('idempotency-key')
  if (route.line !== undefined && isList(c, route))
    return header === undefined
      ? ok(undefined)
      : err(invalid({ in: 'header', pointer: '/idempotency-key', why: 'each line has a key of its own' }))
  const key = readIdempotencyKey(header ?? '')
  return key === null ? err(apiProblem('idempotency_key_required')) : ok(key)
}

type Body = Pick<ReadRequest, 'body' | 'lines'>

function readBody(c: Context, route: Route): Result<Body, Problem> {
  const { body, line } = route
  if (body === undefined && line === undefined) return ok({ body: undefined, lines: undefined })
  const type = readType(c, route)
  if (!type.ok) return type
  const text = textOf(c, route)
  if (!text.ok) return text
  if (type.value === NDJSON_TYPE && line !== undefined) {
    const lines = readLines(text.value, line)
    return lines.ok ? ok({ body: undefined, lines: lines.value }) : lines
  }
  const json = readJson(text.value, body ?? line)
  return json.ok ? ok({ body: json.value, lines: undefined }) : json
}

/** Media types that a route takes. */
const acceptsOf = ({ body, line }: Route): string[] => [
  ...(body === undefined ? [] : [JSON_TYPE]),
  ...(line === undefined ? [] : [NDJSON_TYPE]),
]

/** The media type of the body and its parameters. A body without a type has the first type of the route. */
const typeOf = (c: Context, route: Route): string[] =>
  (c.req.header('content-type') ?? acceptsOf(route)[0] ?? '')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim())

/** True if the body is a list: one value on each line. */
export const isList = (c: Context, route: Route): boolean => typeOf(c, route)[0] === NDJSON_TYPE

/** The media type of the body, in UTF-8. */
function readType(c: Context, route: Route): Result<string, Problem> {
  const accepts = acceptsOf(route)
  const refuse = (why: string) =>
    err(
      apiProblem('unsupported_media_type', {
        accepts,
        errors: [{ in: 'header', pointer: '/content-type', why }],
      }),
    )
  const [type = '', ...parameters] = typeOf(c, route)
  if (!accepts.includes(type)) return refuse(`expected ${accepts.join(' or ')}`)
  const charsets = parameters.filter((parameter) => parameter.startsWith('charset'))
  return charsets.every((charset) => /^charset\s*=\s*"?utf-?8"?$/.test(charset))
    ? ok(type)
    : refuse('expected the charset utf-8')
}

const BODY_REFUSALS = {
  400: 'invalid_request',
  408: 'body_too_slow',
  413: 'body_too_large',
  415: 'unsupported_media_type',
} as const satisfies Record<BodyFault, ApiReason>

/** The body as UTF-8. Other bytes are refused, and none becomes U+FFFD. */
function textOf(c: Context, route: Route): Result<string, Problem> {
  const body: Result<Uint8Array, BodyFault> = c.get(BODY) ?? ok(new Uint8Array(0))
  if (!body.ok) return err(bodyProblem(body.error, route))
  try {
    return ok(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(body.value))
  } catch {
    return err(invalid({ in: 'body', pointer: '', why: 'is not well-formed UTF-8' }))
  }
}

function bodyProblem(fault: BodyFault, route: Route): Problem {
  if (fault === 400) return invalid({ in: 'body', pointer: '', why: 'broke off' })
  if (fault !== 415) return apiProblem(BODY_REFUSALS[fault])
  const errors: RequestError[] = [{ in: 'header', pointer: '/content-encoding', why: 'expected no encoding' }]
  const problem = apiProblem('unsupported_media_type', { accepts: acceptsOf(route), errors })
  return { ...problem, headers: { ...problem.headers, 'accept-encoding': 'identity' } }
}

function readJson(text: string, schema: z.ZodType | undefined): Result<unknown, Problem> {
  const json = parseJson(text)
  return json.ok ? checked('body', schema, json.value) : json
}

export function parseJson(text: string): Result<unknown, Problem> {
  try {
    const value: unknown = JSON.parse(text)
    return hasRepeatedMember(text, value)
      ? err(invalid({ in: 'body', pointer: '', why: 'has a member twice' }))
      : ok(value)
  } catch {
    return err(invalid({ in: 'body', pointer: '', why: 'is not JSON' }))
  }
}

/** The lines of a body of NDJSON, blank ones too, from 1 to `MOST_LINES`. They count for admission. */
export function countLines(body: Uint8Array): number {
  let lines = 1
  for (let at = body.indexOf(NEW_LINE); at >= 0 && lines < MOST_LINES; at = body.indexOf(NEW_LINE, at + 1))
    if (at < body.length - 1) lines++
  return lines
}

const NEW_LINE = 0x0a

/** The lines that are not blank, or a refusal of too many lines. */
function readLines(text: string, schema: z.ZodType): Result<readonly ReadLine[], Problem> {
  const lines = text
    .split('\n')
    .map((line, i) => ({ line, number: i + 1 }))
    .filter(({ line }) => line.trim() !== '')
  return lines.length > MOST_LINES
    ? err(apiProblem('body_too_large', { lines: MOST_LINES }))
    : ok(lines.map(({ line, number }) => ({ number, value: readJson(line, schema) })))
}
