/** @module Voids by the JSON API, one as JSON or many as NDJSON: the same decision as for a terminal. */

import { apiMessageKey } from '../domain/message-key.ts'
import type { VoidRequest } from '../domain/requests.ts'
import { ok } from '../domain/result.ts'
import type { Outcome } from '../pipeline/types.ts'
import { type ClaimedSale, findClaimedSales } from '../store/claimed-sale.ts'
import type { Credential, Loaded } from '../store/load.ts'
import { readVoid } from '../store/voids.ts'
import {
  logOutcome,
  maySee,
  notInTables,
  permit,
  REPLAYED,
  type Submitted,
  scopeOf,
  senderOf,
  submit,
  undecidedProblem,
  verdictOnSale,
} from './handler.ts'
import { voidBodyOf } from './json/bodies.ts'
import { approvedVoid } from './json/first-answer.ts'
import { keyIn, writeIdempotencyKey } from './json/idempotency-key.ts'
import type { VoidedLine } from './json/line-schemas.ts'
import {
  type About,
  declineProblem,
  inquiryAt,
  isOfSomeRegion,
  type Problem,
  voidAt,
} from './json/problem.ts'
import type { VoidRequestBody } from './json/schemas.ts'
import { LOST, type PlacedLine, submitLines } from './lines.ts'
import { type Call, type Handler, type Reply, refuseCaller } from './router.ts'
import { refuseUnplaced, routed } from './routing.ts'

type Post = 'POST /v1/voids'

/** A void, or the problem in its way. */
type Voided = Exclude<Reply<Post>, { readonly status: 200 }>

const isAccepted = (reply: Voided): reply is Exclude<Voided, Problem> =>
  reply.status === 201 || reply.status === 202

/** A void for the pipeline. */
interface ReadVoid extends PlacedLine {
  readonly body: VoidRequestBody
  readonly idempotencyKey: string
}

export const postVoid: Handler<Post> = async (call) => {
  const { services, c, credential, lines, body, idempotencyKey } = call
  if (lines !== undefined) return (await refuseCaller(services, call, credential)) ?? voidLines(call, lines)
  const one = await toRead(call, body, idempotencyKey)
  const submitted = await submit(services, c, one.load, one.verify)
  const [reply] = await repliesTo(call, [[one, submitted]])
  if (reply === undefined) throw new Error('each void has a reply')
  return reply
}

/** Voids the sales of the lines in sets. Each answer has the number of its line. A refused line does not stop the others. */
async function voidLines(call: Call<Post>, lines: NonNullable<Call<Post>['lines']>): Promise<Reply<Post>> {
  const read = await Promise.all(
    lines.map(async ({ value }) => {
      if (!value.ok) return value
      const { idempotencyKey, ...body } = value.value
      return ok(await toRead(call, body, keyIn(idempotencyKey)))
    }),
  )
  const voids = read.flatMap((one) => (one.ok ? [one.value] : []))
  const submitted = await submitLines(call.c, voids, 'voids')
  const settled = voids.map((one, i) => [one, submitted[i] ?? LOST] as const)
  const replies = (await repliesTo(call, settled)).values()
  const body = read.map((one, i): VoidedLine => {
    const { number: line = 0 } = lines[i] ?? {}
    const reply = one.ok ? replies.next().value : one.error
    if (reply === undefined) throw new Error('each void has a reply')
    return isAccepted(reply) ? { line, ...reply.body, status: reply.status } : { line, ...reply.body }
  })
  return { status: 200, body }
}

async function toRead(call: Call<Post>, body: VoidRequestBody, idempotencyKey: string): Promise<ReadVoid> {
  // A list may have sales of several merchants.
  const services = routed(call.services, call.c, { body })
  // The key of a caller may contain a card number. So only its fingerprint is written.
  const keyFingerprint = await services.keyring.fingerprint('content', idempotencyKey)
  const { credential } = call
  return {
    services,
    body,
    idempotencyKey,
    load: { credential, saleId: body.saleId, idempotencyKey: keyFingerprint },
    verify: (loaded) =>
      verdictOnSale(call, loaded, (caller) => voidRequest(call, body, caller, loaded, keyFingerprint)),
  }
}

/** The replies to voids, in their order. */
async function repliesTo(
  call: Call<Post>,
  voids: readonly (readonly [ReadVoid, Submitted])[],
): Promise<Voided[]> {
  const waiting = await waitingSales(call, voids)
  return voids.map(([{ services, body, idempotencyKey }, { outcome: decided, denial }]) => {
    const { saleId, amount, currency } = body
    const outcome = withWaitingSale(decided, waiting.get(saleId))
    logOutcome(services, { type: 'void', door: 'json', saleId }, outcome)
    return replyOf(outcome, denial, {
      saleId,
      isWritten: !isOfSomeRegion(saleId),
      named: { amount, currency },
      keyAt: inquiryAt({ idempotencyKey: writeIdempotencyKey(idempotencyKey) }),
    })
  })
}

const isNotFound = (outcome: Outcome): outcome is Extract<Outcome, { kind: 'refused' }> =>
  outcome.kind === 'refused' && outcome.reason === 'original_not_found'

/** The sales of these voids that wait for the acquirer, by id. They have no row, so the load does not find them. */
async function waitingSales(
  { services, credential }: Call<Post>,
  voids: readonly (readonly [ReadVoid, Submitted])[],
): Promise<Map<string, ClaimedSale>> {
  const missing = voids.filter(([, { outcome }]) => isNotFound(outcome))
  const byDatabase = Map.groupBy(missing, ([{ services }]) => services.db)
  const found = await Promise.all(
    [...byDatabase].map(([db, those]) => {
      const ids = those.map(([{ body }]) => body.saleId)
      return findClaimedSales(db, credential, services.now(), ids)
    }),
  )
  return new Map(found.flat().map((one) => [one.original.sale.id, one]))
}

/** The void of a sale without an outcome is refused for now, without an entry: the same request may come again. */
function withWaitingSale(outcome: Outcome, sale: ClaimedSale | undefined): Outcome {
  if (!isNotFound(outcome) || sale === undefined) return outcome
  // The acquirer answered between the two queries.
  return { ...outcome, reason: sale.isAnswered ? 'in_progress' : 'outcome_pending' }
}

async function voidRequest(
  { services: { keyring }, c }: Call<Post>,
  body: VoidRequestBody,
  credential: Credential,
  { original }: Loaded,
  key: string,
): Promise<VoidRequest> {
  const { saleId, amount, currency, reason } = body
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
    sender: senderOf(c, credential.id),
    pos: null,
    amount,
    currencyCode,
    cardFingerprint: null,
    rrn: null,
    authorizationCode: null,
    reason: reason ?? null,
  }
}

function replyOf(outcome: Outcome, denial: Problem | null, about: About): Voided {
  if (outcome.kind === 'pending') return pendingReply(outcome)
  if (outcome.kind !== 'answered') return undecidedProblem(outcome, denial, about)
  const { answer, entry, replayed, loadedState } = outcome
  const headers = replayed ? REPLAYED : {}
  if (answer.reason !== null) {
    const problem = declineProblem(answer.reason, {
      ...about,
      original: loadedState.original?.sale ?? null,
      isWritten: entry !== null,
    })
    return { ...problem, headers: { ...problem.headers, ...headers } }
  }
  const record = entry?.effects.voidRecord
  if (entry === null || record === undefined) throw new Error('an approved void has its record')
  return {
    status: 201,
    body: approvedVoid(record, entry, loadedState.original?.sale.card ?? null),
    headers: { location: voidAt(record.id), ...headers },
  }
}

/** Accepted and not known yet: the void is there to be looked at. */
function pendingReply({ claim, forwarded, loadedState }: Extract<Outcome, { kind: 'pending' }>): Voided {
  const { voidRecord } = claim.effects
  if (voidRecord === undefined) throw new Error('a void is pending as a void')
  const record = { ...voidRecord, state: forwarded.state }
  const card = loadedState.original?.sale.card ?? null
  const body = voidBodyOf({ record, reversedAt: null, forwarded, card })
  return { status: 202, body, headers: { location: voidAt(record.id) } }
}

export const getVoid: Handler<'GET /v1/voids/{reference}'> = async (call) => {
  const { services, credential, path, query } = call
  const found = await readVoid(services.db, credential, services.now(), path.reference)
  const caller = permit(call, found.credential)
  if (!caller.ok) return caller.error
  const unplaced = refuseUnplaced(call, caller.value)
  if (unplaced !== null) return unplaced
  const { record, forwarded } = found
  if (record === null || !maySee(caller.value, record.merchantId, query.merchantId))
    return notInTables(call, path.reference, query.merchantId)
  const { card } = found
  const { reversedAt, reversedLate } = record
  return { status: 200, body: voidBodyOf({ record, reversedAt, forwarded, card, reversedLate }) }
}
