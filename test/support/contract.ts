/** @module Holds an answer of the JSON API to the contract: its status, its media type, and every member of its body. */

import type * as z from 'zod'
import { type Route, type RouteAnswer, reasonsOf } from '../../src/api/contract/route.ts'
import { ROUTES, type RouteName } from '../../src/api/contract.ts'
import { PROBLEM_TYPE, type ProblemBody, problem } from '../../src/api/json/problem.ts'

/** An answer as it came. */
export interface ApiAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

const patterns = ROUTES.map(([name, route]) => {
  const [method, path = ''] = name.split(' ')
  return { name, route, method, pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`) }
})

/** The route of the contract that a request is for. */
export function routeOf(method: string, path: string): { name: RouteName; route: Route } | null {
  const [pathname = ''] = path.split('?')
  return patterns.find((one) => one.method === method && one.pattern.test(pathname)) ?? null
}

/** Throws where an answer is not what the contract says of its route. */
export function holdToContract(method: string, path: string, answer: ApiAnswer): void {
  const fault = faultOf(method, path, answer)
  if (fault !== null)
    throw new Error(`${method} ${path} → ${answer.status}: ${fault}\n${answer.text.slice(0, 2000)}`)
}

function faultOf(method: string, path: string, { status, headers, text }: ApiAnswer): string | null {
  if (!headers.get('x-request-id')) return 'has no X-Request-Id'
  if (headers.get('cache-control') !== 'no-store') return 'may be stored'
  const found = routeOf(method, path)
  const type = headers.get('content-type')?.split(';')[0]
  if (type === PROBLEM_TYPE) {
    const body = JSON.parse(text)
    return faultOfProblem(found?.route ?? null, status, body) ?? faultOfHeaders(headers, body)
  }
  // A method of `/` that is no route: a path outside the API.
  if (found === null && status === 404 && text === '') return null
  const answer = found?.route.answers[status]
  if (answer === undefined) return 'the contract has no such answer'
  const expected = answer.type ?? 'application/json'
  if (type !== expected) return `has the type ${type}, not ${expected}`
  if (headers.has('location') && !answer.headers?.includes('location')) return 'has a Location'
  if (headers.has('idempotent-replayed') && !answer.headers?.includes('idempotent-replayed'))
    return 'is marked as replayed'
  return faultOfBody(found?.route ?? null, answer, text)
}

function faultOfBody(route: Route | null, { body, type }: RouteAnswer, text: string): string | null {
  if (body === null) return null
  if (type !== 'application/x-ndjson') {
    const value = JSON.parse(text)
    return faultsOf(body, value) ?? faultOfFirst(value)
  }
  const lines = text.split('\n')
  if (lines.pop() !== '') return 'the last line has no end'
  return lines.map((line) => faultOfLine(route, body, JSON.parse(line))).find((one) => one !== null) ?? null
}

/** A line may be a problem, with its own number beside it. */
function faultOfLine(route: Route | null, schema: z.ZodType, value: unknown): string | null {
  const fault = faultsOf(schema, value)
  if (fault !== null || !isProblem(value)) return fault
  const { line: _, ...body } = value as ProblemBody & { readonly line: number }
  return faultOfProblem(route, body.status, body)
}

/** The first answer in an inquiry may be a problem. */
function faultOfFirst(value: object): string | null {
  const { answer } = value as { answer?: { httpStatus?: number; body?: unknown } | null }
  const { httpStatus, body } = answer ?? {}
  if (httpStatus === undefined || !isProblem(body)) return null
  return faultOfProblem(routeOf('POST', '/v1/voids')?.route ?? null, httpStatus, body)
}

const isProblem = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'type' in value && 'doNext' in value

function faultsOf(schema: z.ZodType, value: unknown): string | null {
  const { success, error } = schema.safeParse(value)
  return success ? null : error.message
}

/** `route`: null where no route has the path and method. */
function faultOfProblem(route: Route | null, status: number, body: unknown): string | null {
  const { reason, status: named } = body as ProblemBody
  const fault = faultOfProblemBody(body)
  if (fault !== null) return fault
  if (named !== status) return `says that its status is ${named}`
  const reasons = route === null ? ['not_found', 'method_not_allowed', 'unauthorized'] : reasonsOf(route)
  return reasons.includes(reason) ? null : `${reason} is no reason of the route`
}

/** The members that a problem has because of its reason and its `doNext`. */
export function faultOfProblemBody(value: unknown): string | null {
  const fault = faultsOf(problem, value)
  if (fault !== null) return fault
  const { reason, doNext, location, saleId, voidId, ...body } = value as ProblemBody
  if (doNext === 'query' && location === undefined && saleId === undefined && voidId === undefined)
    return 'does not say what to query'
  if (location !== undefined && routeOf('GET', location) === null) return 'has a location that is no route'
  if ((reason === 'unsupported_media_type') !== (body.accepts !== undefined)) return 'has the wrong accepts'
  const hasErrors = reason === 'invalid_request' || reason === 'unsupported_media_type'
  if (hasErrors !== (body.errors ?? []).length > 0) return 'has the wrong errors'
  return (body.certainty === 'FINAL') === (body.retryAfter === undefined) ? null : 'has the wrong retryAfter'
}

/** The headers of a problem repeat its members. */
function faultOfHeaders(
  headers: Headers,
  { reason, status, accepts, retryAfter }: ProblemBody,
): string | null {
  const expected = [
    ['retry-after', retryAfter?.toString() ?? null],
    ['accept', accepts?.join(', ') ?? null],
  ] as const
  for (const [name, value] of expected)
    if (headers.get(name) !== value) return `has ${name}: ${headers.get(name)}, not ${value}`
  if (headers.has('www-authenticate') !== ['unauthorized', 'forbidden'].includes(reason))
    return 'has the wrong WWW-Authenticate'
  return headers.has('allow') === (status === 405) ? null : 'has the wrong Allow'
}
