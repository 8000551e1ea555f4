/** @module Cases: the list, one of them, and the decision of a person. */

import { isCaseOpen } from '../domain/acquirer-state.ts'
import type { CaseRequest } from '../domain/requests.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { JournalEntry } from '../domain/types.ts'
import { type CaseFile, readCase, readCases } from '../store/cases.ts'
import type { Credential } from '../store/load.ts'
import {
  logOutcome,
  maySee,
  permit,
  REPLAYED,
  type Submitted,
  senderOf,
  submit,
  undecidedProblem,
} from './handler.ts'
import { caseBody } from './json/cases.ts'
import { FINAL } from './json/certainty.ts'
import { apiProblem, declineProblem, type Problem, unknownReference } from './json/problem.ts'
import type { CaseDecision } from './json/schemas.ts'
import { pageIn, pageOver } from './page.ts'
import type { Call, Handler, Reply } from './router.ts'
import { refuseUnplaced } from './routing.ts'

type Post = 'POST /v1/cases/{rrn}'

/** The position before the first case. */
const START = '0-000000000000'

export const getCases: Handler<'GET /v1/cases'> = async (call) => {
  const { services, credential, query } = call
  const { state, merchantId, cursor = START, limit } = query
  const page = await pageOver(call, { cursor, start: START, limit }, async (db, position, most) => {
    const [openedAt = '', rrn = ''] = position.split('-')
    const after = { openedAt: Number(openedAt), rrn }
    const found = await readCases(db, credential, services.now(), {
      state,
      merchantId,
      after,
      limit: most + 1,
    })
    const part = pageIn(found.files, most, ({ message }) => `${message.caseOpenedAt}-${message.rrn}`)
    return { credential: found.credential, ...part }
  })
  if (!page.ok) return page.error
  const { items, next } = page.value
  return { status: 200, body: { items: items.map(caseBody), next, ...FINAL } }
}

/** One case that the caller may see, or the refusal. */
export async function findCase(
  call: Call<'GET /v1/cases/{rrn}' | Post | 'POST /v1/cases/{rrn}/notes' | 'POST /v1/cases/{rrn}/retry'>,
): Promise<Result<CaseFile, Problem>> {
  const { services, credential, path, query } = call
  const found = await readCase(services.db, credential, services.now(), path.rrn)
  const caller = permit(call, found.credential)
  if (!caller.ok) return caller
  const unplaced = refuseUnplaced(call, caller.value)
  if (unplaced !== null) return err(unplaced)
  const [file] = found.files
  const isThere = file !== undefined && maySee(caller.value, file.message.merchantId, query.merchantId)
  return isThere ? ok(file) : err(unknownReference(path.rrn))
}

export const getCase: Handler<'GET /v1/cases/{rrn}'> = async (call) => {
  const found = await findCase(call)
  return found.ok ? { status: 200, body: caseBody(found.value) } : found.error
}

/** A key belongs to one case, so another case may use the same key. The history of the case has its decision. */
export const postCase: Handler<Post> = async (call) => {
  const { services, credential, path, body, idempotencyKey } = call
  const found = await findCase(call)
  if (!found.ok) return found.error
  const file = found.value
  const decision = await services.keyring.fingerprint('content', idempotencyKey)
  const known = decisionIn(file, decision)
  if (known !== undefined) return replyOf(file, known, body, true)
  if (!isCaseOpen(file.message)) return apiProblem('case_closed')
  const { outcome, denial } = await decide(call, file, decision)
  // The journal says if this decision closed the case.
  if (outcome.kind !== 'answered' && outcome.kind !== 'pending') return undecidedProblem(outcome, denial)
  const [after] = (await readCase(services.db, credential, services.now(), path.rrn)).files
  const written = after === undefined ? undefined : decisionIn(after, decision)
  // Without an entry of this decision, another one closed the case, or the decision cannot be written.
  if (after === undefined || written === undefined)
    return apiProblem(after !== undefined && isCaseOpen(after.message) ? 'outcome_unknown' : 'case_closed')
  return replyOf(after, written, body, false)
}

const decisionIn = ({ history }: CaseFile, decision: string): JournalEntry | undefined =>
  history.find(({ kind, request }) => kind === 'case_closed' && request.decision === decision)

function replyOf(
  file: CaseFile,
  { request }: JournalEntry,
  { resolution, note }: CaseDecision,
  replayed: boolean,
): Reply<Post> {
  if (request.resolution !== resolution || request.note !== note) {
    const keyAt = `/v1/cases/${file.message.rrn}`
    return declineProblem('key_reused_with_different_content', { keyAt })
  }
  return { status: 200, body: caseBody(file), headers: replayed ? REPLAYED : {} }
}

async function decide(call: Call<Post>, { message }: CaseFile, decision: string): Promise<Submitted> {
  const { services, c, credential, body } = call
  const { resolution, note } = body
  const { terminalId, messageKey, merchantId } = message
  const request = (by: Credential): CaseRequest => ({
    kind: 'case',
    door: 'json',
    merchantId,
    messageKey,
    contentFingerprint: '',
    request: { decidedBy: by.name, resolution, note, decision },
    sender: senderOf(c, by.id),
    resolution,
  })
  const load = { credential, terminalId, messageKey, saleKey: messageKey, saleOfVoidKey: messageKey }
  const submitted = await submit(services, c, load, (loaded) => {
    const caller = permit(call, loaded.credential)
    return caller.ok
      ? { kind: 'verified', request: request(caller.value) }
      : { kind: 'denied', problem: caller.error }
  })
  logOutcome(services, { type: 'case', door: 'json', rrn: message.rrn, resolution }, submitted.outcome)
  return submitted
}
