/** @module Notes on a case, and the request to ask the acquirer now. Neither decides the case. */

import { isCaseOpen } from '../domain/acquirer-state.ts'
import { noteKey } from '../domain/message-key.ts'
import type { NoteRequest } from '../domain/requests.ts'
import { retryNow } from '../pipeline/retry-now.ts'
import { type CaseFile, readCase } from '../store/cases.ts'
import type { Credential } from '../store/load.ts'
import { findCase } from './cases.ts'
import {
  awaitAcquirer,
  logOutcome,
  mayAct,
  permit,
  REPLAYED,
  type Submitted,
  senderOf,
  submit,
  undecidedProblem,
} from './handler.ts'
import { caseBody } from './json/cases.ts'
import { apiProblem, declineProblem } from './json/problem.ts'
import type { Call, Handler, Reply } from './router.ts'

type Note = 'POST /v1/cases/{rrn}/notes'
type Retry = 'POST /v1/cases/{rrn}/retry'

/** The most notes of a case. Two requests at once may exceed it by one. */
const MOST_NOTES = 100

export const postNote: Handler<Note> = async (call) => {
  const { services, credential, path, body, idempotencyKey } = call
  const found = await findCase(call)
  if (!found.ok) return found.error
  const file = found.value
  const key = noteKey(file.message.messageKey, await services.keyring.fingerprint('content', idempotencyKey))
  const known = noteIn(file, key)
  if (known !== undefined) return replyOf(file, known, body.note, true)
  if (!isCaseOpen(file.message)) return apiProblem('case_closed')
  if (file.history.filter(({ kind }) => kind === 'case_note').length >= MOST_NOTES)
    return apiProblem('too_many_notes')
  const { outcome, denial } = await write(call, file, key)
  if (outcome.kind !== 'answered' && outcome.kind !== 'pending') return undecidedProblem(outcome, denial)
  const [after] = (await readCase(services.db, credential, services.now(), path.rrn)).files
  const written = after === undefined ? undefined : noteIn(after, key)
  // Without the entry, a decision has closed the case meanwhile.
  return after === undefined || written === undefined
    ? apiProblem('case_closed')
    : replyOf(after, written, body.note, false)
}

/** The text of a note in the history. */
const noteIn = ({ history }: CaseFile, key: string): string | undefined =>
  history.find(({ messageKey }) => messageKey === key)?.request.note

function replyOf(file: CaseFile, written: string, note: string, replayed: boolean): Reply<Note> {
  if (written !== note)
    return declineProblem('key_reused_with_different_content', { keyAt: `/v1/cases/${file.message.rrn}` })
  return { status: 201, body: caseBody(file), headers: replayed ? REPLAYED : {} }
}

async function write(call: Call<Note>, { message }: CaseFile, key: string): Promise<Submitted> {
  const { services, c, credential, body } = call
  const { terminalId, messageKey, merchantId, rrn } = message
  const request = (by: Credential): NoteRequest => ({
    kind: 'note',
    door: 'json',
    merchantId,
    messageKey,
    contentFingerprint: '',
    request: { note: body.note, notedBy: by.name },
    sender: senderOf(c, by.id),
    noteKey: key,
  })
  const load = { credential, terminalId, messageKey, targetKey: key }
  const submitted = await submit(services, c, load, (loaded) => {
    const caller = permit(call, loaded.credential)
    if (!caller.ok) return { kind: 'denied', problem: caller.error }
    return mayAct(caller.value, merchantId)
      ? { kind: 'verified', request: request(caller.value) }
      : { kind: 'denied', problem: apiProblem('not_found') }
  })
  logOutcome(services, { type: 'case_note', door: 'json', rrn }, submitted.outcome)
  return submitted
}

export const postRetry: Handler<Retry> = async (call) => {
  const { services, c, credential, path } = call
  const found = await findCase(call)
  if (!found.ok) return found.error
  const { message } = found.value
  if (!isCaseOpen(message)) return apiProblem('case_closed')
  services.log('case_retry', { door: 'json', rrn: message.rrn })
  awaitAcquirer(c)
  const tried = retryNow(services, message.messageKey)
  c.executionCtx.waitUntil(tried)
  await tried
  const [after] = (await readCase(services.db, credential, services.now(), path.rrn)).files
  return { status: 200, body: caseBody(after ?? found.value) }
}
