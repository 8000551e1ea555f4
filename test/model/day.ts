/** @module A day: each command runs through the pipeline, and its answer and the tables match the oracle. */

import { isDeepStrictEqual } from 'node:util'
import type { Acquirer } from '../../src/acquirer/port.ts'
import { sandbox } from '../../src/acquirer/sandbox.ts'
import type { Answer } from '../../src/domain/types.ts'
import type { Outcome } from '../../src/pipeline/types.ts'
import type { Row } from '../simulation/platform/d1.ts'
import { TestService } from '../support/test-service.ts'
import { AcquirerOracle } from './acquirer-oracle.ts'
import { Books, count, isLive, type Transaction } from './books.ts'
import type { Command } from './commands.ts'
import type { Knowledge } from './knowledge.ts'
import { messageFor, messageOf, type PreparedMessage } from './messages.ts'
import { type Expected, Oracle } from './oracle.ts'
import { Twin } from './twin.ts'

export const inOrder = (rows: Iterable<Row>): Row[] =>
  [...rows].map((row) => ({ ...row })).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))

/** Throws unless both are equal. */
export function same(found: unknown, expected: unknown, what: string): void {
  if (!isDeepStrictEqual(found, expected))
    throw new Error(`${what}: found ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`)
}

/** Never called: here the commands give the acquirer's answers. */
const REMOTE: Acquirer = {
  ...sandbox,
  isRemote: true,
  ask: () => Promise.reject(new Error('unexpected request to the acquirer')),
}

const isUnsettled = ({ state }: Transaction): boolean => ['pending', 'undoing', 'reversing'].includes(state)

/** The totals in a half of field 48. */
const PARTS = [
  [0, 12],
  [12, 15],
  [15, 27],
  [27, 30],
] as const

export class Day {
  readonly #service: TestService
  readonly #twin: Twin | null
  readonly #books: Books
  readonly #oracle: Oracle
  readonly #acquirer: AcquirerOracle
  readonly #tally: Map<string, number>
  /** First answers by message key. */
  readonly #firstAnswers = new Map<string, Answer>()
  readonly #sent: PreparedMessage[] = []
  #number = 0

  /** `tally` counts the outcomes, by name. `hasTwin`: another service, in which no row at the acquirer goes, must answer the same. */
  constructor(isRemote: boolean, tally: Map<string, number>, hasTwin = false) {
    this.#service = new TestService(isRemote ? REMOTE : sandbox)
    this.#twin = hasTwin ? new Twin(this.#service, new TestService(REMOTE), tally) : null
    this.#books = new Books(tally)
    this.#oracle = new Oracle(isRemote, this.#books)
    this.#acquirer = new AcquirerOracle(this.#books)
    this.#tally = tally
  }

  /** Throws on the first difference. */
  async run(commands: readonly Command[]): Promise<void> {
    try {
      await this.#do({ kind: 'provision', window: 'business_day' })
      for (const command of commands) await this.#do(command)
      // Every message again: a final answer does not change.
      for (const message of this.#sent) await this.#send(message)
      this.#compare()
      same(await this.#service.faultOfJournal(), null, 'the journal')
      await this.#twin?.compareReads()
    } finally {
      this.#service.close()
      this.#twin?.close()
    }
  }

  async #do(command: Command): Promise<void> {
    if (command.kind === 'wait') {
      this.#service.now += command.ms
      return
    }
    const again = command.kind === 'again' ? this.#sent.at(-1 - command.ago) : undefined
    if (again !== undefined) await this.#send(again)
    if (command.kind === 'again') return this.#compare()
    const message = messageFor(command, this.#knowledge(), this.#number)
    if (message === null) return
    this.#number++
    await this.#send(message)
    if (command.kind !== 'provision') this.#sent.push(message)
    this.#compare()
  }

  async #send(message: PreparedMessage): Promise<void> {
    const [service, oracle] = [this.#service, this.#oracle]
    const { request } = message
    const expected =
      request.kind === 'acquirer_event' || request.kind === 'case' || request.kind === 'reconciliation'
        ? this.#acquirer.apply(request, service.now)
        : oracle.apply(request, service.now)
    const outcome = await service.send(messageOf(message))
    await this.#twin?.send(message, outcome)
    this.#count(request.kind, outcome)
    this.#check(request.messageKey, expected, outcome)
    this.#updateNames()
  }

  #check(key: string, expected: Expected, outcome: Outcome): void {
    const what = `answer to ${key}`
    if (expected.kind === 'pending') {
      const found = outcome.kind === 'pending' ? { kind: 'pending', isNew: outcome.isNew } : outcome.kind
      same(found, expected, what)
      return
    }
    if (outcome.kind !== 'answered') throw new Error(`${what}: expected an answer, got ${outcome.kind}`)
    const { answer, replayed } = outcome
    if (expected.kind === 'replayed') {
      same([replayed, answer], [true, this.#firstAnswers.get(key)], what)
      return
    }
    same([replayed, answer.reason], [false, expected.reason], what)
    if (outcome.entry !== null) this.#firstAnswers.set(key, answer)
  }

  #count(kind: string, outcome: Outcome): void {
    const what =
      outcome.kind !== 'answered'
        ? outcome.kind
        : outcome.replayed
          ? 'replayed'
          : (outcome.answer.reason ?? 'approved')
    count(this.#tally, `${kind}: ${what}`)
  }

  /** Ids and RRNs that the service assigned. */
  #updateNames(): void {
    for (const { message_key, id, rrn } of this.#service.rows('select message_key, id, rrn from sale')) {
      const transaction = this.#books.transactions.get(String(message_key))
      if (transaction === undefined) throw new Error(`sale ${message_key} is unknown to the model`)
      transaction.id = String(id)
      transaction.rrn = String(rrn)
    }
  }

  #knowledge(): Knowledge {
    const [service, books] = [this.#service, this.#books]
    const { ownDebit: debit, ownCredit: credit } = books.batch(books.open)
    const find: Knowledge['find'] = (of, ago) => {
      // A sale captured after its reversal can be named by the acquirer alone.
      const isCandidate = ({ key, kind, isForwarded }: Transaction) =>
        of === 'sale' || of === 'void' ? kind === of && !/^[^|]{8}\d{12}[a-z]+\|/.test(key) : isForwarded
      const transactions = [...books.transactions.values()].filter(isCandidate)
      // The messages with the most possible events come last, as if they were the latest.
      const isEligible = (transaction: Transaction) => {
        if (of === 'case') return transaction.caseState === 'open'
        return of === 'forwarded'
          ? isUnsettled(transaction)
          : isLive(transaction) && books.liveVoid(transaction) === undefined
      }
      return [
        ...transactions.filter((transaction) => !isEligible(transaction)),
        ...transactions.filter(isEligible),
      ].at(-1 - ago)
    }
    return { open: books.open, now: service.now, debit, credit, find }
  }

  /** The tables match the oracle. */
  #compare(): void {
    const { transactions, reversed, batches, differences } = this.#books
    const all = [...transactions.values()]
    const table = (sql: string, expected: Iterable<Row>) =>
      same(inOrder(this.#service.rows(sql)), inOrder(expected), sql)
    table(
      'select message_key, status from sale',
      all
        .filter(({ kind, isAnswered }) => kind === 'sale' && isAnswered)
        .map(({ key, state }) => ({
          message_key: key,
          status: state === 'declined' ? 'declined' : 'approved',
        })),
    )
    table(
      'select void.message_key, void.state, sale.message_key as sale from void join sale on sale.id = sale_id',
      all
        .filter(({ kind }) => kind === 'void')
        .map(({ key, state, sale }) => ({ message_key: key, state, sale: sale?.key ?? '' })),
    )
    table(
      `select message_key, state, decide_by,
        iif(case_opened_at is null, 'none', iif(case_closed_at is null, 'open', 'closed')) as case_is,
        case_reason is 'record_differs' as is_difference, acquirer_status, acquirer_amount, moved_at from acquirer_record`,
      all
        .filter(({ isForwarded }) => isForwarded)
        .map((transaction) => ({
          message_key: transaction.key,
          state: transaction.state,
          decide_by: transaction.decideBy,
          case_is: transaction.caseState,
          is_difference: Number(transaction.isDifference),
          acquirer_status: transaction.acquirerStatus,
          acquirer_amount: transaction.acquirerAmount,
          moved_at: transaction.movedAt,
        })),
    )
    table(
      'select target_key, kind from reversal',
      [...reversed].map(([target_key, kind]) => ({ target_key, kind })),
    )
    table(
      `select batch_number, state, debit_amount, debit_count, credit_amount, credit_count,
        debit_amount - office_debit_amount as own_debit, debit_count - office_debit_count as own_debits,
        credit_amount - office_credit_amount as own_credit, credit_count - office_credit_count as own_credits
        from batch`,
      [...batches].map(([batch_number, { isOpen, debit, credit, ownDebit, ownCredit }]) => ({
        batch_number,
        state: isOpen ? 'open' : 'closed',
        debit_amount: debit[0],
        debit_count: debit[1],
        credit_amount: credit[0],
        credit_count: credit[1],
        own_debit: ownDebit[0],
        own_debits: ownDebit[1],
        own_credit: ownCredit[0],
        own_credits: ownCredit[1],
      })),
    )
    table(
      'select batch_number, declared from batch_difference',
      differences.map(({ batch: batch_number, declared }) => ({
        batch_number,
        declared:
          declared === null
            ? null
            : JSON.stringify(PARTS.map(([from, to]) => Number(declared.slice(from, to)))),
      })),
    )
  }
}
