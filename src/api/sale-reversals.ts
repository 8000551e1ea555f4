/**
 * @module `POST /v1/reversals` of a captured sale by its own key: merchant, terminal, batch and STAN. It needs no id, so it may come
 * before the sale. Annul refuses the sale when it arrives later.
 */

import { apiMessageKey, posMessageKey } from '../domain/message-key.ts'
import type { ReversalRequest } from '../domain/requests.ts'
import type { Credential, Loaded, LoadItem } from '../store/load.ts'
import {
  type ApiVerdict,
  isRepeated,
  logOutcome,
  mayAct,
  permit,
  type Submitted,
  scopeOf,
  senderOf,
  submit,
} from './handler.ts'
import { writeIdempotencyKey } from './json/idempotency-key.ts'
import { type About, apiProblem, declineProblem, inquiryAt } from './json/problem.ts'
import type { SaleReversalBody } from './json/schemas.ts'
import type { Call } from './router.ts'

type Post = 'POST /v1/reversals'

/** A reversal that ran, and what its refusal may tell. */
export interface Reversed extends Submitted {
  readonly about: About
}

export async function reverseSale(call: Call<Post>, body: SaleReversalBody): Promise<Reversed> {
  const { services, c, credential, idempotencyKey } = call
  const { merchantId, terminalId, batchNumber, stan, amount } = body
  const targetKey = posMessageKey({ terminalId, batchNumber, stan }, 'sale')
  const key = await services.keyring.fingerprint('content', idempotencyKey)
  const load: LoadItem = {
    credential,
    terminalId,
    batchNumber,
    idempotencyKey: key,
    idempotencyKind: 'sale_reversal',
    targetKey,
    saleKey: targetKey,
  }
  const { outcome, denial } = await submit(services, c, load, (loaded) =>
    verdictOn(call, body, loaded, (caller) => request(call, body, caller, { key, targetKey })),
  )
  logOutcome(services, { type: 'sale_reversal', door: 'json', terminalId, stan }, outcome)
  const targetAt = inquiryAt({ merchantId, terminalId, batchNumber, stan, kind: 'sale' })
  const keyAt = inquiryAt({ idempotencyKey: writeIdempotencyKey(idempotencyKey), kind: 'sale_reversal' })
  return { outcome, denial, about: { named: { amount }, targetAt, keyAt } }
}

/** A terminal of another merchant and an unknown terminal get the same answer. A terminal's own sale is no sale of the caller. */
async function verdictOn(
  call: Call<Post>,
  { merchantId, terminalId, batchNumber, stan }: SaleReversalBody,
  loaded: Loaded,
  requestOf: (caller: Credential) => Promise<ReversalRequest>,
): Promise<ApiVerdict> {
  const { terminal, merchant, earlier, target } = loaded
  const caller = permit(call, loaded.credential)
  if (!caller.ok) return { kind: 'denied', problem: caller.error }
  if (!mayAct(caller.value, merchantId)) return { kind: 'denied', problem: apiProblem('forbidden') }
  const request = await requestOf(caller.value)
  const isCopy = isRepeated(loaded, request)
  // A key that another message has is the better reason.
  if (earlier !== null && !isCopy) return { kind: 'refused', reason: 'key_reused_with_different_content' }
  if (terminal?.merchantId !== merchantId) return { kind: 'refused', reason: 'terminal_unknown' }
  if (isCopy) return { kind: 'verified', request }
  if (merchant?.status !== 'active') return { kind: 'refused', reason: 'merchant_unknown' }
  if (target?.door !== 'terminal') return { kind: 'verified', request }
  const keyAt = inquiryAt({ merchantId, terminalId, batchNumber, stan, kind: 'sale' })
  return { kind: 'denied', problem: declineProblem('key_reused_with_different_content', { keyAt }) }
}

async function request(
  { services: { keyring }, c }: Call<Post>,
  { merchantId, terminalId, batchNumber, stan, amount }: SaleReversalBody,
  credential: Credential,
  { key, targetKey }: { readonly key: string; readonly targetKey: string },
): Promise<ReversalRequest> {
  return {
    kind: 'sale_reversal',
    door: 'json',
    merchantId,
    messageKey: apiMessageKey(scopeOf(credential), 'sale_reversal', key),
    contentFingerprint: await keyring.fingerprint('content', JSON.stringify([targetKey, amount])),
    request: { requestedBy: credential.name, batchNumber, stan, amount: String(amount) },
    sender: senderOf(c, credential.id),
    terminalId,
    targetKey,
    saleId: null,
    amount,
    cardFingerprint: null,
  }
}
