/** @module Bearer keys: made, listed and revoked by administrators. The database has only the SHA-256 of a key. */

import { freshBearerKey, freshIdIn, freshIdOutside, type Random } from '../crypto/random.ts'
import { type ApiKey, apiKeyState, mayMake } from '../domain/api-key.ts'
import { bucketOf } from '../domain/bucket.ts'
import { type ApiKeyAct, apiKeyEntry, REGION_STREAM } from '../domain/decide-api-key.ts'
import { MAX_LOSSES } from '../domain/guard.ts'
import { apiMessageKey } from '../domain/message-key.ts'
import { actorOf } from '../domain/request-actor.ts'
import { MERCHANT_SCOPES, SCOPES, scopesIn, scopeText } from '../domain/scope.ts'
import { copyAdministratorKeys } from '../pipeline/administrator-keys.ts'
import { reportLostRaces } from '../pipeline/lost-races.ts'
import type { Services } from '../pipeline/services.ts'
import { commitKey, type KeyStream, readKey, readKeyContext, readKeys } from '../store/api-keys.ts'
import type { SignedHead } from '../store/head-mac.ts'
import { canonical, seal, sha256, WITHOUT_TERMINAL } from '../store/journal.ts'
import type { Credential } from '../store/load.ts'
import { type Asking, bootstrapCaller, permit, REPLAYED, senderOf } from './handler.ts'
import { iso, isoOrNull } from './json/bodies.ts'
import { FINAL } from './json/certainty.ts'
import type { KeyBody, NewKeyBody } from './json/key-schemas.ts'
import { apiProblem, declineProblem, invalid, unknownReference } from './json/problem.ts'
import { pageIn } from './page.ts'
import type { Call, Handler, Reply } from './router.ts'

type Post = 'POST /v1/keys'
type Revoke = 'POST /v1/keys/{id}/revoke'

export const postKey: Handler<Post> = async (call) => {
  const reply = await createKey(call)
  logAct(call.services, 'create', reply)
  return reply
}

export const postRevocation: Handler<Revoke> = async (call) => {
  const reply = await revokeKey(call)
  logAct(call.services, 'revoke', reply)
  return reply
}

/** Logs a change of a key, and never the key. */
function logAct({ log }: Services, act: string, { body }: { readonly body: object }): void {
  const line = { type: 'api_key', act, door: 'json' }
  if ('reason' in body) log('refused', { ...line, reason: body.reason })
  else log('provisioned', { ...line, ...('id' in body ? { id: body.id } : {}) })
}

async function createKey(call: Call<Post>): Promise<Reply<Post>> {
  const { services, credential, body, idempotencyKey } = call
  const { keyring, db } = services
  const { merchantId = null } = body
  const fingerprint = await keyring.fingerprint('content', idempotencyKey)
  const messageKey = messageKeyOf(merchantId, fingerprint)
  const messageKeys = [messageKeyOf(null, fingerprint), messageKeyOf('', fingerprint)]
  const contentFingerprint = await keyring.fingerprint('content', contentOf(body))
  const { id, key } = freshKey(merchantId, services.random)
  const made = { id, hash: await sha256(key) }
  for (let losses = 0; losses < MAX_LOSSES; losses++) {
    const now = services.now()
    const found = await readKeyContext(db, { credential, now }, merchantId, messageKeys)
    const caller = permit(call, bootstrapCaller(services, call, credential) ?? found.credential)
    if (!caller.ok) return caller.error
    const { head, earlier } = found
    // The secret is for the administrators' first key.
    if (found.credential === null && merchantId !== null) return apiProblem('forbidden')
    if (earlier !== null)
      return earlier.contentFingerprint === contentFingerprint
        ? replyAgain(call, earlier.effects.apiKey?.id ?? '')
        : declineProblem('key_reused_with_different_content', { keyAt: keysAt(merchantId) })
    if (head === null) return apiProblem('merchant_required')
    const apiKey = { ...made, ...settingsOf(body), createdAt: now, revokedAt: null }
    const { scopes, expiresAt } = caller.value
    if (!mayMake({ scopes: scopesIn(scopes), expiresAt }, apiKey)) return apiProblem('forbidden')
    if (apiKey.expiresAt !== null && apiKey.expiresAt <= now)
      return invalid({ in: 'body', pointer: '/expiresAt', why: 'is not in the future' })
    const act = { ...actOf(call, 'create', caller.value, found, now), messageKey, contentFingerprint }
    if (!(await write(services, apiKey, act, { head, needs: found.needs, losses }))) continue
    // Only this answer has the key. A database that lacks it gets it from the cron.
    await isEverywhere(services, merchantId)
    return { status: 201, body: { ...keyBody(apiKey, now), key } }
  }
  return declineProblem('in_progress')
}

/**
 * The keys of merchants and those of administrators have message keys of their own. So the copy of an administrator's key finds its
 * message key free in each database.
 */
const messageKeyOf = (merchantId: string | null, fingerprint: string): string =>
  apiMessageKey(merchantId === null ? REGION_STREAM : 'admin', 'api_key', fingerprint)

/** True if every database has the keys. Those of a merchant are in one. */
const isEverywhere = async (services: Services, merchantId: string | null): Promise<boolean> =>
  merchantId !== null || copyAdministratorKeys(services)

/** A new key and its id. Those of a merchant begin with its bucket, so each finds its database without a query. */
function freshKey(merchantId: string | null, random: Random): { readonly id: string; readonly key: string } {
  const bucket = merchantId === null ? null : bucketOf(merchantId)
  const id = bucket === null ? freshIdOutside(random) : freshIdIn(bucket, random)
  return { id, key: freshBearerKey(bucket, random) }
}

/** The settings of a new key. The scopes are in their order, each once. */
const settingsOf = ({ merchantId, name, scopes, expiresAt }: NewKeyBody) => ({
  merchantId: merchantId ?? null,
  name,
  scopes: SCOPES.filter((scope) =>
    (scopes ?? (merchantId === undefined ? SCOPES : MERCHANT_SCOPES)).some((one) => one === scope),
  ),
  // Only the instant of the time counts, in any notation.
  expiresAt: expiresAt === undefined ? null : Date.parse(expiresAt),
})

function contentOf(body: NewKeyBody): string {
  const { scopes, ...settings } = settingsOf(body)
  return canonical({ ...settings, scopes: scopeText(scopes) })
}

/** The key of an earlier request, as it is now, without the key itself. */
async function replyAgain(
  { services: { db, now }, credential }: Call<Post>,
  id: string,
): Promise<Reply<Post>> {
  const { apiKey } = await readKey(db, { credential, now: now() }, id)
  if (apiKey === null) throw new Error('the entry of a key has its row')
  return { status: 200, body: keyBody(apiKey, now()), headers: REPLAYED }
}

async function revokeKey(call: Call<Revoke>): Promise<Reply<Revoke>> {
  const { services, credential, path } = call
  for (let losses = 0; losses < MAX_LOSSES; losses++) {
    const now = services.now()
    const found = await readKey(services.db, { credential, now }, path.id)
    const caller = permit(call, found.credential)
    if (!caller.ok) return caller.error
    const { apiKey, head, needs } = found
    if (apiKey === null || head === null) return unknownReference(path.id, {}, true)
    const revoked = { ...apiKey, revokedAt: apiKey.revokedAt ?? now }
    const act = actOf(call, 'revoke', caller.value, found, now)
    if (apiKey.revokedAt === null && !(await write(services, revoked, act, { head, needs, losses }))) continue
    // A database that lacks the revocation still takes the key. The caller learns it, and a repeated request copies again.
    if (!(await isEverywhere(services, apiKey.merchantId))) return apiProblem('outcome_unknown')
    return { status: 200, body: keyBody(revoked, now) }
  }
  return declineProblem('in_progress')
}

/** The act of a caller that has no content of its own. */
const actOf = (
  { c, route }: Asking,
  act: 'create' | 'revoke',
  { id, name }: Credential,
  { credential, needs }: KeyStream,
  at: number,
): ApiKeyAct => ({
  messageKey: null,
  contentFingerprint: '',
  request: { act, requestedBy: name },
  // The caller with the secret has no key.
  actor: actorOf(senderOf(c, route.takesBootstrapKey && credential === null ? null : id), needs, ''),
  at,
})

interface KeyAttempt extends Pick<KeyStream, 'needs'> {
  readonly head: SignedHead
  /** The races that the change lost before. */
  readonly losses: number
}

/** Writes a change of a key. False: it lost to another writer. */
async function write(
  services: Services,
  apiKey: ApiKey,
  act: ApiKeyAct,
  { head, needs, losses }: KeyAttempt,
): Promise<boolean> {
  const { db, log, macHead, bucketNeeds } = services
  const row = await seal(apiKeyEntry(apiKey, act, head), head, null, WITHOUT_TERMINAL)
  const { merchantId } = apiKey
  const ofBucket = merchantId === null ? [] : (bucketNeeds?.(merchantId) ?? [])
  const allNeeds = [...needs, ...ofBucket]
  const isWritten = await commitKey(db, row, apiKey, allNeeds, await macHead(row.terminalId, row, head))
  if (!isWritten && losses === MAX_LOSSES - 1)
    await reportLostRaces(services, [{ log, row, needs: allNeeds }])
  return isWritten
}

export const getKeys: Handler<'GET /v1/keys'> = async (call) => {
  const { services, credential, query } = call
  const { merchantId = null, cursor = '0-', limit } = query
  const [createdAt = '', id = ''] = cursor.split('-')
  const now = services.now()
  const after = { createdAt: Number(createdAt), id }
  const found = await readKeys(services.db, { credential, now }, merchantId, after, limit + 1)
  const caller = permit(call, found.credential)
  if (!caller.ok) return caller.error
  const { items, next } = pageIn(found.keys, limit, (key) => `${key.createdAt}-${key.id}`)
  return { status: 200, body: { items: items.map((key) => keyBody(key, now)), next, ...FINAL } }
}

function keyBody(apiKey: ApiKey, now: number): KeyBody {
  const { id, merchantId, name, scopes, createdAt, expiresAt, revokedAt } = apiKey
  return {
    id,
    merchantId,
    name,
    scopes: [...scopes],
    state: apiKeyState(apiKey, now),
    createdAt: iso(createdAt),
    expiresAt: isoOrNull(expiresAt),
    revokedAt: isoOrNull(revokedAt),
    ...FINAL,
  }
}

const keysAt = (merchantId: string | null): string =>
  merchantId === null ? '/v1/keys' : `/v1/keys?merchantId=${merchantId}`
