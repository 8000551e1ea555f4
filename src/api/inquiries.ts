/** @module `GET /v1/inquiries`: what became of a message, by any reference to it, for as long as the journal stands. */

import { type Context, Hono } from 'hono'
import { posMessageKey, posPartsOf } from '../domain/message-key.ts'
import type { Services } from '../pipeline/services.ts'
import { findMessage, type Meant } from '../store/inquiries.ts'
import { type LoadItem, load } from '../store/load.ts'
import {
  check,
  credentialOf,
  mayAct,
  namedOnce,
  noteCaller,
  refuseDoor,
  respondJson,
  respondProblem,
} from './handler.ts'
import { inquiryBody, type LookupKey, notSeen } from './json/inquiry.ts'
import { type InquiryQuery, inquiryQuery } from './json/schemas.ts'

export function inquiryRoutes(services: Services): Hono {
  const routes = new Hono()
  routes.get('/v1/inquiries', (c) => getInquiry(services, c))
  return routes
}

async function getInquiry(services: Services, c: Context): Promise<Response> {
  const credential = await credentialOf(c)
  if (credential === undefined) return refuseDoor('unauthorized')
  const query = check(inquiryQuery, namedOnce(c))
  if (!query.ok) return respondProblem(query.error)
  const meant = await meantBy(services, credential, query.value)
  const [loaded] = await load(services.db, [{ credential, ...(meant === null ? {} : itemOf(meant)) }])
  noteCaller(c, loaded?.credential ?? null)
  if (loaded === undefined || loaded.credential === null) return refuseDoor('unauthorized')
  const { earlier: entry, claim, forwarded, reversal, original } = loaded
  const isSeen = meant !== null && (entry !== null || reversal !== null)
  const owner = entry?.merchantId ?? posPartsOf(meant?.messageKey ?? '')?.merchantId
  if (!isSeen || (owner !== undefined && !mayAct(loaded.credential, owner)))
    return respondProblem(notSeen(askedBy(query.value)))
  const { messageKey } = meant
  return respondJson(200, inquiryBody({ messageKey, entry, claim, forwarded, reversal, original }))
}

async function meantBy(
  { db, keyring }: Services,
  credential: string,
  query: InquiryQuery,
): Promise<Meant | null> {
  if ('kind' in query) return { messageKey: posMessageKey(query, query.kind), saleId: null }
  if (!('idempotencyKey' in query)) return findMessage(db, credential, query)
  const idempotencyKey = await keyring.fingerprint('content', query.idempotencyKey)
  return findMessage(db, credential, { idempotencyKey })
}

const itemOf = ({ messageKey, saleId }: Meant): LoadItem => ({
  messageKey,
  saleKey: messageKey,
  saleOfVoidKey: messageKey,
  ...(saleId === null ? {} : { saleId }),
})

function askedBy(query: InquiryQuery): LookupKey {
  if ('kind' in query) return 'messageKey'
  return 'idempotencyKey' in query ? 'idempotencyKey' : 'reference'
}
