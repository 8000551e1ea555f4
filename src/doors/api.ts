/** @module The JSON door: back offices and smart terminals. Mounts its routes and bounds their bodies. */

import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Services } from '../services.ts'
import { refuseDoor } from './api-common.ts'
import { inquiryRoutes } from './api-inquiries.ts'
import { reversalRoutes } from './api-reversals.ts'
import { saleRoutes } from './api-sales.ts'
import { terminalRoutes } from './api-terminals.ts'
import { voidRoutes } from './api-voids.ts'

/** Longest bodies, in bytes: a feed of sales, and everything else. */
export const FEED_BODY_LIMIT = 256 * 1024
export const API_BODY_LIMIT = 16 * 1024

/** Route → methods it takes. */
export const API_ROUTES = {
  '/v1/sales': ['POST'],
  '/v1/sales/:id': ['GET'],
  '/v1/voids': ['POST'],
  '/v1/voids/:id': ['GET'],
  '/v1/reversals': ['POST'],
  '/v1/inquiries': ['GET'],
  '/v1/merchants/:mid/terminals/:tid': ['PUT'],
} as const

export function apiDoor(services: Services): Hono {
  const door = new Hono()
  const tooLarge = () => refuseDoor('body_too_large')
  door.use('/v1/sales', bodyLimit({ maxSize: FEED_BODY_LIMIT, onError: tooLarge }))
  door.use('/v1/voids', bodyLimit({ maxSize: API_BODY_LIMIT, onError: tooLarge }))
  door.use('/v1/reversals', bodyLimit({ maxSize: API_BODY_LIMIT, onError: tooLarge }))
  door.use('/v1/merchants/*', bodyLimit({ maxSize: API_BODY_LIMIT, onError: tooLarge }))
  door.route('/', voidRoutes(services))
  door.route('/', saleRoutes(services))
  door.route('/', reversalRoutes(services))
  door.route('/', inquiryRoutes(services))
  door.route('/', terminalRoutes(services))
  for (const [path, methods] of Object.entries(API_ROUTES))
    door.all(path, () => withAllow(refuseDoor('method_not_allowed'), methods))
  door.all('/v1/*', () => refuseDoor('not_found'))
  door.onError((error, c) => {
    services.log('error', { error: error.name })
    // What wrote may have been written.
    return refuseDoor(c.req.method === 'GET' ? 'unavailable' : 'outcome_unknown')
  })
  return door
}

function withAllow(response: Response, methods: readonly string[]): Response {
  response.headers.set('allow', methods.join(', '))
  return response
}
