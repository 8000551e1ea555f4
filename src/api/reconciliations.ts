/**
 * @module `POST /v1/reconciliations`: the acquirer's list, line by line, held against what we hold and, where it is asked for,
 * applied; `GET /v1/acquirer-messages`: what we hold. Administrators only.
 */

import { type Context, Hono } from 'hono'
import { compareRecord, type ReconciliationRecord } from '../domain/compare-record.ts'
import { acquirerKey } from '../domain/message-key.ts'
import type { ReconciliationRequest } from '../domain/requests.ts'
import type { Services } from '../pipeline/services.ts'
import type { LoadItem } from '../store/load.ts'
import { type FoundRecord, findRecords, readForwarded } from '../store/reconciliation-records.ts'
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
  runAlone,
  textOf,
} from './handler.ts'
import { doorProblem } from './json/problem.ts'
import { type Found, forwardedBody, recordOf, resultBody } from './json/reconciliation-records.ts'
import { pageQuery, type RecordLine, reconciliationQuery, recordLine } from './json/schemas.ts'
import { linesOf, respondLines } from './ndjson.ts'

export function reconciliationRoutes(services: Services): Hono {
  const routes = new Hono()
  routes.post('/v1/reconciliations', (c) => postList(services, c))
  routes.get('/v1/acquirer-messages', (c) => getForwarded(services, c))
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
  readonly line: RecordLine
  readonly record: ReconciliationRecord
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
    const read = json.ok ? check(recordLine, json.value) : json
    if (read.ok) lines.push({ number, line: read.value, record: recordOf(read.value) })
    else answers.set(number, { ...read.error.body, status: read.error.status })
  }
  const found = await findRecords(
    services.db,
    credential,
    lines.map(({ record }) => record),
  )
  noteCaller(c, found.credential)
  if (found.credential === null) return refuseDoor('unauthorized')
  if (found.credential.merchantId !== null) return refuseDoor('forbidden')
  for (const [i, { number, line, record }] of lines.entries()) {
    const foundRecord = found.records[i] ?? null
    const result = resultOf(foundRecord, record, asOf)
    if (result.result === 'agrees') continue
    const follows = foundRecord !== null && (result.result === 'resolves' || result.result === 'differs')
    const applied =
      apply && follows ? await applyLine(services, c, credential, foundRecord, record, asOf) : null
    answers.set(number, resultBody(line, result, foundRecord?.ourRecord?.message ?? null, applied))
  }
  services.log('reconciled', { lines: all.length, told: answers.size, apply })
  return respondLines([...answers].sort(([a], [b]) => a - b).map(([line, answer]) => ({ line, ...answer })))
}

function resultOf(foundRecord: FoundRecord | null, record: ReconciliationRecord, asOf: number): Found {
  return foundRecord === null
    ? { result: 'unknown_terminal' }
    : compareRecord(foundRecord.ourRecord, record, asOf)
}

/** Runs the record through the pipeline, which compares it with what is there by then. Whether the journal says what follows. */
async function applyLine(
  services: Services,
  c: Context,
  credential: string,
  { ourRecord, saleKey }: FoundRecord,
  record: ReconciliationRecord,
  asOf: number,
): Promise<boolean> {
  const { terminalId, merchantId, kind, state, amount } = record
  const messageKey = ourRecord?.message.messageKey ?? acquirerKey(record)
  const load: LoadItem = { credential, terminalId, messageKey, ...(saleKey === null ? {} : { saleKey }) }
  const request: ReconciliationRequest = {
    kind: 'reconciliation',
    door: 'json',
    merchantId,
    messageKey,
    contentFingerprint: '',
    request: {
      listed: kind,
      acquirerStatus: state,
      ...(amount === null ? {} : { acquirerAmount: String(amount) }),
    },
    record,
    asOf,
  }
  const { outcome } = await runAlone(services, c, load, (loaded) =>
    loaded.credential?.merchantId === null
      ? { kind: 'verified', request }
      : { kind: 'denied', problem: doorProblem('unauthorized') },
  )
  return outcome.kind === 'answered' || outcome.kind === 'pending'
}
