/** @module The application: mounts the POS door and the JSON API on one router, and handles unexpected errors. */

import { Hono } from 'hono'
import { createAdmissionController } from './admission/admission-controller.ts'
import { apiDoor } from './api/door.ts'
import { logOf, outsideHeaders } from './api/request-id.ts'
import type { Services } from './pipeline/services.ts'
import { terminalDoor } from './pos/door.ts'

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
