/**
 * @module The POS door: ISO 8583 over HTTPS (protocol.md §1.2). It handles HTTP, and `exchange` handles the message.
 */

import { type Context, Hono } from 'hono'
import { type AdmissionController, RETRY_AFTER } from '../admission/admission-controller.ts'
import type { Priority } from '../admission/concurrency-limit.ts'
import { mayAskAcquirer, priorityOfFrame } from '../admission/frame-priority.ts'
import { sourceOf } from '../admission/source.ts'
import { type Deadline, openDeadline } from '../http/deadline.ts'
import { type BodyBounds, readBytes } from '../http/read-body.ts'
import { ISO_CONTENT_TYPE } from '../iso8583/frame.ts'
import type { Services } from '../pipeline/services.ts'
import { newTiming, serverTiming } from '../pipeline/timing.ts'
import { exchange, type Visit } from './exchange.ts'
import { createAnswers, SILENCE, type TerminalReply } from './reply-cache.ts'
import { createSignOnAnswers } from './sign-on-answers.ts'

/** Old firmware posts to the root. Other methods of it are not the terminals'. */
const ROOT = '/'

/** Paths in the configuration of terminals. */
export const TERMINAL_PATHS = ['/unp/webtrans/WPOS', '/mjc/webtrans/VPB_lb', '/v1/iso8583', ROOT] as const

/** The longest request, in bytes. */
export const TERMINAL_BODY_LIMIT = 4096

/** A frame is one packet or two. */
const BODY_BOUNDS: BodyBounds = { limit: TERMINAL_BODY_LIMIT, deadlineMs: 5000 }

const ACCEPTED_TYPES = [ISO_CONTENT_TYPE.toLowerCase(), 'application/octet-stream']

/** Milliseconds for the answer to a terminal, or to the first of its copies. After that there is no answer. */
const DEADLINE_MS = 12_000

/** The deadline of a frame. One that may ask the acquirer may wait for the acquirer's later tries. */
const deadlineOf = ({ acquirer }: Services, bytes: Uint8Array): number =>
  mayAskAcquirer(bytes) ? Math.max(DEADLINE_MS, acquirer.deadlineMs ?? 0) : DEADLINE_MS

const empty = (status: number, headers: Record<string, string> = {}): Response =>
  new Response(null, { status, headers })

/** A Uint8Array body has a Content-Length. A stream would be chunked, and terminals cannot read that. */
const respond = ({ status, body, retryAfter }: TerminalReply, shown: object): Response => {
  const again = retryAfter === undefined ? undefined : { 'retry-after': String(retryAfter) }
  return new Response(body, { status, headers: { 'content-type': ISO_CONTENT_TYPE, ...again, ...shown } })
}

/** No answer. The terminal tries again or reverses, as after every lost answer. */
const overloaded = (priority: Priority): Response =>
  empty(503, { 'retry-after': String(RETRY_AFTER[priority]) })

/** The routes of the POS door (protocol.md §1.2). */
export function terminalDoor(services: Services, admission: AdmissionController): Hono {
  const answers = createAnswers(services)
  const signOnAnswers = createSignOnAnswers()
  const door = new Hono()

  async function receive(c: Context, deadline: Deadline): Promise<Response> {
    const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
    if (type !== undefined && type !== '' && !ACCEPTED_TYPES.includes(type)) return empty(415)
    const source = sourceOf(c.req.header('cf-connecting-ip'))
    // Nothing of the message is known yet, so it counts as the most urgent.
    const lease = admission.isClosed('undo')
      ? undefined
      : admission.enterBody({ space: 'terminal', priority: 'undo', source })
    if (lease === undefined) return overloaded('undo')
    const body = await readBytes(c, BODY_BOUNDS, deadline, lease)
    lease.leave()
    // The space was needed for others. That is no fault of the sender.
    if (body === null) return overloaded('undo')
    if (!body.ok) {
      admission.failed(source)
      return empty(body.error)
    }
    const priority = priorityOfFrame(body.value)
    const slot = admission.enter(priority, { asksAcquirer: mayAskAcquirer(body.value) })
    if (slot === undefined) return overloaded(priority)
    const since = services.now()
    // A copy that joins another message has no times of its own.
    const times = services.showsTiming ? { timing: newTiming() } : {}
    try {
      const deadlineMs = deadlineOf(services, body.value)
      const reply = answer(c, body.value, { source, slot, ...times }, deadlineMs)
      const answered = (await deadline.until(deadlineMs, reply)) ?? SILENCE
      const { timing } = times
      const shown = timing && { 'server-timing': serverTiming(timing, services.now() - since) }
      return respond(answered, { ...shown })
    } finally {
      slot.leave()
    }
  }

  async function answer(
    c: Context,
    bytes: Uint8Array<ArrayBuffer>,
    from: Pick<Visit, 'source' | 'slot' | 'timing'>,
    deadlineMs: number,
  ): Promise<TerminalReply> {
    const visit: Visit = {
      ...from,
      admission,
      signOnAnswers,
      waitUntil: (promise) => c.executionCtx.waitUntil(promise),
    }
    const digest = await services.keyring.fingerprint('content', bytes)
    const run = () => exchange(services, bytes, visit)
    return answers.once(bytes, digest, run, visit.waitUntil, deadlineMs)
  }

  for (const path of TERMINAL_PATHS) {
    door.post(path, (c) => {
      const deadline = openDeadline()
      const response = receive(c, deadline).finally(deadline.end)
      // A terminal that disconnects must not cut off the copies that wait for its answer, nor keep its slot.
      c.executionCtx.waitUntil(response.catch(() => undefined))
      return response
    })
    if (path !== ROOT) door.all(path, () => empty(405, { allow: 'POST' }))
  }
  return door
}
