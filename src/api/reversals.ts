/** @module `POST /v1/reversals`: undo a message of one's own by its key, whether or not it was ever seen. */

import { apiMessageKey } from '../domain/message-key.ts'
import type { ReversalRequest } from '../domain/requests.ts'
import type { Outcome } from '../pipeline/types.ts'
import type { Credential, Loaded, LoadItem } from '../store/load.ts'
import {
  logOutcome,
  REPLAYED,
  scopeOf,
  senderOf,
  submit,
  undecidedProblem,
  verdictOnSale,
} from './handler.ts'
import { reversalBody } from './json/bodies.ts'
import { keyIn, writeIdempotencyKey } from './json/idempotency-key.ts'
import {
  type About,
  declineProblem,
  inquiryAt,
  isOfSomeRegion,
  type Problem,
  saleAt,
  voidAt,
} from './json/problem.ts'
import type { VoidReversalBody } from './json/schemas.ts'
import type { Call, Handler, Reply } from './router.ts'
import { type Reversed, reverseSale } from './sale-reversals.ts'

type Post = 'POST /v1/reversals'

/** Fingerprints: a caller's keys may hold anything. */
interface Keys {
  readonly own: string
  readonly target: string
}

export const postReversal: Handler<Post> = async (call) => {
  const { body } = call
  const { outcome, denial, about } = await ('saleId' in body
    ? reverseVoid(call, body)
    : reverseSale(call, body))
  return replyOf(outcome, denial, about)
}

async function reverseVoid(call: Call<Post>, body: VoidReversalBody): Promise<Reversed> {
  const { services, c, credential, idempotencyKey } = call
  const { keyring } = services
  const { saleId, amount } = body
  const target = keyIn(body.idempotencyKey)
  const keys: Keys = {
    own: await keyring.fingerprint('content', idempotencyKey),
    target: await keyring.fingerprint('content', target),
  }
  const load: LoadItem = {
    credential,
    saleId,
    idempotencyKey: keys.own,
    idempotencyKind: 'void_reversal',
    targetIdempotencyKey: keys.target,
    isTargetOfMerchant: true,
  }
  const verify = (loaded: Loaded) =>
    verdictOnSale(call, loaded, (caller) => request(call, body, caller, loaded, keys))
  const { outcome, denial } = await submit(services, c, load, verify)
  logOutcome(services, { type: 'void_reversal', door: 'json', saleId }, outcome)
  const about = {
    saleId,
    isWritten: !isOfSomeRegion(saleId),
    named: { amount },
    keyAt: inquiryAt({ idempotencyKey: writeIdempotencyKey(idempotencyKey), kind: 'void_reversal' }),
    targetAt: inquiryAt({ idempotencyKey: writeIdempotencyKey(target) }),
  }
  return { outcome, denial, about }
}

async function request(
  { services: { keyring }, c }: Call<Post>,
  body: VoidReversalBody,
  credential: Credential,
  loaded: Loaded,
  keys: Keys,
): Promise<ReversalRequest> {
  const { saleId, amount, reason = null } = body
  const scope = scopeOf(credential)
  const targetKey = targetKeyOf(credential, loaded, keys.target)
  const content = [targetKey, saleId, amount, ...(reason === null ? [] : [reason])]
  return {
    kind: 'void_reversal',
    door: 'json',
    merchantId: loaded.original?.sale.merchantId ?? scope,
    messageKey: apiMessageKey(scope, 'void_reversal', keys.own),
    contentFingerprint: await keyring.fingerprint('content', JSON.stringify(content)),
    request: {
      requestedBy: credential.name,
      saleId,
      amount: String(amount),
      ...(reason === null ? {} : { reason }),
    },
    sender: senderOf(c, credential.id),
    terminalId: loaded.original?.sale.terminalId ?? '',
    targetKey,
    saleId,
    amount,
    cardFingerprint: null,
    ...(credential.merchantId === null
      ? { administrator: { reason, isForMerchant: targetKey !== apiMessageKey(scope, 'void', keys.target) } }
      : {}),
  }
}

/** The key of the void. An administrator may name a void of the merchant by the merchant's own key. */
function targetKeyOf(credential: Credential, { original, target }: Loaded, key: string): string {
  const own = apiMessageKey(scopeOf(credential), 'void', key)
  if (credential.merchantId !== null || original === null) return own
  const ofMerchant = apiMessageKey(original.sale.merchantId, 'void', key)
  return target?.messageKey.startsWith(ofMerchant) === true ? ofMerchant : own
}

function replyOf(outcome: Outcome, denial: Problem | null, about: About): Reply<Post> {
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
  if (entry === null) throw new Error('a reversal that is not refused is written')
  const body = reversalBody(entry, loadedState)
  const { voidId, saleId } = body
  const ofSale = loadedState.target === null || saleId === null ? null : saleAt(saleId)
  const place = voidId === null ? ofSale : voidAt(voidId)
  const location = place === null ? {} : { location: place }
  return { status: 200, body, headers: { ...location, ...headers } }
}
