/** @module `GET /v1/cases`, `GET /v1/cases/{id}`, and `POST /v1/cases/{id}`, by which a person decides one. */

import { type Context, Hono } from 'hono'
import { isCaseOpen } from '../domain/acquirer-state.ts'
import type { CaseRequest } from '../domain/requests.ts'
import type { JournalEntry } from '../domain/types.ts'
import type { Services } from '../pipeline/services.ts'
import { type CaseFile, readCase, readCases } from '../store/cases.ts'
import type { Credential } from '../store/load.ts'
import {
  check,
  credentialOf,
  logOutcome,
  namedOnce,
  noteCaller,
  readBody,
  refuseDoor,
  respondJson,
  respondProblem,
  type Submitted,
  submit,
  undecidedProblem,
} from './handler.ts'
import { caseBody } from './json/cases.ts'
import { declineProblem, doorProblem } from './json/problem.ts'
import { type CaseDecisionBody, caseDecisionBody, casesQuery, idempotencyKey } from './json/schemas.ts'

export function caseRoutes(services: Services): Hono {
  const routes = new Hono()
  routes.get('/v1/cases', (c) => getCases(services, c))
  routes.get('/v1/cases/:id', (c) => getCase(services, c))
  routes.post('/v1/cases/:id', (c) => postCase(services, c))
  return routes
}

async function getCases({ db }: Services, c: Context): Promise<Response> {
  const credential = await credentialOf(c)
  if (credential === undefined) return refuseDoor('unauthorized')
  const query = check(casesQuery, namedOnce(c))
  if (!query.ok) return respondProblem(query.error)
  const { state, cursor = '0-', limit } = query.value
  const [openedAt = '', rrn = ''] = cursor.split('-')
  const after = { openedAt: Number(openedAt), rrn }
  const found = await readCases(db, credential, { state, after, limit: limit + 1 })
  noteCaller(c, found.credential)
  if (found.credential === null) return refuseDoor('unauthorized')
  const page = found.files.slice(0, limit)
  const last = found.files.length > limit ? page.at(-1)?.message : undefined
  return respondJson(200, {
    items: page.map(caseBody),
    next: last === undefined ? null : `${last.caseOpenedAt}-${last.rrn}`,
    certainty: 'FINAL',
    doNext: 'nothing',
  })
}

async function getCase({ db }: Services, c: Context): Promise<Response> {
  const credential = await credentialOf(c)
  if (credential === undefined) return refuseDoor('unauthorized')
  const found = await readCase(db, credential, c.req.param('id') ?? '')
  noteCaller(c, found.credential)
  if (found.credential === null) return refuseDoor('unauthorized')
  const [file] = found.files
  return file === undefined ? refuseDoor('not_found') : respondJson(200, caseBody(file))
}

/** The key is the case's own: it may be used for another. The case tells by itself whether it was decided, and by whom. */
async function postCase(services: Services, c: Context): Promise<Response> {
  const credential = await credentialOf(c)
  if (credential === undefined) return refuseDoor('unauthorized')
  const key = idempotencyKey.safeParse(c.req.header('idempotency-key'))
  if (!key.success) return refuseDoor('idempotency_key_required')
  const body = readBody(c, caseDecisionBody)
  if (!body.ok) return respondProblem(body.error)
  const id = c.req.param('id') ?? ''
  const before = await readCase(services.db, credential, id)
  noteCaller(c, before.credential)
  if (before.credential === null) return refuseDoor('unauthorized')
  if (before.credential.merchantId !== null) return refuseDoor('forbidden')
  const [file] = before.files
  if (file === undefined) return refuseDoor('not_found')
  const decision = await services.keyring.fingerprint('content', key.data)
  const known = decisionIn(file, decision)
  if (known !== undefined) return respond(file, known, body.value, true)
  if (!isCaseOpen(file.message)) return refuseDoor('case_closed')
  const { outcome, denial } = await decide(services, c, credential, file, body.value, decision)
  // Whether it was this decision that closed it, the journal says.
  if (outcome.kind !== 'answered' && outcome.kind !== 'pending')
    return respondProblem(undecidedProblem(outcome, denial))
  const [after] = (await readCase(services.db, credential, id)).files
  const written = after === undefined ? undefined : decisionIn(after, decision)
  if (after === undefined || written === undefined) return refuseDoor('case_closed')
  return respond(after, written, body.value, false)
}

const decisionIn = ({ history }: CaseFile, decision: string): JournalEntry | undefined =>
  history.find(({ kind, request }) => kind === 'case_closed' && request.decision === decision)

function respond(
  file: CaseFile,
  { request }: JournalEntry,
  { resolution, note }: CaseDecisionBody,
  replayed: boolean,
): Response {
  if (request.resolution !== resolution || request.note !== note)
    return respondProblem(declineProblem('key_reused_with_different_content', null))
  return respondJson(200, caseBody(file), replayed ? { 'idempotent-replayed': 'true' } : {})
}

async function decide(
  services: Services,
  c: Context,
  credential: string,
  { message }: CaseFile,
  { resolution, note }: CaseDecisionBody,
  decision: string,
): Promise<Submitted> {
  const { terminalId, messageKey, merchantId } = message
  const request = (by: Credential): CaseRequest => ({
    kind: 'case',
    door: 'json',
    merchantId,
    messageKey,
    contentFingerprint: '',
    request: { decidedBy: by.name, resolution, note, decision },
    resolution,
  })
  const load = { credential, terminalId, messageKey, saleKey: messageKey, saleOfVoidKey: messageKey }
  const submitted = await submit(services, c, load, (loaded) =>
    loaded.credential?.merchantId === null
      ? { kind: 'verified', request: request(loaded.credential) }
      : { kind: 'denied', problem: doorProblem('unauthorized') },
  )
  logOutcome(services, { type: 'case', door: 'json', caseId: message.rrn, resolution }, submitted.outcome)
  return submitted
}
