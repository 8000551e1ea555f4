/** @module The JSON door: back offices and smart terminals. Mounts its routes behind the doorkeeper. */

import { type Context, Hono, type Next } from 'hono'
import type { Services } from '../services.ts'
import { type Doorkeeper, type Place, RETRY_AFTER } from '../shed/doorkeeper.ts'
import type { Priority } from '../shed/gate.ts'
import { sourceOf } from '../shed/source.ts'
import { caseRoutes } from './api-cases.ts'
import { credentialOf, keepBody, keepPlace, proofOf, refuseDoor } from './api-common.ts'
import { inquiryRoutes } from './api-inquiries.ts'
import { reconciliationRoutes } from './api-reconciliations.ts'
import { reversalRoutes } from './api-reversals.ts'
import { saleRoutes } from './api-sales.ts'
import { terminalRoutes } from './api-terminals.ts'
import { voidRoutes } from './api-voids.ts'
import { readBytes } from './body.ts'
import { openPatience } from './patience.ts'

const FEEDS = ['/v1/sales', '/v1/reconciliations']

/** Longest bodies, in bytes: lists in NDJSON, and everything else. */
export const FEED_BODY_LIMIT = 256 * 1024
export const API_BODY_LIMIT = 16 * 1024

/** How long a body may take, in milliseconds. */
const API_BODY_MS = 10_000

/** Route → methods it takes. */
export const API_ROUTES = {
  '/v1/sales': ['POST'],
  '/v1/sales/:id': ['GET'],
  '/v1/voids': ['POST'],
  '/v1/voids/:id': ['GET'],
  '/v1/reversals': ['POST'],
  '/v1/inquiries': ['GET'],
  '/v1/cases': ['GET'],
  '/v1/cases/:id': ['GET', 'POST'],
  '/v1/reconciliations': ['POST'],
  '/v1/host-messages': ['GET'],
  '/v1/merchants/:mid/terminals/:tid': ['PUT'],
} as const

export function apiDoor(services: Services, doorkeeper: Doorkeeper): Hono {
  const door = new Hono()
  door.use('/v1/*', (c, next) => {
    const admitted = admit(doorkeeper, c, next)
    // A client that hangs up must not keep its place inside.
    c.executionCtx.waitUntil(admitted.catch(() => undefined))
    return admitted
  })
  door.route('/', voidRoutes(services))
  door.route('/', saleRoutes(services))
  door.route('/', reversalRoutes(services))
  door.route('/', inquiryRoutes(services))
  door.route('/', caseRoutes(services))
  door.route('/', reconciliationRoutes(services))
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

/** Whatever moves a void is as urgent here as on the terminal door; a feed and a look-up can wait. */
const priorityOf = ({ method, path }: Context['req']): Priority =>
  method === 'POST' && (path === '/v1/voids' || path === '/v1/reversals') ? 'undo' : 'other'

/** Lets a request in, or turns it away before anything was done for it. */
async function admit(doorkeeper: Doorkeeper, c: Context, next: Next): Promise<Response | undefined> {
  const priority = priorityOf(c.req)
  const overloaded = () => refuseDoor('overloaded', { retryAfter: RETRY_AFTER[priority] })
  if (doorkeeper.isClosed(priority)) return overloaded()
  const credential = await credentialOf(c)
  // Without a key there is nothing to look for, nothing to read, and so nothing to count.
  if (credential === undefined) return pass(next)
  const hearing = doorkeeper.bearers.hear(credential, sourceOf(c.req.header('cf-connecting-ip')))
  if (hearing.kind === 'later')
    return refuseDoor('rate_limited', { retryAfter: Math.ceil(hearing.waitMs / 1000) })
  let place: Place | undefined
  try {
    // Before a place inside is taken, so that those who send slowly take none from others.
    if (!(await readBody(doorkeeper, c, priority))) return overloaded()
    place = doorkeeper.enter(priority, priority === 'undo' && c.req.path === '/v1/voids')
    if (place === undefined) return overloaded()
    keepPlace(c, place)
    return await pass(next)
  } finally {
    place?.leave()
    hearing.over(proofOf(c))
  }
}

/** Whether there was room for the body. */
async function readBody(doorkeeper: Doorkeeper, c: Context, priority: Priority): Promise<boolean> {
  if (c.req.raw.body === null) return true
  const limit = FEEDS.includes(c.req.path) ? FEED_BODY_LIMIT : API_BODY_LIMIT
  const leave = doorkeeper.enterBody(priority, limit)
  if (leave === undefined) return false
  const patience = openPatience()
  keepBody(c, await readBytes(c, { limit, deadlineMs: API_BODY_MS }, patience))
  patience.end()
  leave()
  return true
}

async function pass(next: Next): Promise<undefined> {
  await next()
}

function withAllow(response: Response, methods: readonly string[]): Response {
  response.headers.set('allow', methods.join(', '))
  return response
}
