/** @module Shared by the routes of the JSON API: the bearer key, the way through the pipeline, and the outcome. */

import type { Context } from 'hono'
import type { Slot } from '../admission/admission-controller.ts'
import type { Proof } from '../admission/callers.ts'
import { networkOf } from '../admission/network.ts'
import { sourceOf } from '../admission/source.ts'
import { bucketOfKey } from '../domain/bucket.ts'
import type { DeclineReason } from '../domain/decline-reason.ts'
import type { RequestActor } from '../domain/request-actor.ts'
import type { ReversalRequest, VoidRequest } from '../domain/requests.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { SCOPES, scopesIn, scopeText } from '../domain/scope.ts'
import { shownJson } from '../domain/terminal-number.ts'
import type { Request } from '../pipeline/decide.ts'
import type { Services } from '../pipeline/services.ts'
import type { Caller, LogDetail, Outcome, PipelineMessage, Settled, Verdict } from '../pipeline/types.ts'
import { findArchived } from '../store/archive/find.ts'
import { sha256 } from '../store/journal.ts'
import type { Credential, Loaded, LoadItem } from '../store/load.ts'
import { budgetOf } from './budget.ts'
import type { Route } from './contract/route.ts'
import {
  type About,
  apiProblem,
  archivedProblem,
  declineProblem,
  type Problem,
  unknownReference,
} from './json/problem.ts'
import { timingOf } from './timing.ts'

export const respondProblem = ({ status, body, headers }: Problem): Response =>
  new Response(shownJson(body), { status, headers })

/** Marks an answer that is the first answer again. */
export const REPLAYED = { 'idempotent-replayed': 'true' } as const

/** Names of the values that a request carries in its context. */
const CREDENTIAL = 'credential'
const PROOF = 'proof'
const SLOT = 'slot'

const bearerOf = (c: Context): string | undefined =>
  /^Bearer ([A-Za-z0-9._~+/=-]{16,200})$/i.exec(c.req.header('authorization') ?? '')?.[1]

/** The bucket in the bearer key, 0 to 1023. Null if the key has none. Nobody has verified the key yet. */
export const bucketOfCaller = (c: Context): number | null => bucketOfKey(bearerOf(c) ?? '')

/** SHA-256 of the bearer key (RFC 6750), as the database has it. Undefined if the request has no key. */
export async function credentialOf(c: Context): Promise<string | undefined> {
  const known: string | undefined = c.get(CREDENTIAL)
  if (known !== undefined) return known
  const key = bearerOf(c)
  if (key === undefined) return undefined
  const credential = await sha256(key)
  c.set(CREDENTIAL, credential)
  return credential
}

/** Notes if the bearer key was found. The admission controller counts it. */
export function noteCaller(c: Context, found: Credential | null): void {
  const proof: Proof = found === null ? 'unproved' : 'proved'
  c.set(PROOF, proof)
}

/** The note of `noteCaller`. Undefined if no one looked for the key. */
export const proofOf = (c: Context): Proof | undefined => c.get(PROOF)

/** A request, as far as its permission depends on it. */
export interface Asking {
  readonly c: Context
  readonly route: Pick<Route, 'caller' | 'scope' | 'takesBootstrapKey'>
}

/** The caller that has the secret `BOOTSTRAP_KEY`: an administrator of the routes that take it. */
const BOOTSTRAP_CALLER: Credential = {
  id: 'bootstrap',
  name: 'bootstrap',
  merchantId: null,
  scopes: scopeText(SCOPES),
  expiresAt: null,
}

/** The caller with the secret `BOOTSTRAP_KEY`. Null if the route does not take it, or the key is another. */
export const bootstrapCaller = (
  { bootstrapKey }: Services,
  { route }: Pick<Asking, 'route'>,
  credential: string,
): Credential | null =>
  route.takesBootstrapKey === true && credential === bootstrapKey ? BOOTSTRAP_CALLER : null

/** The caller of a route, or the refusal: its key is unknown, is the key of a merchant, or does not have the scope. */
export function permit({ c, route }: Asking, found: Credential | null): Result<Credential, Problem> {
  noteCaller(c, found)
  if (found === null) return err(apiProblem('unauthorized'))
  const { caller, scope } = route
  const isCaller = caller !== 'administrator' || found.merchantId === null
  const hasScope = scope !== undefined && scopesIn(found.scopes).includes(scope)
  return isCaller && hasScope ? ok(found) : err(apiProblem('forbidden'))
}

/** The actor of a request, for the journal. `keyId` null: the caller has no key of its own. */
export const senderOf = (c: Context, keyId: string | null): RequestActor => ({
  channel: 'api',
  operator: null,
  keyId,
  address: networkOf(sourceOf(c.req.header('cf-connecting-ip'))),
})

export const keepSlot = (c: Context, slot: Slot): void => c.set(SLOT, slot)
const slotOf = (c: Context): Slot | undefined => c.get(SLOT)

/** From now on the request only waits for the acquirer. */
export const awaitAcquirer = (c: Context): void => slotOf(c)?.awaitAcquirer()

/** The permission of a caller for its request. `problem` says why not. */
export type ApiVerdict =
  | { readonly kind: 'verified'; readonly request: Request; readonly masterKey?: MasterKey }
  | { readonly kind: 'refused'; readonly reason: DeclineReason }
  | { readonly kind: 'denied'; readonly problem: Problem }

type MasterKey = NonNullable<Extract<Verdict<unknown>, { kind: 'verified' }>['masterKey']>

/** The caller, as a verification found it. */
interface Found {
  readonly caller: Credential | null
  readonly denial: Problem | null
}

export interface Submitted {
  readonly outcome: Outcome
  readonly denial: Problem | null
}

/** A request as a message for the pipeline. */
export const apiMessageOf = (
  { log }: Services,
  load: LoadItem,
  verify: ApiMessage['verify'],
): PipelineMessage<Found> => ({
  log,
  load,
  async verify(loaded) {
    const verdict = await verify(loaded)
    const denial = verdict.kind === 'denied' ? verdict.problem : null
    const found = { caller: loaded.credential, denial }
    return verdict.kind === 'denied' ? { kind: 'denied', found } : { ...verdict, found }
  },
})

/** The outcome of a request. It notes if the bearer key was found. */
export function submitted(c: Context, { outcome, found }: Settled<Found>): Submitted {
  if (found !== null) noteCaller(c, found.caller)
  return { outcome, denial: found?.denial ?? null }
}

/** The request as a caller of the pipeline. */
export function callerOf(services: Services, c: Context): Caller {
  return {
    waitUntil: (promise) => c.executionCtx.waitUntil(promise),
    budget: budgetOf(c, services),
    beforeAcquirer: () => slotOf(c)?.awaitAcquirer(),
    ...timingOf(services, c),
  }
}

/** A request, or a line of a list, as the pipeline needs it. */
export interface ApiMessage {
  readonly load: LoadItem
  verify(loaded: Loaded): Promise<ApiVerdict> | ApiVerdict
}

/** Submits a request to the pipeline. It continues when the client hangs up: it happens now or not at all. */
export function submit(
  services: Services,
  c: Context,
  load: LoadItem,
  verify: ApiMessage['verify'],
): Promise<Submitted> {
  const caller = callerOf(services, c)
  const settled = services.pipeline.submit(apiMessageOf(services, load, verify), caller)
  caller.waitUntil(settled.catch(() => undefined))
  return settled.then((one) => submitted(c, one))
}

/** Runs a request alone: provisioning never shares a set. */
export const runAlone = async (
  services: Services,
  c: Context,
  load: LoadItem,
  verify: ApiMessage['verify'],
): Promise<Submitted> => submitted(c, await services.pipeline.runAlone(apiMessageOf(services, load, verify)))

/** The problem for an outcome without a decision. `denial`: why the caller may not do this. */
export function undecidedProblem(
  outcome: Exclude<Outcome, { kind: 'answered' }>,
  denial: Problem | null = null,
  about: About = {},
): Problem {
  switch (outcome.kind) {
    case 'denied':
      return denial ?? apiProblem('unauthorized')
    case 'unavailable':
      return apiProblem('unavailable')
    case 'pending':
    case 'unknown':
      return apiProblem('outcome_unknown')
    case 'refused':
      return declineProblem(outcome.reason, about)
  }
}

/** Logs the decision, as on the POS door, and never the content of a message. */
export function logOutcome({ log }: Services, named: LogDetail, outcome: Outcome): void {
  if (outcome.kind === 'answered') {
    const { reason, rrn, responseCode } = outcome.answer
    log('answered', { ...named, responseCode, reason, rrn, replayed: outcome.replayed })
  } else if (outcome.kind === 'refused') log('refused', { ...named, reason: outcome.reason })
  else log('no_answer', { ...named, kind: outcome.kind })
}

/** Logs a change of settings: the names of the settings, and never their values, which may be keys. */
export function logSettings(
  { log }: Services,
  named: LogDetail,
  settings: object,
  { status, body }: { readonly status: number; readonly body: object },
): void {
  const line = { ...named, door: 'json' }
  if ('reason' in body) log('refused', { ...line, reason: body.reason })
  else log('provisioned', { ...line, isNew: status === 201, settings: Object.keys(settings) })
}

/** The verdict on a request about a sale. A sale of another merchant and an unknown sale get the same answer. */
export async function verdictOnSale(
  asking: Asking,
  loaded: Loaded,
  requestOf: (credential: Credential) => Promise<VoidRequest | ReversalRequest>,
): Promise<ApiVerdict> {
  const { earlier, original, merchant } = loaded
  const caller = permit(asking, loaded.credential)
  if (!caller.ok) return { kind: 'denied', problem: caller.error }
  const credential = caller.value
  const request = await requestOf(credential)
  if (original !== null && mayAct(credential, original.sale.merchantId))
    // The merchant of a stolen terminal can void its sales. A closed merchant cannot.
    return merchant?.status === 'active' || isRepeated(loaded, request)
      ? { kind: 'verified', request }
      : { kind: 'refused', reason: 'merchant_unknown' }
  // A key that another message has is the better reason.
  const reused = earlier !== null && earlier.contentFingerprint !== request.contentFingerprint
  if (reused) return { kind: 'refused', reason: 'key_reused_with_different_content' }
  return { kind: 'refused', reason: reasonOfArchive(loaded, request, credential) ?? 'original_not_found' }
}

/** True for a copy of a message that has an entry: it gets the first answer, whatever happened to its sender since. */
export const isRepeated = (
  { earlier }: Pick<Loaded, 'earlier'>,
  { contentFingerprint }: Pick<VoidRequest, 'contentFingerprint'>,
): boolean => earlier?.contentFingerprint === contentFingerprint

/** Why a request about the archive is refused. Null: the archive has nothing of it that the caller may know. */
function reasonOfArchive(
  { reversal, targetReversal, isOriginalArchived, merchant }: Loaded,
  { kind }: VoidRequest | ReversalRequest,
  credential: Credential,
): DeclineReason | null {
  if (reversal?.kind === 'archived' || targetReversal?.kind === 'archived') return 'message_archived'
  if (!isOriginalArchived || merchant === null || !mayAct(credential, merchant.merchantId)) return null
  return kind === 'void' ? 'original_settled' : 'reversal_too_late'
}

interface Called {
  readonly services: Services
  /** SHA-256 of the caller's bearer key, lower-case hex. */
  readonly credential: string
}

/** The problem of a sale or void that no table has: its month is in the archive, or nothing has the reference. */
export async function notInTables(
  { services, credential }: Called,
  reference: string,
  merchantId: string | undefined,
): Promise<Problem> {
  const named = reference.length === 12 ? { rrn: reference } : { id: reference }
  const archived = await findArchived(services.db, credential, services.now(), named, merchantId)
  return archived === null ? unknownReference(reference) : archivedProblem(archived)
}

/** The scope of this caller's keys: its merchant, or that of the administrators. */
export const scopeOf = ({ merchantId }: Credential): string => merchantId ?? 'admin'

/** True if this caller may read and change the data of a merchant. */
export const mayAct = (credential: Credential, merchantId: string): boolean =>
  credential.merchantId === null || credential.merchantId === merchantId

/** True if the caller may read the data of a merchant, and named no other. */
export const maySee = (credential: Credential, merchantId: string, named: string | undefined): boolean =>
  mayAct(credential, merchantId) && (named === undefined || named === merchantId)
