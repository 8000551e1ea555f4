/**
 * @module The POS door: ISO 8583 over HTTPS (protocol.md §1.2, §1.5). It handles HTTP, and `exchange` handles the message.
 */

import { type Context, Hono } from 'hono'
import { type AdmissionController, RETRY_AFTER, type Slot } from '../admission/admission-controller.ts'
import { PRIORITIES, type Priority } from '../admission/concurrency-limit.ts'
import { mayAskAcquirer, priorityOfFrame } from '../admission/frame-priority.ts'
import { sourceOf } from '../admission/source.ts'
import { type Deadline, openDeadline } from '../http/deadline.ts'
import { type BodyBounds, readBytes } from '../http/read-body.ts'
import { ISO_CONTENT_TYPE } from '../iso8583/frame.ts'
import type { Services } from '../pipeline/services.ts'
import { newTiming, serverTiming } from '../pipeline/timing.ts'
import { createBudget } from '../store/budget.ts'
import { answerBatch } from './batch.ts'
import { BATCH_BODY_LIMIT, cutFrames, joinReplies } from './batch-body.ts'
import { exchange, type Visit } from './exchange.ts'
import { readFrame } from './read-frame.ts'
import { createAnswers, SILENCE, type TerminalReply } from './reply-cache.ts'
import { createSignOnAnswers } from './sign-on-answers.ts'

/** Old firmware posts to the root. Other methods of it are not the terminals'. */
const ROOT = '/'

/** Paths in the configuration of terminals. */
export const TERMINAL_PATHS = ['/unp/webtrans/WPOS', '/mjc/webtrans/VPB_lb', '/v1/iso8583', ROOT] as const

/** Many frames in one request, for gateways. */
export const BATCH_PATH = '/v1/iso8583/batch'

/** The longest frame, in bytes. */
export const TERMINAL_BODY_LIMIT = 4096

/** A frame is one packet or two. */
const BODY_BOUNDS: BodyBounds = { limit: TERMINAL_BODY_LIMIT, deadlineMs: 5000 }

const BATCH_BOUNDS: BodyBounds = { limit: BATCH_BODY_LIMIT, deadlineMs: 5000 }

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

/** The longest `Retry-After` of the frames, if one has it. */
const againOf = (replies: readonly TerminalReply[]): Pick<TerminalReply, 'retryAfter'> => {
  const waits = replies.flatMap(({ retryAfter }) => retryAfter ?? [])
  return waits.length === 0 ? {} : { retryAfter: Math.max(...waits) }
}

/** A body with its sender, or the refusal of it. */
type Received = { readonly source: string; readonly bytes: Uint8Array<ArrayBuffer> } | Response

/** The routes of the POS door (protocol.md §1.2). */
export function terminalDoor(services: Services, admission: AdmissionController): Hono {
  const answers = createAnswers(services)
  const signOnAnswers = createSignOnAnswers()
  const door = new Hono()

  /** The body of a request, or the refusal of it. */
  async function receiveBody(c: Context, bounds: BodyBounds, deadline: Deadline): Promise<Received> {
    const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
    if (type !== undefined && type !== '' && !ACCEPTED_TYPES.includes(type)) return empty(415)
    const source = sourceOf(c.req.header('cf-connecting-ip'))
    // Nothing of the message is known yet, so it counts as the most urgent.
    const lease = admission.isClosed('undo')
      ? undefined
      : admission.enterBody({ space: 'terminal', priority: 'undo', source })
    if (lease === undefined) return overloaded('undo')
    const body = await readBytes(c, bounds, deadline, lease)
    lease.leave()
    // The space was needed for others. That is no fault of the sender.
    if (body === null) return overloaded('undo')
    return body.ok ? { source, bytes: body.value } : refused(source, body.error)
  }

  function refused(source: string, status: number): Response {
    admission.failed(source)
    return empty(status)
  }

  async function receive(c: Context, deadline: Deadline): Promise<Response> {
    const received = await receiveBody(c, BODY_BOUNDS, deadline)
    if (received instanceof Response) return received
    const { source, bytes } = received
    const priority = priorityOfFrame(bytes)
    const slot = admission.enter(priority, { asksAcquirer: mayAskAcquirer(bytes) })
    if (slot === undefined) return overloaded(priority)
    const since = services.now()
    // A copy that joins another message has no times of its own.
    const times = services.showsTiming ? { timing: newTiming() } : {}
    try {
      const deadlineMs = deadlineOf(services, bytes)
      const reply = answer(bytes, { ...visitOf(c, source, slot), ...times }, deadlineMs)
      const answered = (await deadline.until(deadlineMs, reply)) ?? SILENCE
      const { timing } = times
      const shown = timing && { 'server-timing': serverTiming(timing, services.now() - since) }
      return respond(answered, { ...shown })
    } finally {
      slot.leave()
    }
  }

  async function answer(
    bytes: Uint8Array<ArrayBuffer>,
    visit: Visit,
    deadlineMs: number,
  ): Promise<TerminalReply> {
    const digest = await services.keyring.fingerprint('content', bytes)
    const run = () => exchange(services, readFrame(services.core, bytes), visit)
    return answers.once(bytes, digest, run, visit.waitUntil, deadlineMs)
  }

  /** A batch takes one place of a request, and is as urgent as its least urgent frame. */
  async function receiveBatch(c: Context, deadline: Deadline): Promise<Response> {
    const received = await receiveBody(c, BATCH_BOUNDS, deadline)
    if (received instanceof Response) return received
    const { source, bytes } = received
    const cut = cutFrames(bytes, TERMINAL_BODY_LIMIT)
    if (!cut.ok) return refused(source, cut.error)
    const frames = cut.value
    const priorities = frames.map(priorityOfFrame)
    const priority = PRIORITIES.find((one) => priorities.includes(one)) ?? 'other'
    const slot = admission.enter(priority, {
      asksAcquirer: frames.some(mayAskAcquirer),
      messages: frames.length,
    })
    if (slot === undefined) return overloaded(priority)
    try {
      const deadlineMs = Math.max(...frames.map((frame) => deadlineOf(services, frame)))
      const replies = await answerBatch(services, frames, {
        visit: visitOf(c, source, slot),
        answers,
        deadlineMs,
        until: (work) => deadline.until(deadlineMs, work),
      })
      return respond({ status: 200, body: joinReplies(replies), ...againOf(replies) }, {})
    } finally {
      slot.leave()
    }
  }

  const visitOf = (c: Context, source: string, slot: Slot): Visit => ({
    source,
    slot,
    admission,
    signOnAnswers,
    waitUntil: (promise) => c.executionCtx.waitUntil(promise),
    budget: createBudget(services.queryLimit),
  })

  for (const path of [...TERMINAL_PATHS, BATCH_PATH]) {
    const handle = path === BATCH_PATH ? receiveBatch : receive
    door.post(path, (c) => {
      const deadline = openDeadline()
      const response = handle(c, deadline).finally(deadline.end)
      // A terminal that disconnects must not cut off the copies that wait for its answer, nor keep its slot.
      c.executionCtx.waitUntil(response.catch(() => undefined))
      return response
    })
    if (path !== ROOT) door.all(path, () => empty(405, { allow: 'POST' }))
  }
  return door
}
