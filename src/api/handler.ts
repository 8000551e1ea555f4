/** @module What every route of the JSON door does: read the bearer key and the body, answer JSON or a problem. */

import type { Context } from 'hono'
import type * as z from 'zod'
import type { Slot } from '../admission/admission-controller.ts'
import type { Proof } from '../admission/callers.ts'
import type { DeclineReason } from '../domain/decline-reason.ts'
import type { ReversalRequest, VoidRequest } from '../domain/requests.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { BodyFault } from '../http/read-body.ts'
import type { Request } from '../pipeline/decide.ts'
import type { Services } from '../pipeline/services.ts'
import type { Outcome, PipelineMessage, Settled, Verdict } from '../pipeline/types.ts'
import { sha256 } from '../store/journal.ts'
import type { Credential, Loaded, LoadItem } from '../store/load.ts'
import { type DoorReason, declineProblem, doorProblem, type More, type Problem } from './json/problem.ts'

export function respondProblem(
  { status, body, headers }: Problem,
  more: Record<string, string> = {},
): Response {
  return new Response(JSON.stringify(body), { status, headers: { ...headers, ...more } })
}

export const respondJson = (status: number, body: object, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  })

export const refuseDoor = (reason: DoorReason, more: More = {}): Response =>
  respondProblem(doorProblem(reason, more))

/** Names under which a request carries what its door found out. */
const CREDENTIAL = 'credential'
const PROOF = 'proof'
const BODY = 'body'
const SLOT = 'slot'

/** SHA-256 of the bearer key (RFC 6750), as it lies in the database; undefined where the request has none. */
export async function credentialOf(c: Context): Promise<string | undefined> {
  const known: string | undefined = c.get(CREDENTIAL)
  if (known !== undefined) return known
  const key = /^Bearer ([A-Za-z0-9._~+/=-]{16,200})$/i.exec(c.req.header('authorization') ?? '')?.[1]
  if (key === undefined) return undefined
  const credential = await sha256(key)
  c.set(CREDENTIAL, credential)
  return credential
}

/** Notes whether the bearer key was found, for who counts the callers. */
export function noteCaller(c: Context, found: Credential | null): void {
  const proof: Proof = found === null ? 'unproved' : 'proved'
  c.set(PROOF, proof)
}

/** What was noted; undefined where the key was not looked for. */
export const proofOf = (c: Context): Proof | undefined => c.get(PROOF)

export const keepSlot = (c: Context, slot: Slot): void => c.set(SLOT, slot)
const slotOf = (c: Context): Slot | undefined => c.get(SLOT)

/** Whether a caller may do what it requests. `problem` says why not. */
export type ApiVerdict =
  | { readonly kind: 'verified'; readonly request: Request; readonly masterKey?: MasterKey }
  | { readonly kind: 'refused'; readonly reason: DeclineReason }
  | { readonly kind: 'denied'; readonly problem: Problem }

type MasterKey = NonNullable<Extract<Verdict<unknown>, { kind: 'verified' }>['masterKey']>

/** What a verification found about the caller. */
interface Found {
  readonly caller: Credential | null
  readonly denial: Problem | null
}

export interface Submitted {
  readonly outcome: Outcome
  readonly denial: Problem | null
}

/** A request as a message for the pipeline. */
const messageOf = (
  load: LoadItem,
  verify: (loaded: Loaded) => Promise<ApiVerdict> | ApiVerdict,
): PipelineMessage<Found> => ({
  load,
  async verify(loaded) {
    const verdict = await verify(loaded)
    const denial = verdict.kind === 'denied' ? verdict.problem : null
    const found = { caller: loaded.credential, denial }
    return verdict.kind === 'denied' ? { kind: 'denied', found } : { ...verdict, found }
  },
})

function submitted(c: Context, { outcome, found }: Settled<Found>): Submitted {
  if (found !== null) noteCaller(c, found.caller)
  return { outcome, denial: found?.denial ?? null }
}

/** Submits a request to the pipeline. It continues when the client hangs up: it happens now or not at all. */
export function submit(
  { pipeline }: Services,
  c: Context,
  load: LoadItem,
  verify: (loaded: Loaded) => Promise<ApiVerdict> | ApiVerdict,
): Promise<Submitted> {
  const waitUntil = (promise: Promise<unknown>) => c.executionCtx.waitUntil(promise)
  const beforeAcquirer = () => slotOf(c)?.awaitAcquirer()
  const settled = pipeline.submit(messageOf(load, verify), { waitUntil, beforeAcquirer })
  waitUntil(settled.catch(() => undefined))
  return settled.then((one) => submitted(c, one))
}

/** Runs a request alone: provisioning and reconciliation never share a set. */
export const runAlone = async (
  { pipeline }: Services,
  c: Context,
  load: LoadItem,
  verify: (loaded: Loaded) => Promise<ApiVerdict> | ApiVerdict,
): Promise<Submitted> => submitted(c, await pipeline.runAlone(messageOf(load, verify)))

/** The problem for an outcome without a decision. `denial`: why the caller may not do this. */
export function undecidedProblem(
  outcome: Exclude<Outcome, { kind: 'answered' }>,
  denial: Problem | null = null,
): Problem {
  switch (outcome.kind) {
    case 'denied':
      return denial ?? doorProblem('unauthorized')
    case 'unavailable':
      return doorProblem('unavailable')
    case 'pending':
    case 'unknown':
      return doorProblem('outcome_unknown')
    case 'refused':
      return declineProblem(outcome.reason, null)
  }
}

/** As on the terminal door: what was decided, and never what a message holds. */
export function logOutcome({ log }: Services, named: Record<string, unknown>, outcome: Outcome): void {
  if (outcome.kind === 'answered') {
    const { reason, rrn, responseCode } = outcome.answer
    log('answered', { ...named, responseCode, reason, rrn, replayed: outcome.replayed })
  } else if (outcome.kind === 'refused') log('refused', { ...named, reason: outcome.reason })
  else log('no_answer', { ...named, kind: outcome.kind })
}

/** A request about a sale: one of another merchant and one that does not exist are answered alike. */
export function verdictOnSale(
  { earlier, original, merchant }: Loaded,
  credential: Credential,
  request: VoidRequest | ReversalRequest,
): ApiVerdict {
  if (original !== null && mayAct(credential, original.sale.merchantId))
    // A terminal that was stolen does not keep its merchant from undoing its sales; a closed merchant is heard no more.
    return merchant?.status === 'active'
      ? { kind: 'verified', request }
      : { kind: 'refused', reason: 'merchant_unknown' }
  // The key may already be another message's: that is worth more than where this sale is.
  const reused = earlier !== null && earlier.contentFingerprint !== request.contentFingerprint
  return { kind: 'refused', reason: reused ? 'key_reused_with_different_content' : 'original_not_found' }
}

/** Where an entry of this caller's keys lives: its merchant, or the administrators' own. */
export const scopeOf = ({ merchantId }: Credential): string => merchantId ?? 'admin'

/** Whether this caller may see and move what belongs to a merchant. */
export const mayAct = (credential: Credential, merchantId: string): boolean =>
  credential.merchantId === null || credential.merchantId === merchantId

/** Checks a value against a schema; the problem names each member at fault and never its value. */
export function check<S extends z.ZodType>(schema: S, value: unknown): Result<z.infer<S>, Problem> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return ok(parsed.data)
  const errors = parsed.error.issues.map(({ path, code, message }) => ({
    field: path.join('.'),
    // The texts for these codes repeat what was sent or say nothing more than the code.
    why: code === 'unrecognized_keys' ? 'has members that are not known' : message,
  }))
  return err(doorProblem('invalid_request', { errors }))
}

export function parseJson(text: string): Result<unknown, Problem> {
  try {
    return ok(JSON.parse(text))
  } catch {
    return err(doorProblem('invalid_request', { errors: [{ field: '', why: 'not JSON' }] }))
  }
}

/** The parameters of the query; one that is there twice is left as a list, which no schema takes. */
export const namedOnce = (c: Context): object =>
  Object.fromEntries(
    Object.entries(c.req.queries()).map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  )

/** Whether the body is said to be of this media type; a body without a type is taken for JSON. */
export const isMediaType = (c: Context, ...types: string[]): boolean => {
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
  return type === undefined || types.includes(type)
}

const BODY_REFUSALS = {
  400: 'invalid_request',
  408: 'body_too_slow',
  413: 'body_too_large',
  415: 'unsupported_media_type',
} as const satisfies Record<BodyFault, DoorReason>

/** Keeps a request's body, or what is wrong with it, for its route. */
export const keepBody = (c: Context, body: Result<Uint8Array, BodyFault>): void => c.set(BODY, body)

/** The body as UTF-8. */
export function textOf(c: Context): Result<string, Problem> {
  const body: Result<Uint8Array, BodyFault> = c.get(BODY) ?? ok(new Uint8Array(0))
  return body.ok ? ok(new TextDecoder().decode(body.value)) : err(doorProblem(BODY_REFUSALS[body.error]))
}

/** Reads a JSON body of a schema. */
export function readBody<S extends z.ZodType>(c: Context, schema: S): Result<z.infer<S>, Problem> {
  if (!isMediaType(c, 'application/json')) return err(doorProblem('unsupported_media_type'))
  const text = textOf(c)
  if (!text.ok) return text
  const json = parseJson(text.value)
  return json.ok ? check(schema, json.value) : json
}
