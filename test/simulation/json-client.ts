/**
 * @module A client of the JSON API that knows only the contract: it follows `doNext` and waits `retryAfter`
 * seconds. Without an answer it sends the same request again.
 */

import type { ClientAnswer } from './book.ts'
import { Violation } from './checks.ts'
import type { ActorContext } from './context.ts'
import type { HttpRequest } from './platform/isolate.ts'

const DEADLINE_MS = 20_000
/** Longer than any fault: a client that retried for this long never gets an answer. In milliseconds. */
const LONGEST_MS = 3_600_000

export interface JsonAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

export const jsonRequest = (
  bearer: string | undefined,
  method: string,
  path: string,
  body: object | null = null,
  idempotencyKey?: string,
): HttpRequest => {
  const text = body === null ? null : JSON.stringify(body)
  return {
    method,
    path,
    headers: {
      authorization: `Bearer ${bearer}`,
      ...(text === null ? {} : { 'content-type': 'application/json', 'content-length': String(text.length) }),
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
    },
    body: text,
  }
}

/** Null without a conclusive answer. */
export async function sendJson({ network }: ActorContext, request: HttpRequest): Promise<JsonAnswer | null> {
  const reply = await network.send(request, DEADLINE_MS)
  if (reply === null || reply.body.length === 0) return null
  const { status, body } = reply
  return { status, body: JSON.parse(new TextDecoder().decode(body)) as Record<string, unknown> }
}

/** The request with this key instead. */
export const withBearer = (request: HttpRequest, bearer: string | undefined): HttpRequest => ({
  ...request,
  headers: { ...request.headers, authorization: `Bearer ${bearer}` },
})

/**
 * The final answer. Null after `contact_acquirer`, because the outcome stays unknown. Each request has the key that is in
 * use. A client whose key is refused takes the spare one.
 */
export async function untilFinal(
  context: ActorContext,
  owner: string,
  request: HttpRequest,
): Promise<JsonAnswer | null> {
  let next = request
  let takesSpare = false
  const until = context.scheduler.now + LONGEST_MS
  while (context.scheduler.now < until) {
    const bearer = takesSpare ? context.spareKeys.get(owner) : context.bearerKeys.get(owner)?.key
    const answer = await sendJson(context, withBearer(next, bearer))
    if (answer?.status === 401) {
      if (takesSpare) throw new Violation(`${request.method} ${request.path}: the spare key is refused`)
      takesSpare = true
      continue
    }
    const { certainty, doNext = 'retry', retryAfter = 1, voidId, id = voidId } = answer?.body ?? {}
    if (certainty === 'FINAL') return answer
    if (doNext === 'contact_acquirer') return null
    if (doNext === 'query') next = { ...request, method: 'GET', path: `/v1/voids/${id}`, body: null }
    else if (doNext !== 'retry') throw new Violation(`not final, and got ${JSON.stringify(answer?.body)}`)
    await context.scheduler.sleep(Number(retryAfter) * 1000)
  }
  throw new Violation(`${request.method} ${request.path}: not final after an hour`)
}

/** `POST` returns the void or a problem, `GET` the current void. A reversal has its own fields. */
export function clientAnswerOf({ status, body }: JsonAnswer, at: number): ClientAnswer {
  const isReversal = 'receivedAt' in body
  const isRecord = status === 201 || status === 200
  const approved = isRecord && (isReversal || body.state === 'approved')
  return {
    at,
    verdict: approved ? 'approved' : 'declined',
    code: approved ? '00' : String(isRecord ? body.state : body.reason),
    rrn: isRecord ? String(body.rrn) : '',
    how: status === 200 && !isReversal ? 'read' : 'requested',
    content: JSON.stringify(body),
  }
}
