/** @module The application: both doors on one router, and the answer to an unexpected error. */

import { Hono } from 'hono'
import { createAdmissionController } from './admission/admission-controller.ts'
import { apiDoor } from './api/door.ts'
import type { Services } from './pipeline/services.ts'
import { terminalDoor } from './pos/door.ts'

/** One admission controller for both doors: they share the isolate. */
export function createApp(services: Services, admission = createAdmissionController(services)): Hono {
  const app = new Hono()
  app.onError((error, c) => {
    services.log('error', {
      error: error.name,
      at: error.stack
        ?.split('\n')
        .find((line) => /^\s+at /.test(line))
        ?.trim(),
      path: c.req.path,
    })
    return new Response(null, { status: 503 })
  })
  app.notFound(() => new Response(null, { status: 404 }))
  app.route('/', terminalDoor(services, admission))
  app.route('/', apiDoor(services, admission))
  return app
}
