/**
 * @module The load's own books. They know each message and each answer, the lost ones too, and check the rules while the load
 * runs. They know nothing of the service but its answers.
 */

import { NO_TOTALS } from '../../src/domain/money.ts'
import type { Totals } from '../../src/domain/totals.ts'
import type { LogEntry } from '../../src/terminal/state.ts'

/** The rules, in the order of the report. */
export const INVARIANTS = [
  'one live void per sale',
  'same message, same answer',
  'a reversed message has no effect',
  'a reference number names one message',
  'each answer is valid',
  'an inquiry agrees with the answers',
  'totals of the batch',
  'rows of sales and voids',
  'chains of the journal',
] as const
export type Invariant = (typeof INVARIANTS)[number]

export interface LoadViolation {
  readonly invariant: Invariant
  readonly what: string
}

/** The checked part of an answer. */
export interface ReceivedAnswer {
  readonly isApproved: boolean
  /** Field 39. */
  readonly code: string
  readonly rrn: string | null
  /** The frame without length and addresses. */
  readonly bytes: Uint8Array
}

/** A sale or void of a terminal. */
export interface LoadMessage {
  readonly terminalId: string
  readonly kind: 'sale' | 'void'
  readonly entry: LogEntry
  /** The sale that a void names. */
  readonly sale: LoadMessage | null
  /** The first answer, whether or not the terminal got it. */
  first: ReceivedAnswer | null
  /** A reversal of it was sent. */
  isReversing: boolean
  /** When its reversal was answered as done, in milliseconds; null before. */
  reversedAt: number | null
  /** The voids of a sale that were approved. */
  readonly voids: LoadMessage[]
}

export const nameOf = ({ terminalId, kind, entry }: LoadMessage): string =>
  `${terminalId} ${kind} ${entry.batchNumber} ${entry.stan}`

/** The violations that are kept with their words. The others are only counted. */
const MOST_KEPT = 100

export interface LedgerOptions {
  /** Milliseconds for which another isolate may repeat an answer after a reversal (reliability.md §5). */
  readonly graceMs: number
}

export class LoadLedger {
  readonly #graceMs: number
  readonly checked = Object.fromEntries(INVARIANTS.map((name) => [name, 0])) as Record<Invariant, number>
  readonly violations: LoadViolation[] = []
  violationCount = 0
  readonly messages: LoadMessage[] = []
  readonly #byRrn = new Map<string, LoadMessage>()
  readonly #byTerminal = new Map<string, LoadMessage[]>()

  constructor({ graceMs }: LedgerOptions) {
    this.#graceMs = graceMs
  }

  /** A new message, before it is sent. */
  enter(terminalId: string, entry: LogEntry, sale: LoadMessage | null): LoadMessage {
    const message: LoadMessage = {
      terminalId,
      kind: entry.kind,
      entry,
      sale,
      first: null,
      isReversing: false,
      reversedAt: null,
      voids: [],
    }
    this.messages.push(message)
    const own = this.#byTerminal.get(terminalId) ?? []
    own.push(message)
    this.#byTerminal.set(terminalId, own)
    return message
  }

  check(invariant: Invariant, holds: boolean, what: () => string): boolean {
    this.checked[invariant]++
    if (holds) return true
    this.violationCount++
    if (this.violations.length < MOST_KEPT) this.violations.push({ invariant, what: what() })
    return false
  }

  /** An answer to a message that was sent at `sentAt`. */
  answered(message: LoadMessage, answer: ReceivedAnswer, sentAt: number): void {
    const { first, reversedAt } = message
    // Only an answer that was given before can be repeated from memory.
    const graceMs = first === null ? 0 : this.#graceMs
    const isOver = reversedAt !== null && sentAt >= reversedAt + graceMs
    if (isOver)
      this.check(
        'a reversed message has no effect',
        !answer.isApproved,
        () => `${nameOf(message)} was approved after its reversal`,
      )
    if (first === null) {
      message.first = answer
      if (answer.isApproved) this.#approved(message, answer)
      return
    }
    const isSame = first.isApproved
      ? Buffer.from(first.bytes.buffer, first.bytes.byteOffset, first.bytes.length).equals(answer.bytes)
      : first.code === answer.code
    this.check(
      'same message, same answer',
      isSame || (message.isReversing && !answer.isApproved),
      () => `${nameOf(message)} got ${shown(first)}, then ${shown(answer)}`,
    )
  }

  #approved(message: LoadMessage, { rrn }: ReceivedAnswer): void {
    const other = this.#byRrn.get(rrn ?? '')
    this.check(
      'a reference number names one message',
      rrn !== null && other === undefined,
      () =>
        `${nameOf(message)} has the RRN ${rrn}, as ${other === undefined ? 'no message may' : nameOf(other)}`,
    )
    this.#byRrn.set(rrn ?? '', message)
    const { sale } = message
    if (sale === null) return
    const live = sale.voids.filter((one) => !one.isReversing)
    sale.voids.push(message)
    this.check(
      'one live void per sale',
      live.length === 0 && sale.reversedAt === null,
      () =>
        `${nameOf(message)} was approved, and ${nameOf(sale)} ${
          sale.reversedAt === null ? `has the void ${live[0]?.entry.stan}` : 'is reversed'
        }`,
    )
  }

  /** A reversal is sent. From now on copies of its target may be refused. */
  reversing(message: LoadMessage): void {
    message.isReversing = true
  }

  reversed(message: LoadMessage, at: number): void {
    message.reversedAt ??= at
  }

  /** Whether the sale or void has its effect, by its answers. Null: nobody knows yet. */
  stands(message: LoadMessage): boolean | null {
    if (message.reversedAt !== null) return false
    if (message.isReversing || message.first === null) return null
    return message.first.isApproved
  }

  /** The totals of a terminal’s batch. Null: an outcome is missing, so nothing can be compared. */
  totalsOf(terminalId: string, batchNumber: string): Totals | null {
    let totals = NO_TOTALS
    for (const message of this.#byTerminal.get(terminalId) ?? []) {
      const { kind, entry } = message
      if (entry.batchNumber !== batchNumber) continue
      const isLive = this.stands(message)
      if (isLive === null) return null
      if (isLive) totals = plus(totals, kind, entry.amount)
    }
    return totals
  }

  /** The totals of each batch that has a message, by terminal and batch. */
  totals(): Map<string, Totals | null> {
    const all = new Map<string, Totals | null>()
    for (const { terminalId, entry } of this.messages) {
      const batch = `${terminalId} ${entry.batchNumber}`
      if (!all.has(batch)) all.set(batch, this.totalsOf(terminalId, entry.batchNumber))
    }
    return all
  }
}

const shown = ({ isApproved, code, rrn }: ReceivedAnswer): string =>
  `${isApproved ? 'an approval' : 'a refusal'} ${code} with RRN ${rrn ?? 'none'}`

const plus = (totals: Totals, kind: 'sale' | 'void', amount: number): Totals =>
  kind === 'sale'
    ? { ...totals, debitAmount: totals.debitAmount + amount, debitCount: totals.debitCount + 1 }
    : { ...totals, creditAmount: totals.creditAmount + amount, creditCount: totals.creditCount + 1 }
