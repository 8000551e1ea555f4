/** @module `POST /v1/reversals`: undo a void of one's own by its `Idempotency-Key`, whether or not it was ever seen. */

import { type Context, Hono } from 'hono'
import { apiMessageKey } from '../domain/message-key.ts'
import type { ReversalRequest } from '../domain/requests.ts'
import type { Services } from '../pipeline/services.ts'
import type { Outcome } from '../pipeline/types.ts'
import type { Credential, Loaded, LoadItem } from '../store/load.ts'
import {
  type ApiVerdict,
  credentialOf,
  logOutcome,
  readBody,
  refuseDoor,
  respondJson,
  respondProblem,
  scopeOf,
  submit,
  undecidedProblem,
  verdictOnSale,
} from './handler.ts'
import { reversalBody } from './json/bodies.ts'
import { declineProblem, doorProblem, type Problem } from './json/problem.ts'
import { idempotencyKey, type ReversalBody, reversalBody as reversalSchema } from './json/schemas.ts'

export function reversalRoutes(services: Services): Hono {
  const routes = new Hono()
  routes.post('/v1/reversals', (c) => postReversal(services, c))
  return routes
}

/** Fingerprints: a caller's keys may hold anything. */
interface Keys {
  readonly own: string
  readonly target: string
}

async function postReversal(services: Services, c: Context): Promise<Response> {
  const credential = await credentialOf(c)
  if (credential === undefined) return refuseDoor('unauthorized')
  const key = idempotencyKey.safeParse(c.req.header('idempotency-key'))
  if (!key.success) return refuseDoor('idempotency_key_required')
  const body = readBody(c, reversalSchema)
  if (!body.ok) return respondProblem(body.error)
  const { keyring } = services
  const { saleId } = body.value
  const keys: Keys = {
    own: await keyring.fingerprint('content', key.data),
    target: await keyring.fingerprint('content', body.value.idempotencyKey),
  }
  const load: LoadItem = {
    credential,
    saleId,
    idempotencyKey: keys.own,
    idempotencyKind: 'void_reversal',
    targetIdempotencyKey: keys.target,
  }
  const { outcome, denial } = await submit(services, c, load, (loaded) =>
    verify(services, loaded, body.value, keys),
  )
  logOutcome(services, { type: 'void_reversal', door: 'json', saleId }, outcome)
  return respond(outcome, denial)
}

async function verify(
  services: Services,
  loaded: Loaded,
  body: ReversalBody,
  keys: Keys,
): Promise<ApiVerdict> {
  const { credential } = loaded
  if (credential === null) return { kind: 'denied', problem: doorProblem('unauthorized') }
  return verdictOnSale(loaded, credential, await request(services, credential, loaded, body, keys))
}

async function request(
  { keyring }: Services,
  credential: Credential,
  { original }: Loaded,
  { saleId, amount }: ReversalBody,
  keys: Keys,
): Promise<ReversalRequest> {
  const scope = scopeOf(credential)
  const targetKey = apiMessageKey(scope, 'void', keys.target)
  return {
    kind: 'void_reversal',
    door: 'json',
    merchantId: original?.sale.merchantId ?? scope,
    messageKey: apiMessageKey(scope, 'void_reversal', keys.own),
    contentFingerprint: await keyring.fingerprint('content', JSON.stringify([targetKey, saleId, amount])),
    request: { requestedBy: credential.name, saleId, amount: String(amount) },
    terminalId: original?.sale.terminalId ?? '',
    targetKey,
    saleId,
    amount,
    cardFingerprint: null,
  }
}

function respond(outcome: Outcome, denial: Problem | null): Response {
  if (outcome.kind !== 'answered') return respondProblem(undecidedProblem(outcome, denial))
  const { answer, entry, replayed, loadedState } = outcome
  const headers = replayed ? { 'idempotent-replayed': 'true' } : undefined
  if (answer.reason !== null)
    return respondProblem(declineProblem(answer.reason, loadedState.original?.sale ?? null), headers)
  if (entry === null) throw new Error('a reversal that is not refused is written')
  const voidId = loadedState.target?.effects.voidRecord?.id
  return respondJson(200, reversalBody(entry, loadedState), {
    ...(voidId === undefined ? {} : { location: `/v1/voids/${voidId}` }),
    ...headers,
  })
}
