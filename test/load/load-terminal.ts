/**
 * @module A terminal under load. It has one job at a time and loses some answers. A message without an answer is sent again or
 * reversed before anything else.
 */

import { isReversed } from '../../src/terminal/check-answer.ts'
import { reversalRequest, saleRequest, voidRequest } from '../../src/terminal/messages.ts'
import { type LogEntry, type TerminalState, takeStan } from '../../src/terminal/state.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { inquire } from './inquire.ts'
import { type LoadMessage, nameOf, type ReceivedAnswer } from './ledger.ts'
import type { LoadHarness } from './load-harness.ts'
import type { MixKind } from './mix.ts'
import type { TerminalLine } from './terminal-line.ts'

/** How often a message of a storm is sent at once. */
const STORM = 10
/** The last messages, of which copies and inquiries choose one. */
const KEPT = 4

interface Sent {
  readonly message: LoadMessage
  readonly frame: Uint8Array
}

export class LoadTerminal {
  readonly state: TerminalState
  readonly line: TerminalLine
  readonly #harness: LoadHarness
  /** Sales that can be voided, the oldest first. */
  readonly #sales: LoadMessage[] = []
  /** Messages without an answer that the terminal got. */
  #unsettled: Sent[] = []
  readonly #recent: Sent[] = []

  constructor(harness: LoadHarness, line: TerminalLine) {
    this.#harness = harness
    this.line = line
    this.state = line.state
  }

  get canVoid(): boolean {
    return this.#sales.length > 0
  }

  /** Sales that can be voided. */
  get saleCount(): number {
    return this.#sales.length
  }

  /** Does one job. An outstanding message comes first, and a job that is not possible yet becomes a sale. */
  async perform(kind: MixKind, dueAt: number): Promise<void> {
    const [open] = this.#unsettled
    if (open !== undefined) return this.#resolve(open, dueAt)
    const sale = this.#sales.at(-1)
    const one = this.#recent[this.#harness.random.below(Math.max(this.#recent.length, 1))]
    const last = this.#recent.at(-1)
    if (kind === 'sign-on') return this.line.signOn(dueAt)
    if (kind === 'late') return this.#late(dueAt)
    if (kind === 'void' && sale !== undefined) return this.#void(sale, 'void', dueAt)
    if (kind === 'rival' && sale !== undefined)
      return void (await Promise.all([this.#void(sale, 'rival', dueAt), this.#void(sale, 'rival', dueAt)]))
    if (kind === 'copy' && one !== undefined) return void (await this.#send(one, 'copy', dueAt))
    if (kind === 'inquiry' && one !== undefined) return inquire(this.#harness, this.state, one.message, dueAt)
    if (kind === 'reversal' && last !== undefined && mayReverse(last.message))
      return void (await this.#reverse(last, 'reversal', dueAt))
    await this.#transmit(this.#new('sale', null), 'sale', dueAt)
  }

  /** A void of the oldest sale. Once sixteen are younger, an isolate has to load it. */
  async voidOldest(dueAt: number): Promise<void> {
    const [sale] = this.#sales
    if (sale !== undefined) await this.#void(sale, 'void', dueAt)
  }

  /** Sends outstanding messages again until each has an answer. False when some have none. */
  async settle(tries: number): Promise<boolean> {
    const { now, sleep } = this.#harness
    for (let left = tries; left > 0; left--) {
      const [open] = this.#unsettled
      if (open === undefined) return true
      const isDone = open.message.isReversing
        ? await this.#reverse(open, 'reversal', now())
        : (await this.#transmit(open, 'copy', now(), 0)) !== null
      if (!isDone) await sleep(200)
    }
    return this.#unsettled.length === 0
  }

  /** Sends the last messages again. Each still has its answer. */
  async repeat(tries: number): Promise<void> {
    const { now, sleep, ledger } = this.#harness
    for (const sent of this.#recent) {
      let isAnswered = false
      for (let left = tries; left > 0 && !isAnswered; left--) {
        isAnswered = (await this.#send(sent, 'copy', now())).some((answer) => answer !== null)
        if (!isAnswered) await sleep(200)
      }
      const what = () => `a copy of ${nameOf(sent.message)} got no answer in ${tries} tries`
      if (!ledger.check('same message, same answer', isAnswered, what)) return
    }
  }

  async #void(sale: LoadMessage, name: 'void' | 'rival', dueAt: number): Promise<void> {
    const at = this.#sales.indexOf(sale)
    if (at >= 0) this.#sales.splice(at, 1)
    await this.#transmit(this.#new('void', sale), name, dueAt)
  }

  /** The reversal arrives before its sale, which must have no effect then. */
  async #late(dueAt: number): Promise<void> {
    const sent = this.#new('sale', null)
    this.#unsettled.push(sent)
    if (await this.#reverse(sent, 'late', dueAt)) await this.#transmit(sent, 'copy', this.#harness.now())
  }

  async #resolve(open: Sent, dueAt: number): Promise<void> {
    const { message } = open
    if (message.isReversing || this.#harness.random.below(2) === 0)
      return void (await this.#reverse(open, 'reversal', dueAt))
    await this.#transmit(open, message.first === null ? message.kind : 'copy', dueAt)
  }

  #new(kind: 'sale' | 'void', sale: LoadMessage | null): Sent {
    const { random, ledger } = this.#harness
    const { batchNumber, terminalId } = this.state
    // One sale in forty is declined by its issuer.
    const amount = sale?.entry.amount ?? 100 * (1 + random.below(900)) + (random.below(40) === 0 ? 51 : 0)
    const pan = sale?.entry.pan ?? testCard(random.below(1000))
    const common = {
      kind,
      batchNumber,
      stan: takeStan(this.state),
      amount,
      pan,
      status: 'unanswered',
    } as const
    const entry: LogEntry = sale === null ? common : { ...common, originalStan: sale.entry.stan }
    const request =
      sale === null ? saleRequest(this.state, entry) : voidRequest(this.state, entry, asAnswered(sale))
    return { message: ledger.enter(terminalId, entry, sale), frame: this.line.signed(request) }
  }

  /** Sends a frame, ten times at once in a storm. Returns the answer that the terminal got. `lose`: the share that it loses. */
  async #transmit(
    sent: Sent,
    name: string,
    dueAt: number,
    lose = this.#harness.lose,
  ): Promise<ReceivedAnswer | null> {
    const { random } = this.#harness
    const answers = await this.#send(sent, name, dueAt)
    const got = answers.find((answer) => answer !== null) ?? null
    const isLost = got === null || random.below(1_000_000) < 1_000_000 * lose
    this.#note(sent, isLost)
    return isLost ? null : got
  }

  /** Sends a frame and enters each answer in the ledger. The message of a copy is settled, and stays so. */
  #send({ message, frame }: Sent, name: string, dueAt: number): Promise<(ReceivedAnswer | null)[]> {
    return this.#repeat(async (nth) => {
      const measuring = { name: nth === 0 ? name : 'copy', dueAt, what: nameOf(message) }
      const { answer, sentAt } = await this.line.exchange(frame, measuring)
      if (answer !== null) this.#harness.ledger.answered(message, answer, sentAt)
      return answer
    })
  }

  /** Once, or ten times at once in a storm. */
  #repeat<T>(send: (nth: number) => Promise<T>): Promise<T[]> {
    return Promise.all(Array.from({ length: this.#harness.isStorm ? STORM : 1 }, (_, nth) => send(nth)))
  }

  /** Puts a message where the next jobs find it. */
  #note(sent: Sent, isOpen: boolean): void {
    const { message } = sent
    this.#forget(message)
    if (isOpen) {
      this.#unsettled.push(sent)
      return
    }
    const isNew = this.#recent.every((one) => one.message !== message)
    if (isNew && (message.first?.isApproved || message.reversedAt !== null)) this.#recent.push(sent)
    if (this.#recent.length > KEPT) this.#recent.shift()
    this.#offer(message.sale ?? message)
  }

  #forget(message: LoadMessage): void {
    this.#unsettled = this.#unsettled.filter((one) => one.message !== message)
  }

  /** A sale can be voided while it stands, and no void of it stands or is open. */
  #offer(sale: LoadMessage): void {
    const { ledger } = this.#harness
    const at = this.#sales.indexOf(sale)
    const isFree =
      ledger.stands(sale) === true &&
      sale.voids.every((one) => ledger.stands(one) === false) &&
      !this.#unsettled.some(({ message }) => message.sale === sale || message === sale)
    if (isFree && at < 0) this.#sales.push(sale)
    if (!isFree && at >= 0) this.#sales.splice(at, 1)
  }

  /** True when the reversal is answered. */
  async #reverse(sent: Sent, name: string, dueAt: number): Promise<boolean> {
    const { ledger } = this.#harness
    const { message } = sent
    const { sale, entry } = message
    const original = sale === null ? undefined : asAnswered(sale)
    const frame = this.line.signed(reversalRequest(this.state, entry, original, '98'))
    ledger.reversing(message)
    const what = `the reversal of ${nameOf(message)}`
    const exchanges = await this.#repeat((nth) =>
      this.line.exchange(frame, { name: nth === 0 ? name : 'copy', dueAt, what }),
    )
    const done = exchanges.find(({ answer }) => answer !== null && isReversed(answer.code))
    this.#forget(message)
    if (done === undefined) {
      this.#unsettled.push(sent)
      return false
    }
    ledger.reversed(message, done.doneAt)
    this.#offer(sale ?? message)
    return true
  }
}

/** A void has the RRN of its sale, as the terminal got it. */
const asAnswered = ({ entry, first }: LoadMessage): LogEntry =>
  first?.rrn == null ? entry : { ...entry, rrn: first.rrn }

function mayReverse({ isReversing, kind, voids, first }: LoadMessage): boolean {
  const hasVoid = kind === 'sale' && voids.some((one) => one.reversedAt === null)
  return !isReversing && !hasVoid && first?.isApproved === true
}
