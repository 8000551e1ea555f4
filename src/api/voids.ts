/** @module Voids by the JSON API: the same decision as for a terminal. */

import { apiMessageKey } from '../domain/message-key.ts'
import type { VoidRequest } from '../domain/requests.ts'
import type { Outcome } from '../pipeline/types.ts'
import { findClaimedSale } from '../store/claimed-sale.ts'
import type { Credential, Loaded } from '../store/load.ts'
import { readVoid } from '../store/voids.ts'
import {
  logOutcome,
  maySee,
  notInTables,
  permit,
  REPLAYED,
  scopeOf,
  senderOf,
  submit,
  undecidedProblem,
  verdictOnSale,
} from './handler.ts'
import { voidBodyOf } from './json/bodies.ts'
import { approvedVoid } from './json/first-answer.ts'
import { writeIdempotencyKey } from './json/idempotency-key.ts'
import {
  type About,
  declineProblem,
  inquiryAt,
  isOfSomeRegion,
  type Problem,
  voidAt,
} from './json/problem.ts'
import type { Call, Handler, Reply } from './router.ts'
import { refuseUnplaced } from './routing.ts'

type Post = 'POST /v1/voids'

export const postVoid: Handler<Post> = async (call) => {
  const { services, c, credential, body, idempotencyKey } = call
  const { saleId, amount, currency } = body
  // The key of a caller may contain a card number. So only its fingerprint is written.
  const keyFingerprint = await services.keyring.fingerprint('content', idempotencyKey)
  const verify = (loaded: Loaded) =>
    verdictOnSale(call, loaded, (caller) => voidRequest(call, caller, loaded, keyFingerprint))
  const load = { credential, saleId, idempotencyKey: keyFingerprint }
  const { outcome: decided, denial } = await submit(services, c, load, verify)
  const outcome = await withPendingSale(services, credential, saleId, decided)
  logOutcome(services, { type: 'void', door: 'json', saleId }, outcome)
  return replyOf(outcome, denial, {
    saleId,
    isWritten: !isOfSomeRegion(saleId),
    named: { amount, currency },
    keyAt: inquiryAt({ idempotencyKey: writeIdempotencyKey(idempotencyKey) }),
  })
}

/**
 * A sale without an outcome has no row, so the load does not find it. Its void is refused for now, without an entry: the same request
 * may come again.
 */
async function withPendingSale(
  { db, now }: Call<Post>['services'],
  credential: string,
  saleId: string,
  outcome: Outcome,
): Promise<Outcome> {
  if (outcome.kind !== 'refused' || outcome.reason !== 'original_not_found') return outcome
  const unanswered = await findClaimedSale(db, credential, now(), { reference: saleId })
  if (unanswered === null) return outcome
  // The acquirer answered between the two queries.
  return { ...outcome, reason: unanswered.isAnswered ? 'in_progress' : 'outcome_pending' }
}

async function voidRequest(
  { services: { keyring }, c, body }: Call<Post>,
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

function replyOf(outcome: Outcome, denial: Problem | null, about: About): Reply<Post> {
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
function pendingReply({ claim, forwarded, loadedState }: Extract<Outcome, { kind: 'pending' }>): Reply<Post> {
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
