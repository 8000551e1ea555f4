/** @module The routes of the contract on one router. It reads each request, calls the handler, and sends the answer. */

import { type Context, Hono } from 'hono'
import type { Result } from '../domain/result.ts'
import { shownJson } from '../domain/terminal-number.ts'
import type { Services } from '../pipeline/services.ts'
import { readCredential } from '../store/credential.ts'
import type { Route } from './contract/route.ts'
import {
  type AnswerOf,
  type BodyOf,
  type LineOf,
  type PathOf,
  type QueryOf,
  ROUTES,
  type RouteName,
} from './contract.ts'
import { type Asking, bootstrapCaller, credentialOf, permit, respondProblem } from './handler.ts'
import { apiProblem, type Problem } from './json/problem.ts'
import { readRequest } from './read-request.ts'
import { logOf } from './request-id.ts'
import { routed } from './routing.ts'

/** A request of a route, read. */
export interface Call<N extends RouteName> extends Asking {
  /** The services of the isolate. Their log names the request. */
  readonly services: Services
  /** SHA-256 of the bearer key. */
  readonly credential: string
  readonly path: PathOf<N>
  readonly query: QueryOf<N>
  readonly body: BodyOf<N>
  /** The lines of NDJSON. Undefined if the body is JSON. */
  readonly lines:
    | readonly { readonly number: number; readonly value: Result<LineOf<N>, Problem> }[]
    | undefined
  readonly idempotencyKey: string
}

type Headers = Readonly<Record<string, string>>

/** The return of a handler: an answer of its route, or a refusal. */
export type Reply<N extends RouteName> =
  | (AnswerOf<N> & { readonly headers?: Headers; readonly text?: string })
  | Problem

export type Handler<N extends RouteName> = (call: Call<N>) => Promise<Reply<N>>

/** One handler for each route, and no other. */
export type Handlers = { readonly [N in RouteName]: Handler<N> }

export function contractRoutes(services: Services, handlers: Handlers): Hono {
  const routes = new Hono()
  const methods = new Map<string, string[]>()
  for (const [name, route] of ROUTES) {
    const [method = '', template = ''] = name.split(' ')
    const path = template.replace(/\{(\w+)\}/g, ':$1')
    const handler = handlers[name] as (call: Call<RouteName>) => Promise<AnyReply>
    routes.on(method, path, async (c) => toResponse(route, await serve(services, c, route, handler)))
    methods.set(path, [...(methods.get(path) ?? []), method])
  }
  // Other methods of `/` return 404, like every path outside this API.
  methods.delete('/')
  for (const [path, allowed] of methods)
    routes.all(path, () => {
      const problem = apiProblem('method_not_allowed')
      return respondProblem({ ...problem, headers: { ...problem.headers, allow: allowed.join(', ') } })
    })
  return routes
}

interface AnyReply {
  readonly status: number
  readonly body: unknown
  /** The body as text, if it is made already. */
  readonly text?: string
  readonly headers?: Headers
}

async function serve(
  services: Services,
  c: Context,
  route: Route,
  handler: (call: Call<RouteName>) => Promise<AnyReply>,
): Promise<AnyReply> {
  const credential = route.caller === 'anyone' ? '' : await credentialOf(c)
  if (credential === undefined) return apiProblem('unauthorized')
  const read = readRequest(c, route)
  // The caller is checked before the fault of its request is shown.
  if (!read.ok)
    return (
      (await refuseCaller(routed(services, c, { path: c.req.param() }), { c, route }, credential)) ??
      read.error
    )
  const { idempotencyKey = '' } = read.value
  const own = { ...routed(services, c, read.value), log: logOf(services, c) }
  return handler({ ...read.value, c, route, services: own, credential, idempotencyKey } as Call<RouteName>)
}

/** The refusal of a caller that may not use the route. Null if it may. */
export async function refuseCaller(
  services: Services,
  asking: Asking,
  credential: string,
): Promise<Problem | null> {
  const { db, now } = services
  const known = bootstrapCaller(services, asking, credential)
  const caller = permit(asking, known ?? (await readCredential(db, credential, now())))
  return caller.ok ? null : caller.error
}

const NDJSON = 'application/x-ndjson'

function toResponse({ answers }: Route, { status, body, text, headers }: AnyReply): Response {
  const type = answers[status]?.type ?? 'application/json'
  return new Response(text ?? textOf(body, type), {
    status,
    headers: { 'content-type': type === NDJSON ? type : `${type}; charset=utf-8`, ...headers },
  })
}

function textOf(body: unknown, type: string): string {
  if (typeof body === 'string') return body
  return type === NDJSON
    ? (body as readonly unknown[]).map((line) => `${shownJson(line)}\n`).join('')
    : shownJson(body)
}
