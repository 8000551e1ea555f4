/** @module The application: doors mounted on one router, and what happens to an error that no one expected. */

import { Hono } from 'hono'
import { apiDoor } from './doors/api.ts'
import { terminalDoor } from './doors/terminal.ts'
import type { Services } from './services.ts'
import { createDoorkeeper } from './shed/doorkeeper.ts'

/** One doorkeeper for both doors, since they share the isolate. */
export function createApp(services: Services, doorkeeper = createDoorkeeper(services)): Hono {
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
  app.route('/', terminalDoor(services, doorkeeper))
  app.route('/', apiDoor(services, doorkeeper))
  return app
}
