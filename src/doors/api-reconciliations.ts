/**
 * @module `POST /v1/reconciliations`: the host's list, line by line, held against what we hold and, where it is asked for,
 * applied; `GET /v1/host-messages`: what we hold. Administrators only.
 */

import { type Context, Hono } from 'hono'
import { compareListing, type Listing } from '../domain/compare-listing.ts'
import { hostKey } from '../domain/message-key.ts'
import type { ListingRequest } from '../domain/requests.ts'
import { type Found, findingBody, forwardedBody, listingOf } from '../json/listings.ts'
import { type ListingLine, listingLine, pageQuery, reconciliationQuery } from '../json/schemas.ts'
import { processAlone } from '../process.ts'
import type { Services } from '../services.ts'
import { type FoundPlace, findPlaces, readForwarded } from '../store/listings.ts'
import type { LoadItem } from '../store/load.ts'
import {
  check,
  credentialOf,
  isMediaType,
  namedOnce,
  noteCaller,
  parseJson,
  refuseDoor,
  respondJson,
  respondProblem,
  textOf,
} from './api-common.ts'
import { linesOf, respondLines } from './ndjson.ts'

export function reconciliationRoutes(services: Services): Hono {
  const routes = new Hono()
  routes.post('/v1/reconciliations', (c) => postList(services, c))
  routes.get('/v1/host-messages', (c) => getForwarded(services, c))
  return routes
}

/** The time is told, so that a list that is fetched after it is known to be younger. */
async function getForwarded({ db, now }: Services, c: Context): Promise<Response> {
  const credential = await credentialOf(c)
  if (credential === undefined) return refuseDoor('unauthorized')
  const query = check(pageQuery, namedOnce(c))
  if (!query.ok) return respondProblem(query.error)
  const asOf = new Date(now()).toISOString()
  const { cursor, limit } = query.value
  const page = await readForwarded(db, credential, Number(cursor), limit)
  noteCaller(c, page.credential)
  if (page.credential === null) return refuseDoor('unauthorized')
  if (page.credential.merchantId !== null) return refuseDoor('forbidden')
  return respondJson(200, {
    items: page.messages.map(forwardedBody),
    next: page.next === null ? null : String(page.next),
    asOf,
    certainty: 'FINAL',
    doNext: 'nothing',
  })
}

interface Line {
  readonly number: number
  readonly line: ListingLine
  readonly listing: Listing
}

/** Each line that does not agree is told with its number; those that cannot be read as problems. */
async function postList(services: Services, c: Context): Promise<Response> {
  const credential = await credentialOf(c)
  if (credential === undefined) return refuseDoor('unauthorized')
  const query = check(reconciliationQuery, namedOnce(c))
  if (!query.ok) return respondProblem(query.error)
  const apply = query.value.apply === 'true'
  const asOf = Date.parse(query.value.asOf)
  if (asOf > services.now())
    return refuseDoor('invalid_request', { errors: [{ field: 'asOf', why: 'is in the future' }] })
  if (!isMediaType(c, 'application/x-ndjson')) return refuseDoor('unsupported_media_type')
  const text = textOf(c)
  if (!text.ok) return respondProblem(text.error)
  const all = linesOf(text.value)
  if (all instanceof Response) return all
  const answers = new Map<number, object>()
  const lines: Line[] = []
  for (const { line, number } of all) {
    const json = parseJson(line)
    const read = json.ok ? check(listingLine, json.value) : json
    if (read.ok) lines.push({ number, line: read.value, listing: listingOf(read.value) })
    else answers.set(number, { ...read.error.body, status: read.error.status })
  }
  const found = await findPlaces(
    services.db,
    credential,
    lines.map(({ listing }) => listing),
  )
  noteCaller(c, found.credential)
  if (found.credential === null) return refuseDoor('unauthorized')
  if (found.credential.merchantId !== null) return refuseDoor('forbidden')
  for (const [i, { number, line, listing }] of lines.entries()) {
    const place = found.places[i] ?? null
    const finding = findingOf(place, listing, asOf)
    if (finding.finding === 'agrees') continue
    const follows = place !== null && (finding.finding === 'answers' || finding.finding === 'differs')
    const applied = apply && follows ? await applyLine(services, credential, place, listing, asOf) : null
    answers.set(number, findingBody(line, finding, place?.held?.message ?? null, applied))
  }
  services.log('reconciled', { lines: all.length, told: answers.size, apply })
  return respondLines([...answers].sort(([a], [b]) => a - b).map(([line, answer]) => ({ line, ...answer })))
}

function findingOf(place: FoundPlace | null, listing: Listing, asOf: number): Found {
  return place === null ? { finding: 'unknown_terminal' } : compareListing(place.held, listing, asOf)
}

/** Down the road, where it is held against what stands by then. Whether the journal says what follows from it. */
async function applyLine(
  services: Services,
  credential: string,
  { held, saleKey }: FoundPlace,
  listing: Listing,
  asOf: number,
): Promise<boolean> {
  const { terminalId, merchantId, kind, state, amount } = listing
  const messageKey = held?.message.messageKey ?? hostKey(listing)
  const load: LoadItem = { credential, terminalId, messageKey, ...(saleKey === null ? {} : { saleKey }) }
  const request: ListingRequest = {
    kind: 'listing',
    door: 'json',
    merchantId,
    messageKey,
    contentFingerprint: '',
    request: { listed: kind, hostSaid: state, ...(amount === null ? {} : { hostAmount: String(amount) }) },
    listing,
    asOf,
  }
  const outcome = await processAlone(services.road, {
    load,
    verify: async (loaded) =>
      loaded.credential?.merchantId === null ? { kind: 'verified', request } : { kind: 'denied' },
  })
  return outcome.kind === 'answered' || outcome.kind === 'pending'
}
