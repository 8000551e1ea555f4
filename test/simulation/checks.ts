/** @module The rules at the end of a world. Each check throws a violation that names the fault. */

import { isDeepStrictEqual } from 'node:util'
import type { JournalEntry } from '../../src/domain/types.ts'
import type { Ledger } from '../../src/simulator/ledger.ts'
import { type JournalRow, verifyChain } from '../../src/store/journal.ts'
import { EntryReader } from '../../src/store/replay.ts'
import type { Book, ClientAnswer, Sent } from './book.ts'
import { FOLLOW_UP, Model } from './model.ts'
import type { Row, Storage } from './platform/d1.ts'
import { policiesOf } from './policies.ts'
import type { IsBeyond } from './quota.ts'
import type { Transaction } from './transaction.ts'

export class Violation extends Error {}

export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Violation(what)
}

const same = (found: unknown, expected: unknown, what: string): void =>
  must(
    isDeepStrictEqual(found, expected),
    `${what}: found ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`,
  )

export interface Stream {
  readonly terminalId: string
  readonly entries: readonly JournalEntry[]
  readonly model: Model
}

/** Every terminal's entries, in order, after its chain was verified. */
export async function checkChains(storage: Storage): Promise<Map<string, JournalEntry[]>> {
  const streams = new Map<string, JournalEntry[]>()
  const terminals = storage.rows('select terminal_id, head_seq, head_hash from terminal order by terminal_id')
  for (const { terminal_id, head_seq, head_hash } of terminals) {
    const terminalId = String(terminal_id)
    const rows = rowsOf(storage, terminalId)
    const fault = await verifyChain(rows, { seq: Number(head_seq), hash: String(head_hash) })
    must(fault === null, `chain of ${terminalId}: ${JSON.stringify(fault)}`)
    const reader = new EntryReader()
    streams.set(
      terminalId,
      rows.map((row) => reader.open(row)),
    )
  }
  await checkMerchants(storage)
  const [journals] = storage.rows(
    `select count(distinct terminal_id) as n from journal where terminal_id not like 'merchant:%'
     and terminal_id <> 'region'`,
  )
  same(journals?.n, streams.size, 'journals without a terminal')
  return streams
}

/** Every merchant's stream is sound, and there is no other. */
async function checkMerchants(storage: Storage): Promise<void> {
  const merchants = storage.rows('select merchant_id, head_seq, head_hash from merchant')
  for (const { merchant_id, head_seq, head_hash } of merchants) {
    const head = { seq: Number(head_seq), hash: String(head_hash) }
    const fault = await verifyChain(rowsOf(storage, `merchant:${merchant_id}`), head)
    must(fault === null, `chain of merchant ${merchant_id}: ${JSON.stringify(fault)}`)
  }
  const [journals] = storage.rows(
    "select count(distinct terminal_id) as n from journal where terminal_id like 'merchant:%'",
  )
  same(journals?.n, merchants.length, 'journals without a merchant')
  for (const { head_seq, head_hash } of storage.rows('select head_seq, head_hash from region')) {
    const fault = await verifyChain(rowsOf(storage, 'region'), {
      seq: Number(head_seq),
      hash: String(head_hash),
    })
    must(fault === null, `chain of the region: ${JSON.stringify(fault)}`)
  }
}

const rowsOf = (storage: Storage, stream: string): JournalRow[] =>
  storage.rows<JournalRow>(
    `select terminal_id as terminalId, seq, hash, message_key as messageKey, rrn, body
     from journal where terminal_id = ? order by seq`,
    stream,
  )

/** Every terminal's journal: the chain is intact, and every answer follows the rules. */
export async function readStreams(storage: Storage, book: Book, hasAcquirer: boolean): Promise<Stream[]> {
  const streams: Stream[] = []
  const policyOf = policiesOf(storage)
  for (const [terminalId, entries] of await checkChains(storage)) {
    const model = new Model(hasAcquirer, book.targets)
    for (const entry of entries) model.take(entry, policyOf(entry))
    streams.push({ terminalId, entries, model })
  }
  return streams
}

const inOrder = <T>(list: Iterable<T>): T[] =>
  [...list].map((row) => ({ ...row })).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))

/** The tables match the model. */
export function checkProjections(storage: Storage, { terminalId, model }: Stream): void {
  const rows = (sql: string): Row[] => inOrder(storage.rows(`${sql} where terminal_id = ?`, terminalId))
  const transactions = [...model.transactions.values()].filter(({ id }) => id !== '')
  const compare = (sql: string, expected: Iterable<Row>, what: string) =>
    same(rows(sql), inOrder(expected), what)
  compare(
    'select message_key, amount, status from sale',
    transactions
      .filter(({ kind, isAnswered }) => kind === 'sale' && isAnswered)
      .map(({ key, amount, state }) => ({
        message_key: key,
        amount,
        status: state === 'declined' ? 'declined' : 'approved',
      })),
    'sales',
  )
  compare(
    'select void.message_key, void.amount, state from void join sale on sale.id_raw = sale_id_raw',
    transactions
      .filter(({ kind }) => kind === 'void')
      .map(({ key, amount, state }) => ({ message_key: key, amount, state })),
    'voids',
  )
  compare(
    'select message_key, state, case_reason is not null as is_case from acquirer_record',
    transactions
      .filter(({ isForwarded }) => isForwarded)
      .map(({ key, state, caseState }) => ({
        message_key: key,
        state,
        is_case: caseState === 'none' ? 0 : 1,
      })),
    'messages to the acquirer',
  )
  compare(
    'select target_key, kind from reversal',
    [...model.reversed].map(([target_key, kind]) => ({ target_key, kind })),
    'reversals',
  )
  compare(
    `select batch_number, state, debit_amount, debit_count, credit_amount, credit_count,
      debit_amount - office_debit_amount as own_debit, debit_count - office_debit_count as own_debits,
      credit_amount - office_credit_amount as own_credit, credit_count - office_credit_count as own_credits from batch`,
    [...model.batches].map(([batch_number, batch]) => ({
      batch_number,
      state: batch.isOpen ? 'open' : 'closed',
      debit_amount: batch.debit,
      debit_count: batch.debits,
      credit_amount: batch.credit,
      credit_count: batch.credits,
      own_debit: batch.own.debit,
      own_debits: batch.own.debits,
      own_credit: batch.own.credit,
      own_credits: batch.own.credits,
    })),
    'batches',
  )
}

/** At most one void of a sale may have an effect, and it is for the full amount. */
export function checkVoids(storage: Storage): void {
  const voided = storage.rows(
    `select sale.id, sale.amount, sum(void.amount) as sum, count(*) as n from void join sale on sale.id = void.sale_id
     where void.state not in ('declined', 'reversed') group by sale.id having n > 1 or sum <> sale.amount`,
  )
  same(voided.length, 0, `sales voided other than once and in full: ${JSON.stringify(voided)}`)
}

/** The answers match the state, and came in the order of the decisions. */
export function checkAnswers(book: Book, streams: readonly Stream[], isBeyond: IsBeyond): void {
  for (const { entries, model } of streams) {
    const byKey = new Map(entries.map((entry) => [entry.messageKey, entry]))
    for (const { messageKey } of entries) {
      const sent = book.sent.get(messageKey)
      const outcome = byKey.get(`${messageKey}|o`) ?? byKey.get(messageKey)
      for (const answers of sent?.answers ?? [])
        if (sent !== undefined) checkOne(sent, answers, outcome, model, isBeyond)
    }
    checkOrder(book, entries)
  }
  const written = new Set(streams.flatMap(({ entries }) => entries.map(({ messageKey }) => messageKey)))
  for (const { key, kind, answers } of book.sent.values())
    for (const { verdict, code } of answers)
      must(
        written.has(key) || verdict === 'declined' || kind === 'settlement' || kind === 'upload_end',
        `${key} got ${code} and is not written`,
      )
}

function checkOne(
  sent: Sent,
  answers: ClientAnswer,
  entry: JournalEntry | undefined,
  model: Model,
  isBeyond: IsBeyond,
): void {
  const { key, kind } = sent
  // Written only when it closes the batch. The model checks its totals.
  if (kind === 'settlement' || kind === 'upload_end') return
  const movesMoney = kind === 'sale' || kind === 'void'
  const answer = entry?.answer ?? null
  if (answers.verdict === 'approved') {
    must(answer !== null, `${key} got ${answers.code} and has no answer written`)
    same([answers.rrn, null], [answer.rrn, answer.reason], `answer to ${key}`)
    must(
      !movesMoney || model.stands(key) || model.reversed.get(key) === 'reversed',
      `${key} was approved, but neither stands nor was reversed`,
    )
  } else if (movesMoney) {
    // A refusal beyond the quota is no entry, so its copy is decided again, perhaps by a slower clock.
    must(!model.stands(key) || isBeyond(key), `${key} was declined (${answers.code}), but stands`)
    const isReversed =
      answers.code === '12' || answers.code === 'message_reversed' || answers.code === 'reversed'
    must(
      answer?.reason !== null || isReversed,
      `${key} was declined (${answers.code}), but its entry approves it`,
    )
  }
  const recorded = sent.answers.filter(
    ({ rrn, how }) => rrn === answers.rrn && rrn !== '' && how === answers.how,
  )
  for (const again of recorded) same(again.content, answers.content, `second answer to ${key}`)
}

/** A message that was answered before another was sent precedes it in the journal. */
function checkOrder(book: Book, entries: readonly JournalEntry[]): void {
  let latestSent = 0
  let of = ''
  for (const { messageKey, answer } of entries) {
    const sent = book.sent.get(messageKey.replace(/\|o$/, ''))
    if (sent === undefined) continue
    const answers = sent.answers.filter(({ rrn }) => rrn === '' || rrn === answer?.rrn)
    const first = Math.min(...answers.map(({ at }) => at))
    must(first >= latestSent, `${messageKey} was answered before ${of} was sent, but follows it`)
    if (sent.sentAt > latestSent) {
      latestSent = sent.sentAt
      of = messageKey
    }
  }
}

/** Every entry is a sent message, or follows from one. */
export function checkSent(book: Book, streams: readonly Stream[]): void {
  for (const { entries } of streams)
    for (const { messageKey, kind } of entries) {
      const key = messageKey.replace(FOLLOW_UP, '')
      must(kind === 'provision' || book.sent.has(key), `${messageKey} was never sent`)
    }
}

/** The same messages stand at the acquirer and here. A difference has a case. */
export function checkAcquirer(ledger: Ledger, storage: Storage, streams: readonly Stream[]): void {
  const transactions = new Map<string, Transaction>()
  for (const { model } of streams)
    for (const transaction of model.transactions.values()) transactions.set(transaction.key, transaction)
  const ours = new Map<string, Transaction>()
  const messages = storage.rows(
    'select message_key, kind, terminal_id, batch_number, acquirer_stan from acquirer_record',
  )
  for (const { message_key, kind, terminal_id, batch_number, acquirer_stan } of messages) {
    const transaction = transactions.get(String(message_key))
    if (transaction !== undefined)
      ours.set(`${kind} ${terminal_id} ${batch_number} ${acquirer_stan}`, transaction)
  }
  for (const item of ledger.items()) {
    const slot = `${item.of} ${item.terminalId} ${item.batchNumber} ${item.stan}`
    const transaction = ours.get(slot)
    must(transaction !== undefined, `the acquirer has ${slot}, which is unknown here`)
    ours.delete(slot)
    const agrees = (item.state === 'approved') === (transaction.state === 'approved')
    must(
      agrees || transaction.caseState === 'open',
      `${transaction.key} is ${transaction.state}, at the acquirer ${item.state}`,
    )
  }
  for (const transaction of ours.values())
    must(transaction.state !== 'approved', `${transaction.key} is approved, but unknown at the acquirer`)
  for (const transaction of transactions.values())
    must(
      !transaction.isForwarded ||
        transaction.caseState === 'open' ||
        ['approved', 'declined', 'reversed'].includes(transaction.state),
      `${transaction.key} is still ${transaction.state} without a case`,
    )
}

/** Messages on which the acquirer and we do not agree, and may without a person. */
export const unsettledAtAcquirer = (storage: Storage): Row[] =>
  storage.rows(
    `select message_key, state, case_reason from acquirer_record
     where next_at is not null and case_reason is not 'reversal_refused'`,
  )

/** A returning acquirer is believed: cases without an answer from it end by themselves. */
export function checkAgreed(storage: Storage): void {
  const unsettled = unsettledAtAcquirer(storage)
  same(unsettled.length, 0, `still queued at an acquirer that answers: ${JSON.stringify(unsettled)}`)
}
