/** @module The JSON API: back offices and smart terminals. Mounts its routes behind the admission controller. */

import { type Context, Hono, type Next } from 'hono'
import { type AdmissionController, RETRY_AFTER, type Slot } from '../admission/admission-controller.ts'
import type { BodyLease } from '../admission/body-space.ts'
import type { Priority } from '../admission/concurrency-limit.ts'
import { sourceOf } from '../admission/source.ts'
import { openDeadline } from '../http/deadline.ts'
import { readBytes } from '../http/read-body.ts'
import type { Services } from '../pipeline/services.ts'
import { ROUTES } from './contract.ts'
import { credentialOf, keepSlot, noteCaller, proofOf, respondProblem } from './handler.ts'
import { HANDLERS } from './handlers.ts'
import { apiProblem } from './json/problem.ts'
import { API_BODY_LIMIT, API_BODY_MS, LINES_BODY_LIMIT } from './limits.ts'
import { countLines, isList, keepBody } from './read-request.ts'
import { logOf, openRequestId } from './request-id.ts'
import { contractRoutes } from './router.ts'
import { showTiming } from './timing.ts'

/** The routes that take lists, by path. */
const LIST_ROUTES = new Map(
  ROUTES.filter(([, { line }]) => line !== undefined).map(([name, route]) => [name.split(' ')[1], route]),
)

/** The paths of the API: `/v1` and everything below it. */
const API_PATHS = ['', 'v1', '*'].join('/')

/** The paths outside `/v1`. */
const SERVICE_PATHS = ROUTES.map(([name]) => name.split(' ')[1] ?? '').filter(
  (path) => !path.startsWith('/v1/'),
)

export function apiDoor(services: Services, admission: AdmissionController): Hono {
  const door = new Hono()
  for (const path of [API_PATHS, ...SERVICE_PATHS])
    door.use(path, async (c, next) => {
      const requestId = openRequestId(services, c)
      const since = services.now()
      await next()
      showTiming(services, c, since)
      c.res.headers.set('x-request-id', requestId)
      c.res.headers.set('cache-control', 'no-store')
    })
  door.use(API_PATHS, (c, next) => {
    const admitted = admit(services, admission, c, next)
    // A client that hangs up must not keep its slot.
    c.executionCtx.waitUntil(admitted.catch(() => undefined))
    return admitted
  })
  door.route('/', contractRoutes(services, HANDLERS))
  door.all(API_PATHS, () => respondProblem(apiProblem('not_found')))
  door.onError((error, c) => {
    logOf(services, c)('error', { error: error.name })
    // A request that writes may have written.
    return respondProblem(apiProblem(c.req.method === 'GET' ? 'unavailable' : 'outcome_unknown'))
  })
  return door
}

/** A void and its reversal are as urgent here as on the POS door. Captured sales and queries can wait. */
const priorityOf = ({ method, path }: Context['req']): Priority =>
  method === 'POST' && (path === '/v1/voids' || path === '/v1/reversals') ? 'undo' : 'other'

/** Admits a request, or refuses it before any work is done. */
async function admit(
  { bootstrapKey }: Services,
  admission: AdmissionController,
  c: Context,
  next: Next,
): Promise<Response | undefined> {
  const priority = priorityOf(c.req)
  const overloaded = () => respondProblem(apiProblem('overloaded', { retryAfter: RETRY_AFTER[priority] }))
  if (admission.isClosed(priority, { isJson: true })) return overloaded()
  const credential = await credentialOf(c)
  // A request without a key needs no query and no body, so there is nothing to count.
  if (credential === undefined) return pass(next)
  const source = sourceOf(c.req.header('cf-connecting-ip'))
  const allowance = admission.bearers.allow(credential, source)
  if (allowance.kind === 'retry_after')
    return respondProblem(apiProblem('rate_limited', { retryAfter: Math.ceil(allowance.waitMs / 1000) }))
  const isKnown = admission.bearers.isKnown(credential)
  let slot: Slot | undefined
  let hasFailed = false
  let messages = 1
  try {
    if (c.req.raw.body !== null) {
      // The bootstrap key is no key on most routes.
      if (admission.bearers.isNotFound(credential) && credential !== bootstrapKey) {
        noteCaller(c, null)
        return respondProblem(apiProblem('unauthorized'))
      }
      // The body comes before the slot, so slow senders take no slots from others.
      const lease = admission.enterBody(
        isKnown ? { space: 'known', priority, credential } : { space: 'unknown', priority, source },
      )
      if (lease === undefined) return overloaded()
      const body = await readBody(c, lease)
      hasFailed = body === null || !body.ok
      if (body === null) return overloaded()
      keepBody(c, body)
      // A made-up key takes nothing from the lines of others. Its list is refused before a line is processed.
      if (body.ok && isKnown && isListed(c)) messages = countLines(body.value)
    }
    const asksAcquirer = priority === 'undo' && c.req.path === '/v1/voids'
    slot = admission.enter(priority, { asksAcquirer, isJson: true, messages })
    if (slot === undefined) return overloaded()
    keepSlot(c, slot)
    return await pass(next)
  } finally {
    slot?.leave()
    const proof = proofOf(c)
    allowance.done(proof)
    // Nobody looked for the key of this body.
    if (hasFailed && proof === undefined && !isKnown) admission.failed(source)
  }
}

/** True if the body is a list. */
function isListed(c: Context): boolean {
  const route = LIST_ROUTES.get(c.req.path)
  return route !== undefined && isList(c, route)
}

/** Reads the body, and frees its space. */
async function readBody(c: Context, lease: BodyLease): ReturnType<typeof readBytes> {
  const limit = isListed(c) ? LINES_BODY_LIMIT : API_BODY_LIMIT
  const deadline = openDeadline()
  try {
    return await readBytes(c, { limit, deadlineMs: API_BODY_MS }, deadline, lease)
  } finally {
    deadline.end()
    lease.leave()
  }
}

async function pass(next: Next): Promise<undefined> {
  await next()
}
