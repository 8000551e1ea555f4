/** @module `POST /v1/voids` and `GET /v1/voids/{id}`: the same decision as on the terminal door. */

import { type Context, Hono } from 'hono'
import { apiMessageKey } from '../domain/message-key.ts'
import type { VoidRequest } from '../domain/requests.ts'
import type { Services } from '../pipeline/services.ts'
import type { Outcome } from '../pipeline/types.ts'
import type { Credential, Loaded } from '../store/load.ts'
import { readVoid } from '../store/voids.ts'
import {
  type ApiVerdict,
  credentialOf,
  logOutcome,
  mayAct,
  noteCaller,
  readBody,
  refuseDoor,
  respondJson,
  respondProblem,
  scopeOf,
  submit,
  undecidedProblem,
  verdictOnSale,
} from './handler.ts'
import { voidBodyOf } from './json/bodies.ts'
import { approvedVoid } from './json/first-answer.ts'
import { declineProblem, doorProblem, type Problem } from './json/problem.ts'
import { idempotencyKey, type VoidBody, voidBody } from './json/schemas.ts'

export function voidRoutes(services: Services): Hono {
  const routes = new Hono()
  routes.post('/v1/voids', (c) => postVoid(services, c))
  routes.get('/v1/voids/:id', (c) => getVoid(services, c))
  return routes
}

async function postVoid(services: Services, c: Context): Promise<Response> {
  const credential = await credentialOf(c)
  if (credential === undefined) return refuseDoor('unauthorized')
  const key = idempotencyKey.safeParse(c.req.header('idempotency-key'))
  if (!key.success) return refuseDoor('idempotency_key_required')
  const body = readBody(c, voidBody)
  if (!body.ok) return respondProblem(body.error)
  const { saleId } = body.value
  // A caller's key may hold anything, a card number too: only its fingerprint is written.
  const keyFingerprint = await services.keyring.fingerprint('content', key.data)
  const verify = (loaded: Loaded) => verifyVoid(services, loaded, body.value, keyFingerprint)
  const load = { credential, saleId, idempotencyKey: keyFingerprint }
  const { outcome, denial } = await submit(services, c, load, verify)
  logOutcome(services, { type: 'void', door: 'json', saleId }, outcome)
  return respond(outcome, denial)
}

async function verifyVoid(
  services: Services,
  loaded: Loaded,
  body: VoidBody,
  key: string,
): Promise<ApiVerdict> {
  const { credential } = loaded
  if (credential === null) return { kind: 'denied', problem: doorProblem('unauthorized') }
  return verdictOnSale(loaded, credential, await voidRequest(services, credential, loaded, body, key))
}

async function voidRequest(
  { keyring }: Services,
  credential: Credential,
  { original }: Loaded,
  { saleId, amount, currency, reason }: VoidBody,
  key: string,
): Promise<VoidRequest> {
  // The sale's own where none is named; without a sale nothing is decided.
  const currencyCode = currency ?? original?.sale.currencyCode ?? ''
  return {
    kind: 'void',
    door: 'json',
    merchantId: original?.sale.merchantId ?? scopeOf(credential),
    messageKey: apiMessageKey(scopeOf(credential), 'void', key),
    contentFingerprint: await keyring.fingerprint(
      'content',
      JSON.stringify([saleId, amount, currencyCode, reason]),
    ),
    request: {
      requestedBy: credential.name,
      saleId,
      amount: String(amount),
      ...(currency === undefined ? {} : { currency }),
      ...(reason === undefined ? {} : { reason }),
    },
    pos: null,
    amount,
    currencyCode,
    cardFingerprint: null,
    rrn: null,
    authorizationCode: null,
    reason: reason ?? null,
  }
}

function respond(outcome: Outcome, denial: Problem | null): Response {
  if (outcome.kind === 'pending') return respondPending(outcome)
  if (outcome.kind !== 'answered') return respondProblem(undecidedProblem(outcome, denial))
  const { answer, entry, replayed, loadedState } = outcome
  const headers = replayed ? { 'idempotent-replayed': 'true' } : undefined
  if (answer.reason !== null)
    return respondProblem(declineProblem(answer.reason, loadedState.original?.sale ?? null), headers)
  const record = entry?.effects.voidRecord
  if (entry === null || record === undefined) throw new Error('an approved void has its record')
  return respondJson(201, approvedVoid(record, entry), {
    location: `/v1/voids/${record.id}`,
    ...headers,
  })
}

/** Accepted and not known yet: the void is there to be looked at. */
function respondPending({ claim, forwarded }: Extract<Outcome, { kind: 'pending' }>): Response {
  const { voidRecord } = claim.effects
  if (voidRecord === undefined) throw new Error('a void is pending as a void')
  const record = { ...voidRecord, state: forwarded.state }
  return respondJson(202, voidBodyOf(record, null, forwarded), { location: `/v1/voids/${record.id}` })
}

async function getVoid(services: Services, c: Context): Promise<Response> {
  const credential = await credentialOf(c)
  if (credential === undefined) return refuseDoor('unauthorized')
  const found = await readVoid(services.db, credential, c.req.param('id') ?? '')
  noteCaller(c, found.credential)
  if (found.credential === null) return refuseDoor('unauthorized')
  const { record } = found
  if (record === null || !mayAct(found.credential, record.merchantId)) return refuseDoor('not_found')
  return respondJson(200, voidBodyOf(record, record.reversedAt, found.forwarded))
}
