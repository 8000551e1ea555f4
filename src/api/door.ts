/** @module The JSON door: back offices and smart terminals. Mounts its routes behind the doorkeeper. */

import { type Context, Hono, type Next } from 'hono'
import { type AdmissionController, RETRY_AFTER, type Slot } from '../admission/admission-controller.ts'
import type { Priority } from '../admission/concurrency-limit.ts'
import { sourceOf } from '../admission/source.ts'
import { openDeadline } from '../http/deadline.ts'
import { readBytes } from '../http/read-body.ts'
import type { Services } from '../pipeline/services.ts'
import { caseRoutes } from './cases.ts'
import { credentialOf, keepBody, keepSlot, proofOf, refuseDoor } from './handler.ts'
import { inquiryRoutes } from './inquiries.ts'
import { reconciliationRoutes } from './reconciliations.ts'
import { reversalRoutes } from './reversals.ts'
import { saleRoutes } from './sales.ts'
import { terminalRoutes } from './terminals.ts'
import { voidRoutes } from './voids.ts'

const CAPTURED_SALES = ['/v1/sales', '/v1/reconciliations']

/** Longest bodies, in bytes: lists in NDJSON, and everything else. */
export const CAPTURED_SALES_BODY_LIMIT = 256 * 1024
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
  '/v1/acquirer-messages': ['GET'],
  '/v1/merchants/:mid/terminals/:tid': ['PUT'],
} as const

export function apiDoor(services: Services, admission: AdmissionController): Hono {
  const door = new Hono()
  door.use('/v1/*', (c, next) => {
    const admitted = admit(admission, c, next)
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
async function admit(admission: AdmissionController, c: Context, next: Next): Promise<Response | undefined> {
  const priority = priorityOf(c.req)
  const overloaded = () => refuseDoor('overloaded', { retryAfter: RETRY_AFTER[priority] })
  if (admission.isClosed(priority)) return overloaded()
  const credential = await credentialOf(c)
  // Without a key there is nothing to look for, nothing to read, and so nothing to count.
  if (credential === undefined) return pass(next)
  const allowance = admission.bearers.allow(credential, sourceOf(c.req.header('cf-connecting-ip')))
  if (allowance.kind === 'retry_after')
    return refuseDoor('rate_limited', { retryAfter: Math.ceil(allowance.waitMs / 1000) })
  let slot: Slot | undefined
  try {
    // Before a place inside is taken, so that those who send slowly take none from others.
    if (!(await readBody(admission, c, priority))) return overloaded()
    slot = admission.enter(priority, priority === 'undo' && c.req.path === '/v1/voids')
    if (slot === undefined) return overloaded()
    keepSlot(c, slot)
    return await pass(next)
  } finally {
    slot?.leave()
    allowance.done(proofOf(c))
  }
}

/** Whether there was room for the body. */
async function readBody(admission: AdmissionController, c: Context, priority: Priority): Promise<boolean> {
  if (c.req.raw.body === null) return true
  const limit = CAPTURED_SALES.includes(c.req.path) ? CAPTURED_SALES_BODY_LIMIT : API_BODY_LIMIT
  const leave = admission.enterBody(priority, limit)
  if (leave === undefined) return false
  const deadline = openDeadline()
  keepBody(c, await readBytes(c, { limit, deadlineMs: API_BODY_MS }, deadline))
  deadline.end()
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
