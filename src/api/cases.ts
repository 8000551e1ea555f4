/** @module Cases: the list, one of them, and the decision of a person. */

import { isCaseOpen } from '../domain/acquirer-state.ts'
import type { CaseRequest } from '../domain/requests.ts'
import type { JournalEntry } from '../domain/types.ts'
import { type CaseFile, readCase, readCases } from '../store/cases.ts'
import type { Credential } from '../store/load.ts'
import {
  logOutcome,
  permit,
  REPLAYED,
  type Submitted,
  senderOf,
  submit,
  undecidedProblem,
} from './handler.ts'
import { caseBody } from './json/cases.ts'
import { apiProblem, declineProblem } from './json/problem.ts'
import type { CaseDecision } from './json/schemas.ts'
import type { Call, Handler, Reply } from './router.ts'

export const getCases: Handler<'GET /v1/cases'> = async (call) => {
  const { services, credential, query } = call
  const { state, cursor = '0-', limit } = query
  const [openedAt = '', rrn = ''] = cursor.split('-')
  const after = { openedAt: Number(openedAt), rrn }
  const found = await readCases(services.db, credential, services.now(), {
    state,
    after,
    limit: limit + 1,
  })
  const caller = permit(call, found.credential)
  if (!caller.ok) return caller.error
  const page = found.files.slice(0, limit)
  const last = found.files.length > limit ? page.at(-1)?.message : undefined
  const next = last === undefined ? null : `${last.caseOpenedAt}-${last.rrn}`
  return { status: 200, body: { items: page.map(caseBody), next, certainty: 'FINAL', doNext: 'nothing' } }
}

export const getCase: Handler<'GET /v1/cases/{rrn}'> = async (call) => {
  const { services, credential, path } = call
  const found = await readCase(services.db, credential, services.now(), path.rrn)
  const caller = permit(call, found.credential)
  if (!caller.ok) return caller.error
  const [file] = found.files
  return file === undefined ? apiProblem('not_found') : { status: 200, body: caseBody(file) }
}

type Post = 'POST /v1/cases/{rrn}'

/** A key belongs to one case, so another case may use the same key. The history of the case has its decision. */
export const postCase: Handler<Post> = async (call) => {
  const { services, credential, path, body, idempotencyKey } = call
  const before = await readCase(services.db, credential, services.now(), path.rrn)
  const caller = permit(call, before.credential)
  if (!caller.ok) return caller.error
  const [file] = before.files
  if (file === undefined) return apiProblem('not_found')
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
