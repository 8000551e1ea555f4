/** @module A day: each command goes down the road, and what comes of it is what the oracle said, in the answer and in the tables. */

import { isDeepStrictEqual } from 'node:util'
import type { Acquirer } from '../../src/acquirer/port.ts'
import { sandbox } from '../../src/acquirer/sandbox.ts'
import type { Answer } from '../../src/domain/types.ts'
import type { Outcome } from '../../src/pipeline/types.ts'
import type { Row } from '../simulation/platform/d1.ts'
import { TestService } from '../support/test-service.ts'
import { AcquirerOracle } from './acquirer-oracle.ts'
import { Books, count, type Deed, isLive } from './books.ts'
import type { Command } from './commands.ts'
import { type Asked, type Knowledge, messageFor, messageOf } from './messages.ts'
import { type Expected, Oracle } from './oracle.ts'

const inOrder = (rows: Iterable<Row>): Row[] =>
  [...rows].map((row) => ({ ...row })).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))

function same(found: unknown, expected: unknown, what: string): void {
  if (!isDeepStrictEqual(found, expected))
    throw new Error(`${what}: found ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`)
}

/** Never asked: here an acquirer says what the commands say. */
const REMOTE: Acquirer = {
  ...sandbox,
  isRemote: true,
  ask: () => Promise.reject(new Error('the acquirer is asked by no one')),
}

const isUnsettled = ({ state }: Deed): boolean => ['pending', 'undoing', 'reversing'].includes(state)

export class Day {
  readonly #house: TestService
  readonly #books: Books
  readonly #oracle: Oracle
  readonly #acquirer: AcquirerOracle
  readonly #tally: Map<string, number>
  /** First answers by message key. */
  readonly #answered = new Map<string, Answer>()
  readonly #asked: Asked[] = []
  #number = 0

  /** `tally` counts what the messages came to, by name. */
  constructor(isRemote: boolean, tally: Map<string, number>) {
    this.#house = new TestService(isRemote ? REMOTE : sandbox)
    this.#books = new Books(tally)
    this.#oracle = new Oracle(isRemote, this.#books)
    this.#acquirer = new AcquirerOracle(this.#books)
    this.#tally = tally
  }

  /** Throws what is not as it must be. */
  async run(commands: readonly Command[]): Promise<void> {
    try {
      await this.#do({ kind: 'provision', window: 'business_day' })
      for (const command of commands) await this.#do(command)
      // Everything that was asked, once more: what was final is final.
      for (const asked of this.#asked) await this.#send(asked)
      this.#compare()
      same(await this.#house.faultOfJournal(), null, 'the journal')
    } finally {
      this.#house.close()
    }
  }

  async #do(command: Command): Promise<void> {
    if (command.kind === 'wait') {
      this.#house.now += command.ms
      return
    }
    const again = command.kind === 'again' ? this.#asked.at(-1 - command.ago) : undefined
    if (again !== undefined) await this.#send(again)
    if (command.kind === 'again') return this.#compare()
    const asked = messageFor(command, this.#knowledge(), this.#number)
    if (asked === null) return
    this.#number++
    await this.#send(asked)
    if (command.kind !== 'provision') this.#asked.push(asked)
    this.#compare()
  }

  async #send(asked: Asked): Promise<void> {
    const [house, oracle] = [this.#house, this.#oracle]
    const { request } = asked
    const expected =
      request.kind === 'acquirer_event' || request.kind === 'case' || request.kind === 'reconciliation'
        ? this.#acquirer.hear(request, house.now)
        : oracle.take(request, house.now)
    const outcome = await house.send(messageOf(asked))
    this.#count(request.kind, outcome)
    this.#hear(request.messageKey, expected, outcome)
    this.#learn()
  }

  #hear(key: string, expected: Expected, outcome: Outcome): void {
    const what = `${key} was answered`
    if (expected.kind === 'pending') {
      const found = outcome.kind === 'pending' ? { kind: 'pending', isNew: outcome.isNew } : outcome.kind
      same(found, expected, what)
      return
    }
    if (outcome.kind !== 'answered') throw new Error(`${what}: nothing but ${outcome.kind}`)
    const { answer, replayed } = outcome
    if (expected.kind === 'replayed') {
      same([replayed, answer], [true, this.#answered.get(key)], what)
      return
    }
    same([replayed, answer.reason], [false, expected.reason], what)
    if (outcome.entry !== null) this.#answered.set(key, answer)
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

  /** Names that the service gave. */
  #learn(): void {
    for (const { message_key, id, rrn } of this.#house.rows('select message_key, id, rrn from sale')) {
      const deed = this.#books.deeds.get(String(message_key))
      if (deed === undefined) throw new Error(`sale ${message_key} was made by no one`)
      deed.id = String(id)
      deed.rrn = String(rrn)
    }
  }

  #knowledge(): Knowledge {
    const [house, books] = [this.#house, this.#books]
    const { debit, credit } = books.batch(books.open)
    const remember: Knowledge['remember'] = (of, ago) => {
      // What the feed told of after its reversal is named by the acquirer alone.
      const isMeant = ({ key, kind, isForwarded }: Deed) =>
        of === 'sale' || of === 'void' ? kind === of && key.split('|').length < 7 : isForwarded
      const deeds = [...books.deeds.values()].filter(isMeant)
      // Those to which most can still happen come as if they were the latest.
      const isRipe = (deed: Deed) => {
        if (of === 'case') return deed.caseIs === 'open'
        return of === 'forwarded' ? isUnsettled(deed) : isLive(deed) && books.liveVoid(deed) === undefined
      }
      return [...deeds.filter((deed) => !isRipe(deed)), ...deeds.filter(isRipe)].at(-1 - ago)
    }
    return { open: books.open, now: house.now, debit, credit, remember }
  }

  /** The tables say what the oracle says. */
  #compare(): void {
    const { deeds, reversed, batches } = this.#books
    const all = [...deeds.values()]
    const table = (sql: string, expected: Iterable<Row>) =>
      same(inOrder(this.#house.rows(sql)), inOrder(expected), sql)
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
        case_reason is 'record_differs' as is_difference, acquirer_status, acquirer_amount, moved_at from acquirer_message`,
      all
        .filter(({ isForwarded }) => isForwarded)
        .map((deed) => ({
          message_key: deed.key,
          state: deed.state,
          decide_by: deed.decideBy,
          case_is: deed.caseIs,
          is_difference: Number(deed.isDifference),
          acquirer_status: deed.acquirerStatus,
          acquirer_amount: deed.acquirerAmount,
          moved_at: deed.movedAt,
        })),
    )
    table(
      'select target_key, kind from reversal',
      [...reversed].map(([target_key, kind]) => ({ target_key, kind })),
    )
    table(
      'select batch_number, state, debit_amount, debit_count, credit_amount, credit_count from batch',
      [...batches].map(([batch_number, { isOpen, debit, credit }]) => ({
        batch_number,
        state: isOpen ? 'open' : 'closed',
        debit_amount: debit[0],
        debit_count: debit[1],
        credit_amount: credit[0],
        credit_count: credit[1],
      })),
    )
  }
}
