/** @module Reconciliation for administrators: the forwarded messages, and a comparison of the acquirer's list with them. */

import { compareRecord, type ReconciliationRecord } from '../domain/compare-record.ts'
import { acquirerKey } from '../domain/message-key.ts'
import type { ReconciliationRequest } from '../domain/requests.ts'
import { withinBudget } from '../store/budget.ts'
import type { Credential, Loaded, LoadItem } from '../store/load.ts'
import {
  type FoundRecord,
  type FoundRecords,
  findRecords,
  readForwarded,
} from '../store/reconciliation-records.ts'
import { budgetOf } from './budget.ts'
import { type ApiVerdict, permit, senderOf } from './handler.ts'
import { FINAL } from './json/certainty.ts'
import type { ComparedLine } from './json/line-schemas.ts'
import { invalid } from './json/problem.ts'
import { type Found, forwardedBody, recordOf, resultBody } from './json/reconciliation-records.ts'
import type { RecordLine } from './json/schemas.ts'
import { type PlacedLine, submitLines } from './lines.ts'
import { pageOver } from './page.ts'
import type { Call, Handler } from './router.ts'
import { routed } from './routing.ts'

/** `asOf` is the time before the query. So a list that is fetched later is younger. */
export const getAcquirerMessages: Handler<'GET /v1/acquirer-messages'> = async (call) => {
  const { services, credential, query } = call
  const { cursor, limit } = query
  const now = services.now()
  const asOf = new Date(now).toISOString()
  const page = await pageOver(call, { cursor, start: '0', limit }, async (db, after, most) => {
    const [claimedAt, rrn = ''] = after.split('-')
    const from = { claimedAt: Number(claimedAt), rrn }
    const { messages: items, next, ...read } = await readForwarded(db, credential, now, from, most)
    return { ...read, items, next: next === null ? null : `${next.claimedAt}-${next.rrn}` }
  })
  if (!page.ok) return page.error
  const { next } = page.value
  const items = page.value.items.map(forwardedBody)
  return { status: 200, body: { items, next, asOf, ...FINAL } }
}

type Post = 'POST /v1/reconciliations'

interface Line {
  readonly number: number
  readonly line: RecordLine
  readonly record: ReconciliationRecord
}

/** A line that does not agree. */
interface Compared extends Line {
  readonly foundRecord: FoundRecord | null
  readonly result: Found
}

/** Answers each line that differs, by its number. A line that cannot be read is a problem. */
export const postReconciliation: Handler<Post> = async (call) => {
  const { services, query, lines: all = [] } = call
  const apply = query.apply === 'true'
  const asOf = Date.parse(query.asOf)
  const answers: ComparedLine[] = []
  const lines: Line[] = []
  for (const { number, value } of all) {
    if (value.ok) lines.push({ number, line: value.value, record: recordOf(value.value) })
    else answers.push({ line: number, ...value.error.body })
  }
  const found = await findInEach(call, lines)
  const caller = permit(call, found.credential)
  if (!caller.ok) return caller.error
  if (asOf > services.now()) return invalid({ in: 'query', pointer: '/asOf', why: 'is in the future' })
  const compared = lines.flatMap((one, i): Compared[] => {
    const foundRecord = found.records[i] ?? null
    const result = resultOf(foundRecord, one.record, asOf)
    return result.result === 'agrees' ? [] : [{ ...one, foundRecord, result }]
  })
  const applied = apply ? await applyLines(call, compared, asOf) : null
  for (const one of compared) {
    const { number, line, result, foundRecord } = one
    const message = foundRecord?.ourRecord?.message ?? null
    answers.push({ line: number, ...resultBody(line, result, message, applied?.get(one) ?? null) })
  }
  services.log('reconciled', { lines: all.length, told: answers.length, apply })
  return { status: 200, body: answers.sort((a, b) => a.line - b.line) }
}

/**
 * Our records for the lines, each from the database of its merchant. The first answer about a caller that may not reconcile ends
 * the search.
 */
async function findInEach(
  { services, c, credential }: Call<Post>,
  lines: readonly Line[],
): Promise<FoundRecords> {
  const parts = Map.groupBy(lines, ({ record }) => routed(services, c, { body: record }).db)
  // A list without a line has a caller too.
  if (lines.length === 0) parts.set(services.db, [])
  const records = new Map<Line, FoundRecord | null>()
  let caller: FoundRecords['credential'] = null
  for (const [db, part] of parts) {
    const references = part.map(({ record }) => record)
    const own = withinBudget(db, budgetOf(c, services))
    const found = await findRecords(own, credential, services.now(), references)
    caller = found.credential
    if (caller?.merchantId !== null) break
    for (const [i, line] of part.entries()) records.set(line, found.records[i] ?? null)
  }
  return { credential: caller, records: lines.map((line) => records.get(line) ?? null) }
}

function resultOf(foundRecord: FoundRecord | null, record: ReconciliationRecord, asOf: number): Found {
  if (foundRecord === null) return { result: 'unknown_terminal' }
  const { ourRecord, isArchived } = foundRecord
  return ourRecord === null && isArchived && record.state !== 'absent'
    ? { result: 'archived' }
    : compareRecord(ourRecord, record, asOf)
}

/**
 * Runs the records through the pipeline in sets, and the pipeline compares each with the current state. True for a line if the journal
 * has its result. A line without anything to record is left out.
 */
async function applyLines(
  call: Call<Post>,
  compared: readonly Compared[],
  asOf: number,
): Promise<ReadonlyMap<Compared, boolean>> {
  const lines = compared.flatMap((one) => {
    const { foundRecord, record, result } = one
    const follows = result.result === 'resolves' || result.result === 'differs'
    return foundRecord !== null && follows
      ? [{ one, placed: placeLine(call, foundRecord, record, asOf) }]
      : []
  })
  const submitted = await submitLines(
    call.c,
    lines.map(({ placed }) => placed),
    'acquirer',
  )
  const isWritten = (i: number) => ['answered', 'pending'].includes(submitted[i]?.outcome.kind ?? 'unknown')
  return new Map(lines.map(({ one }, i) => [one, isWritten(i)]))
}

function placeLine(
  call: Call<Post>,
  { ourRecord, saleKey }: FoundRecord,
  record: ReconciliationRecord,
  asOf: number,
): PlacedLine {
  const { services: given, c, credential } = call
  const services = routed(given, c, { body: record })
  const { terminalId, merchantId, kind, state, amount } = record
  const messageKey = ourRecord?.message.messageKey ?? acquirerKey(record)
  const load: LoadItem = { credential, terminalId, messageKey, ...(saleKey === null ? {} : { saleKey }) }
  const request = (by: Credential): ReconciliationRequest => ({
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
    sender: senderOf(c, by.id),
    record,
    asOf,
  })
  const verify = (loaded: Loaded): ApiVerdict => {
    const caller = permit(call, loaded.credential)
    return caller.ok
      ? { kind: 'verified', request: request(caller.value) }
      : { kind: 'denied', problem: caller.error }
  }
  return { services, load, verify }
}
