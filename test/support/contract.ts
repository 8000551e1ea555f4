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

/** Refusals of paths and methods that are no route. */
const NO_ROUTE = ['not_found', 'method_not_allowed']

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
  if (type === PROBLEM_TYPE) return faultOfProblem(found?.route ?? null, status, JSON.parse(text))
  // A method of `/` that is no route: a path outside the API.
  if (found === null && status === 404 && text === '') return null
  const answer = found?.route.answers[status]
  if (answer === undefined) return 'the contract has no such answer'
  const expected = answer.type ?? 'application/json'
  if (type !== expected) return `has the type ${type}, not ${expected}`
  if (headers.has('location') && !answer.headers?.includes('location')) return 'has a Location'
  if (headers.has('idempotent-replayed') && !answer.headers?.includes('idempotent-replayed'))
    return 'is marked as replayed'
  return faultOfBody(answer, text)
}

function faultOfBody({ body, type }: RouteAnswer, text: string): string | null {
  if (body === null) return null
  if (type !== 'application/x-ndjson') return faultsOf(body, JSON.parse(text))
  const lines = text.split('\n')
  if (lines.pop() !== '') return 'the last line has no end'
  return lines.map((line) => faultsOf(body, JSON.parse(line))).find((fault) => fault !== null) ?? null
}

function faultsOf(schema: z.ZodType, value: unknown): string | null {
  const { success, error } = schema.safeParse(value)
  return success ? null : error.message
}

function faultOfProblem(route: Route | null, status: number, body: unknown): string | null {
  const fault = faultsOf(problem, body)
  if (fault !== null) return fault
  const { reason, doNext, location, saleId, voidId, status: named } = body as ProblemBody
  if (named !== status) return `says that its status is ${named}`
  const reasons = route === null ? [] : reasonsOf(route)
  if (![...NO_ROUTE, ...reasons].includes(reason)) return `${reason} is no reason of the route`
  if (doNext === 'query' && location === undefined && saleId === undefined && voidId === undefined)
    return 'does not say what to query'
  return null
}
