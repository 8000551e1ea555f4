/** @module `POST /v1/sales`, the capture feed (one sale, or NDJSON), and `GET /v1/sales/{id}`. */

import { type Context, Hono } from 'hono'
import { cardOf } from '../crypto/card.ts'
import { refuseTerminal } from '../domain/admit.ts'
import type { DeclineReason } from '../domain/decline-reason.ts'
import { posMessageKey, tombstonedKey } from '../domain/message-key.ts'
import { maskPan } from '../domain/pan.ts'
import type { CapturedSaleRequest } from '../domain/requests.ts'
import { voidableUntil } from '../domain/window.ts'
import type { Services } from '../pipeline/services.ts'
import type { Outcome } from '../pipeline/types.ts'
import { canonical } from '../store/journal.ts'
import { type Credential, type Loaded, load } from '../store/load.ts'
import {
  type ApiVerdict,
  check,
  credentialOf,
  isMediaType,
  mayAct,
  noteCaller,
  parseJson,
  refuseDoor,
  respondJson,
  respondProblem,
  submit,
  textOf,
  undecidedProblem,
} from './handler.ts'
import { saleBody } from './json/bodies.ts'
import { capturedSale } from './json/first-answer.ts'
import { declineProblem, doorProblem, type Problem } from './json/problem.ts'
import { type CapturedSaleBody, capturedSaleBody } from './json/schemas.ts'
import { linesOf, respondLines } from './ndjson.ts'

/** How long ago a sale may have been made, in milliseconds. */
const OLDEST_MS = 180 * 24 * 60 * 60_000

export function saleRoutes(services: Services): Hono {
  const routes = new Hono()
  routes.post('/v1/sales', (c) => postSales(services, c))
  routes.get('/v1/sales/:id', (c) => getSale(services, c))
  return routes
}

/** A captured sale, or the problem in its way. */
interface Answered {
  readonly status: number
  readonly body: object
  readonly headers: Readonly<Record<string, string>>
}

async function postSales(services: Services, c: Context): Promise<Response> {
  const credential = await credentialOf(c)
  if (credential === undefined) return refuseDoor('unauthorized')
  if (!isMediaType(c, 'application/json', 'application/x-ndjson')) return refuseDoor('unsupported_media_type')
  const text = textOf(c)
  if (!text.ok) return respondProblem(text.error)
  const capture = (line: string) => recordCapturedSale(services, c, credential, line)
  if (!isMediaType(c, 'application/json')) return respondCapturedSales(text.value, capture)
  const { status, body, headers } = await capture(text.value)
  return respondJson(status, body, headers)
}

/**
 * Takes a feed line by line, in order: lines of one terminal decide on what the line before left behind. Each answer
 * carries its line's number and the status it would have had alone; a line that is refused holds no other up.
 */
async function respondCapturedSales(
  text: string,
  capture: (line: string) => Promise<Answered>,
): Promise<Response> {
  const lines = linesOf(text)
  if (lines instanceof Response) return lines
  const answers: object[] = []
  for (const { line, number } of lines) {
    const { status, body } = await capture(line)
    answers.push({ line: number, ...body, status })
  }
  return respondLines(answers)
}

async function recordCapturedSale(
  services: Services,
  c: Context,
  credential: string,
  text: string,
): Promise<Answered> {
  const json = parseJson(text)
  if (!json.ok) return json.error
  const body = check(capturedSaleBody, json.value)
  if (!body.ok) return body.error
  const { terminalId, batchNumber, stan, merchantId } = body.value
  const soldAt = body.value.soldAt === undefined ? services.now() : Date.parse(body.value.soldAt)
  if (soldAt > services.now() + 5 * 60_000)
    return doorProblem('invalid_request', { errors: [{ field: 'soldAt', why: 'is in the future' }] })
  if (soldAt < services.now() - OLDEST_MS)
    return doorProblem('invalid_request', { errors: [{ field: 'soldAt', why: 'is more than 180 days ago' }] })
  if ((body.value.fee ?? 0) > body.value.amount)
    return doorProblem('invalid_request', { errors: [{ field: 'fee', why: 'is over the amount' }] })

  const messageKey = posMessageKey({ merchantId, terminalId, batchNumber, stan }, 'sale')
  const verify = async (loaded: Loaded): Promise<ApiVerdict> => {
    const problem = deny(loaded.credential, merchantId)
    if (problem !== undefined) return { kind: 'denied', problem }
    // Another merchant's terminal and one that does not exist are answered alike.
    if (loaded.terminal?.merchantId !== merchantId) return { kind: 'refused', reason: 'terminal_unknown' }
    const reason = refuseTerminal(loaded.terminal, loaded.merchant, merchantId)
    if (reason !== null) return { kind: 'refused', reason }
    return {
      kind: 'verified',
      request: await capturedSaleRequest(services, loaded, body.value, messageKey, soldAt),
    }
  }
  const { rrn } = body.value
  const targetKey = tombstonedKey(messageKey)
  const item = {
    credential,
    terminalId,
    messageKey,
    targetKey,
    ...(rrn === undefined ? {} : { saleRrn: rrn }),
  }
  const { outcome, denial } = await submit(services, c, item, verify)
  return answerOf(services, outcome, denial)
}

function deny(caller: Credential | null, merchantId: string): Problem | undefined {
  if (caller === null) return doorProblem('unauthorized')
  return mayAct(caller, merchantId) ? undefined : doorProblem('forbidden')
}

async function capturedSaleRequest(
  services: Services,
  { merchant }: Loaded,
  body: CapturedSaleBody,
  messageKey: string,
  soldAt: number,
): Promise<CapturedSaleRequest> {
  const { pan, amount, rrn, authorizationCode, fee, merchantId, ...rest } = body
  const card = await cardOf(services.keyring, pan)
  const currencyCode = body.currency ?? merchant?.currencyCode ?? ''
  const content = { ...body, currency: currencyCode, pan: card?.fingerprint }
  return {
    kind: 'captured_sale',
    door: 'json',
    merchantId,
    messageKey,
    contentFingerprint: await services.keyring.fingerprint('content', canonical(content)),
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

function reasonOf(outcome: Outcome): DeclineReason | null {
  if (outcome.kind === 'answered') return outcome.answer.reason
  return outcome.kind === 'refused' ? outcome.reason : null
}

function answerOf(services: Services, outcome: Outcome, denial: Problem | null): Answered {
  const reason = reasonOf(outcome)
  if (reason !== null) services.log('refused', { type: 'captured_sale', door: 'json', reason })
  if (outcome.kind !== 'answered') return undecidedProblem(outcome, denial)
  const { answer, entry, replayed } = outcome
  if (answer.reason !== null) return declineProblem(answer.reason, null)
  const sale = entry?.effects.sale
  if (sale === undefined) throw new Error('a captured sale has its record')
  const location = { location: `/v1/sales/${sale.id}` }
  services.log('captured', { terminalId: sale.terminalId, stan: sale.stan, replayed })
  const headers = replayed ? { ...location, 'idempotent-replayed': 'true' } : location
  return { status: 201, body: capturedSale(sale, answer), headers }
}

async function getSale(services: Services, c: Context): Promise<Response> {
  const credential = await credentialOf(c)
  if (credential === undefined) return refuseDoor('unauthorized')
  const reference = c.req.param('id') ?? ''
  const [loaded] = await load(services.db, [
    { credential, ...(reference.length === 12 ? { saleRrn: reference } : { saleId: reference }) },
  ])
  noteCaller(c, loaded?.credential ?? null)
  if (loaded === undefined || loaded.credential === null) return refuseDoor('unauthorized')
  const { original, merchant } = loaded
  if (original === null || merchant === null || !mayAct(loaded.credential, original.sale.merchantId))
    return refuseDoor('not_found')
  return respondJson(200, saleBody(original, voidableUntil(original.sale.soldAt, merchant), services.now()))
}
