/** @module `GET /v1/inquiries`: what became of a message, by any reference to it, for as long as the journal stands. */

import { posMessageKey, posPartsOf } from '../domain/message-key.ts'
import type { Services } from '../pipeline/services.ts'
import { findArchived } from '../store/archive/find.ts'
import { type FoundReference, findMessage, type Meant } from '../store/inquiries.ts'
import { type LoadItem, load } from '../store/load.ts'
import { maySee, permit } from './handler.ts'
import { keyIn } from './json/idempotency-key.ts'
import { inquiryBody, type LookupKey, notSeen } from './json/inquiry.ts'
import { archivedProblem } from './json/problem.ts'
import type { InquiryQuery } from './json/schemas.ts'
import type { Call, Handler } from './router.ts'
import { refuseUnplaced } from './routing.ts'

export const getInquiry: Handler<'GET /v1/inquiries'> = async (call) => {
  const { services, credential, query } = call
  const { meant, archived } = await foundBy(services, credential, query)
  const item = { credential, ...(meant === null ? {} : itemOf(meant)) }
  const [loaded] = await load(services.db, [item], services.now())
  const caller = permit(call, loaded?.credential ?? null)
  if (!caller.ok) return caller.error
  const unplaced = refuseUnplaced(call, caller.value)
  if (unplaced !== null) return unplaced
  const {
    earlier: entry = null,
    claim = null,
    forwarded = null,
    reversal = null,
    original = null,
    terminal = null,
  } = loaded ?? {}
  const merchantId = entry?.merchantId ?? terminal?.merchantId ?? null
  if (entry === null) {
    const month = 'stan' in query ? await archivedKey(call, query) : archived
    if (month !== null) return archivedProblem(month)
  }
  const isSeen = meant !== null && reversal?.kind !== 'archived' && (entry !== null || reversal !== null)
  if (!isSeen || (merchantId !== null && !maySee(caller.value, merchantId, merchantNamed(query))))
    return notSeen(lookupKeyOf(query), referenceIn(query))
  const { messageKey } = meant
  const inquired = { messageKey, merchantId, entry, claim, forwarded, reversal, original }
  return { status: 200, body: inquiryBody(inquired) }
}

/** The merchant to which the message must belong. The number of a terminal is of one merchant, so it needs no check. */
const merchantNamed = (query: InquiryQuery): string | undefined =>
  'stan' in query || !('merchantId' in query) ? undefined : query.merchantId

/** The archive's month of a terminal's message. */
const archivedKey = (
  { services: { db, now }, credential }: Call<'GET /v1/inquiries'>,
  query: Extract<InquiryQuery, { stan: string }>,
) => findArchived(db, credential, now(), { messageKey: posMessageKey(query, query.kind) }, undefined)

async function foundBy(
  { db, keyring, now }: Services,
  credential: string,
  query: InquiryQuery,
): Promise<FoundReference> {
  if ('stan' in query)
    return { meant: { messageKey: posMessageKey(query, query.kind), saleId: null }, archived: null }
  if (!('idempotencyKey' in query)) return findMessage(db, credential, now(), query)
  const idempotencyKey = await keyring.fingerprint('content', keyIn(query.idempotencyKey))
  return findMessage(db, credential, now(), { idempotencyKey, kind: query.kind ?? 'void' })
}

/** A message whose reversal came first has no entry. Its merchant is that of its terminal. */
const terminalOf = (messageKey: string): Pick<LoadItem, 'terminalId'> => {
  const parts = posPartsOf(messageKey)
  return parts === null ? {} : { terminalId: parts.terminalId }
}

const itemOf = ({ messageKey, saleId }: Meant): LoadItem => ({
  messageKey,
  ...terminalOf(messageKey),
  saleKey: messageKey,
  saleOfVoidKey: messageKey,
  ...(saleId === null ? {} : { saleId }),
})

/** The id or RRN of an inquiry. A key of a message is no such reference. */
function referenceIn(query: InquiryQuery): string {
  if ('rrn' in query) return query.rrn
  if ('saleId' in query) return query.saleId
  return 'voidId' in query ? query.voidId : ''
}

function lookupKeyOf(query: InquiryQuery): LookupKey {
  if ('stan' in query) return 'messageKey'
  return 'idempotencyKey' in query ? 'idempotencyKey' : 'reference'
}
