/** @module The application: mounts the POS door and the JSON API on one router, and handles unexpected errors. */

import { Hono } from 'hono'
import { createAdmissionController } from './admission/admission-controller.ts'
import { apiDoor } from './api/door.ts'
import { respondProblem } from './api/handler.ts'
import { apiProblem } from './api/json/problem.ts'
import { logOf, outsideHeaders } from './api/request-id.ts'
import type { Services } from './pipeline/services.ts'
import { BATCH_PATH, TERMINAL_PATHS, terminalDoor } from './pos/door.ts'

/**
 * The POS door and the JSON API share one admission controller, because they share the isolate. An unexpected error
 * gives HTTP 503 without a body. Every answer outside the API has an id too.
 */
export function createApp(services: Services, admission = createAdmissionController(services)): Hono {
  const app = new Hono()
  app.onError((error, c) => {
    const headers = outsideHeaders(services, c)
    logOf(services, c)('error', {
      error: error.name,
      at: error.stack
        ?.split('\n')
        .find((line) => /^\s+at /.test(line))
        ?.trim(),
      path: c.req.path,
    })
    return new Response(null, { status: 503, headers })
  })
  app.notFound((c) => new Response(null, { status: 404, headers: outsideHeaders(services, c) }))
  app.route('/', terminalDoor(services, admission))
  app.route('/', apiDoor(services, admission))
  return app
}

/**
 * The answer while the services cannot be opened: 503 as a problem of the JSON API under `/v1`, and empty elsewhere. A terminal
 * gets no body, as after every lost answer, so it keeps its reversal.
 */
export function respondUnopened(url: string, requestId: string): Response {
  const { pathname } = new URL(url)
  const isJson =
    /^\/v1(?:\/|$)/.test(pathname) && ![...TERMINAL_PATHS, BATCH_PATH].some((path) => path === pathname)
  const response = isJson ? respondProblem(apiProblem('unavailable')) : new Response(null, { status: 503 })
  response.headers.set('x-request-id', requestId)
  response.headers.set('cache-control', 'no-store')
  return response
}
