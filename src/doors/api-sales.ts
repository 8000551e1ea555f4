/** @module `POST /v1/sales`, the capture feed (one sale, or NDJSON), and `GET /v1/sales/{id}`. */

import { type Context, Hono } from 'hono'
import { refuseTerminal } from '../domain/admit.ts'
import type { DeclineReason } from '../domain/decline-reason.ts'
import { posMessageKey } from '../domain/message-key.ts'
import { maskPan } from '../domain/pan.ts'
import type { CaptureRequest } from '../domain/requests.ts'
import type { Card } from '../domain/types.ts'
import { voidableUntil } from '../domain/window.ts'
import { saleBody } from '../json/bodies.ts'
import { declineProblem, doorProblem, type Problem } from '../json/problem.ts'
import { type CaptureBody, captureBody } from '../json/schemas.ts'
import type { Outcome, Verdict } from '../process.ts'
import type { Services } from '../services.ts'
import { canonical } from '../store/journal.ts'
import { type Credential, type Loaded, load as loadSet } from '../store/load.ts'
import {
  check,
  credentialOf,
  isMediaType,
  mayAct,
  parseJson,
  refuseDoor,
  respondJson,
  respondProblem,
  stay,
} from './api-common.ts'

/** How long ago a sale may have been made, in milliseconds. */
const OLDEST_MS = 180 * 24 * 60 * 60_000

/** Lines of one feed request. */
export const FEED_LINES = 200

export function saleRoutes(services: Services): Hono {
  const routes = new Hono()
  routes.post('/v1/sales', (c) => postSales(services, c))
  routes.get('/v1/sales/:id', (c) => getSale(services, c))
  return routes
}

type Answered =
  | { readonly status: number; readonly body: object; readonly headers?: Record<string, string> }
  | Problem

async function postSales(services: Services, c: Context): Promise<Response> {
  const credential = await credentialOf(c)
  if (credential === undefined) return refuseDoor('unauthorized')
  const capture = (text: string) => captureSale(services, c, credential, text)
  if (isMediaType(c, 'application/json')) {
    const { status, body, headers } = await capture(await c.req.text())
    const isProblem = 'reason' in body
    return isProblem
      ? respondProblem({ status, body: { ...body }, headers: headers ?? {} })
      : respondJson(status, body, headers)
  }
  if (!isMediaType(c, 'application/x-ndjson')) return refuseDoor('unsupported_media_type')
  // Not `text()`, which workerd warns of for a type that it does not know as text.
  return respondFeed(new TextDecoder().decode(await c.req.arrayBuffer()), capture)
}

/**
 * Takes a feed line by line, in order: lines of one terminal decide on what the line before left behind. Each answer
 * carries its line's number and the status it would have had alone; a line that is refused holds no other up.
 */
async function respondFeed(text: string, capture: (line: string) => Promise<Answered>): Promise<Response> {
  const lines = text
    .split('\n')
    .map((line, i) => ({ line, number: i + 1 }))
    .filter(({ line }) => line.trim() !== '')
  if (lines.length > FEED_LINES) return refuseDoor('body_too_large', { lines: FEED_LINES })
  const answers: string[] = []
  for (const { line, number } of lines) {
    const { status, body } = await capture(line)
    answers.push(`${JSON.stringify({ line: number, ...body, status })}\n`)
  }
  return new Response(answers.join(''), { headers: { 'content-type': 'application/x-ndjson' } })
}

async function captureSale(
  services: Services,
  c: Context,
  credential: string,
  text: string,
): Promise<Answered> {
  const json = parseJson(text)
  if (!json.ok) return json.error
  const body = check(captureBody, json.value)
  if (!body.ok) return body.error
  const { terminalId, batchNumber, stan, merchantId } = body.value
  const soldAt = body.value.soldAt === undefined ? services.now() : Date.parse(body.value.soldAt)
  if (soldAt > services.now() + 5 * 60_000)
    return doorProblem('invalid_request', { errors: [{ field: 'soldAt', why: 'is in the future' }] })
  if (soldAt < services.now() - OLDEST_MS)
    return doorProblem('invalid_request', { errors: [{ field: 'soldAt', why: 'is more than 180 days ago' }] })
  if ((body.value.fee ?? 0) > body.value.amount)
    return doorProblem('invalid_request', { errors: [{ field: 'fee', why: 'is over the amount' }] })

  let denial: Problem | undefined
  const messageKey = posMessageKey({ merchantId, terminalId, batchNumber, stan }, 'sale')
  const verify = async (loaded: Loaded): Promise<Verdict> => {
    denial = deny(loaded.credential, merchantId)
    if (denial !== undefined) return { kind: 'denied' }
    // Another merchant's terminal and one that does not exist are answered alike.
    if (loaded.terminal?.merchantId !== merchantId) return { kind: 'refused', reason: 'terminal_unknown' }
    const reason = refuseTerminal(loaded.terminal, loaded.merchant, merchantId)
    if (reason !== null) return { kind: 'refused', reason }
    return {
      kind: 'verified',
      request: await captureRequest(services, loaded, body.value, messageKey, soldAt),
    }
  }
  const { rrn } = body.value
  const load = { credential, terminalId, messageKey, ...(rrn === undefined ? {} : { saleRrn: rrn }) }
  const outcome = await stay(
    c,
    services.group.submit({ load, verify }, (promise) => c.executionCtx.waitUntil(promise)),
  )
  return answerOf(services, outcome, denial)
}

function deny(caller: Credential | null, merchantId: string): Problem | undefined {
  if (caller === null) return doorProblem('unauthorized')
  return mayAct(caller, merchantId) ? undefined : doorProblem('forbidden')
}

async function captureRequest(
  { keyring }: Services,
  { merchant }: Loaded,
  body: CaptureBody,
  messageKey: string,
  soldAt: number,
): Promise<CaptureRequest> {
  const { pan, amount, rrn, authorizationCode, fee, merchantId, ...rest } = body
  const card: Card | null =
    pan === undefined
      ? null
      : { first6: pan.slice(0, 6), last4: pan.slice(-4), fingerprint: await keyring.fingerprint('pan', pan) }
  const currencyCode = body.currency ?? merchant?.currencyCode ?? ''
  const content = { ...body, currency: currencyCode, pan: card?.fingerprint }
  return {
    kind: 'capture',
    door: 'json',
    merchantId,
    messageKey,
    contentFingerprint: await keyring.fingerprint('content', canonical(content)),
    request: {
      amount: String(amount),
      currency: currencyCode,
      status: rest.status,
      ...(pan === undefined ? {} : { pan: maskPan(pan) }),
      ...(rrn === undefined ? {} : { rrn }),
    },
    terminalId: rest.terminalId,
    batchNumber: rest.batchNumber,
    stan: rest.stan,
    amount,
    currencyCode,
    card,
    status: rest.status,
    rrn: rrn ?? null,
    authorizationCode: authorizationCode ?? null,
    fee: fee ?? null,
    soldAt,
  }
}

function answerOf(services: Services, outcome: Outcome, denial: Problem | undefined): Answered {
  const declined = (reason: DeclineReason): Problem => {
    services.log('refused', { type: 'capture', door: 'json', reason })
    return declineProblem(reason, null)
  }
  switch (outcome.kind) {
    case 'denied':
      return denial ?? doorProblem('unauthorized')
    case 'unavailable':
      return doorProblem('unavailable')
    case 'unknown':
      return doorProblem('outcome_unknown')
    case 'refused':
      return declined(outcome.reason)
    case 'answered': {
      const { answer, entry, replayed } = outcome
      if (answer.reason !== null) return declined(answer.reason)
      const sale = entry?.effects.sale
      if (sale === undefined) throw new Error('a captured sale has its record')
      // As it was captured: what happened to it since is not in the first answer, nor in its replay.
      const state = { sale, liveVoid: null, reversed: false, batchState: 'open' } as const
      const body = saleBody(state, answer.voidableUntil ?? null, answer.at)
      const location = { location: `/v1/sales/${sale.id}` }
      services.log('captured', { terminalId: sale.terminalId, stan: sale.stan, replayed })
      const headers = replayed ? { ...location, 'idempotent-replayed': 'true' } : location
      return { status: 201, body, headers }
    }
  }
}

async function getSale(services: Services, c: Context): Promise<Response> {
  const credential = await credentialOf(c)
  if (credential === undefined) return refuseDoor('unauthorized')
  const reference = c.req.param('id') ?? ''
  const [loaded] = await loadSet(services.db, [
    { credential, ...(reference.length === 12 ? { saleRrn: reference } : { saleId: reference }) },
  ])
  if (loaded === undefined || loaded.credential === null) return refuseDoor('unauthorized')
  const { original, merchant } = loaded
  if (original === null || merchant === null || !mayAct(loaded.credential, original.sale.merchantId))
    return refuseDoor('not_found')
  return respondJson(200, saleBody(original, voidableUntil(original.sale.soldAt, merchant), services.now()))
}
