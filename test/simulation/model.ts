/**
 * @module The rules of a terminal's journal: a small sequential model of sales, voids, reversals, settlements
 * and the acquirer's answers. It takes the entries in order and checks each. It shares no code with the
 * decisions.
 */

import type { JournalEntry } from '../../src/domain/types.ts'
import { addTo, type BatchTotals, digits, fieldOf, newBatch } from './batch-totals.ts'
import { isLate, mayUndoOld, sandboxCode } from './model-rules.ts'
import { type Policy, USUAL_POLICY, windowOf } from './policies.ts'
import type { Transaction } from './transaction.ts'

/** After this time without an answer the message is given up. */
const GIVE_UP_MS = 60_000
/** After this time a person must know. */
const DECIDE_MS = 180_000

/** The parts of a terminal's message key, by their places. */
export const partsOf = (key: string) => ({
  terminalId: key.slice(0, 8),
  batch: key.slice(8, 14),
  stan: key.slice(14, 20),
})

const isUndecided = ({ state }: Transaction): boolean => state === 'pending' || state === 'undoing'

/** The suffix of the key of an entry that follows a claim. */
export const FOLLOW_UP = /\|(o|give_up|acquirer_undone|case\|\w+)$/

export class Model {
  readonly transactions = new Map<string, Transaction>()
  /** Messages that can no longer have an effect. */
  readonly reversed = new Map<string, 'reversed' | 'tombstone'>()
  readonly batches = new Map<string, BatchTotals>()
  readonly #keys = new Set<string>()
  readonly #byId = new Map<string, Transaction>()
  readonly #hasAcquirer: boolean
  readonly #targets: ReadonlyMap<string, string>
  #open = ''
  /** The number of the latest sale or void that the terminal itself sent. */
  #ownSeq = 0

  /**
   * `hasAcquirer`: only the acquirer approves messages of a terminal or merchant. `targets`: the targets of
   * the JSON API's reversals. A terminal's reversal has the key of its target with another kind.
   */
  constructor(hasAcquirer: boolean, targets: ReadonlyMap<string, string>) {
    this.#hasAcquirer = hasAcquirer
    this.#targets = targets
    this.#openBatch('000001')
  }

  /** Whether a message's effect stands. */
  stands(key: string): boolean {
    return this.transactions.get(key)?.state === 'approved'
  }

  /** Takes the next entry of the journal, with the settings in force. Throws when it breaks the rules. */
  take(entry: JournalEntry, policy: Policy = USUAL_POLICY): void {
    const { messageKey, kind } = entry
    this.#must(!this.#keys.has(messageKey), entry, 'a second entry under its key')
    this.#keys.add(messageKey)
    const followUp = FOLLOW_UP.exec(messageKey)
    if (followUp !== null) this.#followUp(entry, messageKey.slice(0, followUp.index))
    else if (kind === 'sale' || kind === 'sale_claim') this.#sale(entry, policy)
    else if (kind === 'void' || kind === 'void_claim') this.#void(entry)
    else if (kind === 'sale_reversal' || kind === 'void_reversal') this.#reversal(entry, policy)
    else if (kind === 'settlement' || kind === 'upload_end') this.#settlement(entry)
    else this.#must(kind === 'provision', entry, `of kind ${kind}`)
  }

  #must(holds: boolean, { messageKey, seq }: JournalEntry, why: string): asserts holds {
    if (!holds) throw new Error(`journal entry ${seq} (${messageKey}): ${why}`)
  }

  #openBatch(number: string): void {
    this.batches.set(number, newBatch())
    this.#open = number
  }

  #batch(number: string): BatchTotals {
    const batch = this.batches.get(number)
    if (batch === undefined) throw new Error(`batch ${number} was never open`)
    return batch
  }

  #add(
    entry: JournalEntry,
    transaction: Pick<Transaction, 'kind' | 'id' | 'amount' | 'batch' | 'at' | 'sale'>,
  ): Transaction {
    const { messageKey: key, answer } = entry
    this.#must(!this.reversed.has(key), entry, 'was reversed before')
    const isForwarded = answer === null
    const isCaptured = transaction.kind === 'sale' && entry.door === 'json'
    const mustBeForwarded = this.#hasAcquirer && !isCaptured && answer?.reason == null
    this.#must(isForwarded === mustBeForwarded, entry, `was ${isForwarded ? '' : 'not '}forwarded`)
    const state = isForwarded ? 'pending' : answer.reason === null ? 'approved' : 'declined'
    const { seq, at: answeredAt, door } = entry
    const flags: Omit<Transaction, keyof typeof transaction | 'key' | 'state'> = {
      answeredAt,
      seq,
      isForwarded,
      isAnswered: !isForwarded,
      caseState: 'none',
      since: transaction.at,
      liveVoid: null,
      isOwn: false,
      until: Number.POSITIVE_INFINITY,
    }
    if (door === 'terminal') this.#ownSeq = seq
    const entered: Transaction = { ...transaction, key, state, ...flags }
    this.transactions.set(key, entered)
    if (transaction.id !== '') this.#byId.set(transaction.id, entered)
    return entered
  }

  /** Adds to the totals (1) or subtracts from them (−1). */
  #count(transaction: Transaction, sign: 1 | -1): void {
    addTo(this.#batch(transaction.batch), transaction, sign)
  }

  /** Whether the batch of a message is open. */
  #isOpen(transaction: Transaction | undefined): transaction is Transaction {
    return transaction !== undefined && transaction.batch !== '' && this.#batch(transaction.batch).isOpen
  }

  /** Counts an approved message. The terminal has its own ones and the sales that were captured for it. */
  #book(transaction: Transaction): void {
    this.#count(transaction, 1)
    if (transaction.kind === 'sale' || !transaction.key.includes('|')) this.#own(transaction, 1)
  }

  /** Adds to the terminal's own totals (1) or subtracts from them (−1). */
  #own(transaction: Transaction, sign: 1 | -1): void {
    addTo(this.#batch(transaction.batch).own, transaction, sign)
    transaction.isOwn = sign === 1
  }

  /** The terminal takes out what it reverses, and with a sale its voids. */
  #takeOut(transaction: Transaction): void {
    for (const one of this.transactions.values())
      if ((one === transaction || one.sale === transaction) && one.isOwn) this.#own(one, -1)
  }

  #sale(entry: JournalEntry, policy: Policy): void {
    const { messageKey: key, answer, request, effects, door } = entry
    const batch = partsOf(key).batch
    const amount = Number(door === 'json' ? request.amount : request[4])
    const sale = effects.sale ?? effects.claimedSale
    this.#must(batch === this.#open, entry, 'was not of the open batch')
    if (door === 'terminal' && answer !== null)
      this.#must(answer.responseCode === sandboxCode(amount), entry, 'is not the acquirer’s answer')
    const at = sale?.soldAt ?? 0
    const transaction = this.#add(entry, { kind: 'sale', id: sale?.id ?? '', amount, batch, at, sale: null })
    transaction.until = windowOf(at, policy)
    const promised = sale === undefined ? transaction.until : (sale.voidableUntil ?? Number.POSITIVE_INFINITY)
    this.#must(promised === transaction.until, entry, `promises a void until ${promised}`)
    if (transaction.state === 'approved') this.#book(transaction)
  }

  /** The reason to refuse a void of this sale, or null. */
  #refusal(sale: Transaction | undefined, at: number, amount: number): string | null {
    if (sale === undefined) return 'original_not_found'
    if (!sale.isAnswered) return isUndecided(sale) ? 'outcome_pending' : 'original_not_found'
    if (sale.state === 'declined') return 'original_not_approved'
    if (sale.state !== 'approved') return 'original_reversed'
    if (sale.liveVoid !== null)
      return sale.liveVoid.state === 'approved' ? 'original_already_voided' : 'outcome_pending'
    if (!this.#batch(sale.batch).isOpen) return 'original_settled'
    if (at >= sale.until) return 'window_expired'
    return amount === sale.amount ? null : 'amount_differs'
  }

  #void(entry: JournalEntry): void {
    const { messageKey: key, answer, request, door, effects, at } = entry
    const { terminalId, batch } = partsOf(key)
    const field61 = request[61] ?? ''
    const named = `${terminalId}${field61.slice(0, 6)}${field61.slice(6, 12)}s`
    const sale = door === 'json' ? this.#byId.get(request.saleId ?? '') : this.transactions.get(named)
    // A void without an amount means the amount of its sale.
    const amount = Number(door === 'json' ? request.amount : (request[4] ?? sale?.amount))
    const refusal = this.#refusal(sale, at, amount)
    const reason = answer === null ? null : answer.reason
    this.#must(reason === refusal, entry, `answered ${reason}, but the rules give ${refusal}`)
    const id = effects.voidRecord?.id ?? ''
    const of = sale ?? null
    const transaction = this.#add(entry, { kind: 'void', id, amount, batch: of?.batch ?? '', at, sale: of })
    if (refusal !== null || of === null) return
    this.#must(amount === of.amount, entry, 'is not for the full amount')
    if (door === 'terminal') this.#must(batch === this.#open, entry, 'was not of the open batch')
    of.liveVoid = transaction
    if (transaction.state === 'approved') this.#book(transaction)
  }

  /** The outcome of a message that was forwarded to the acquirer. */
  #followUp(entry: JournalEntry, key: string): void {
    const transaction = this.transactions.get(key)
    this.#must(transaction?.isForwarded === true, entry, 'follows no claim')
    const { kind, answer, at, effects } = entry
    if (kind === 'give_up') {
      this.#must(
        transaction.state === 'pending' && at >= transaction.at + GIVE_UP_MS,
        entry,
        `given up while ${transaction.state}`,
      )
      this.#move(transaction, 'undoing')
    } else if (kind === 'acquirer_undone') {
      this.#must(transaction.state === 'reversing', entry, `undone while ${transaction.state}`)
      this.#end(transaction, 'reversed')
    } else if (kind === 'case') {
      const reason = effects.acquirerMoves?.find(({ messageKey }) => messageKey === key)?.caseReason
      this.#must(
        isUndecided(transaction) || transaction.state === 'reversing',
        entry,
        `a case while ${transaction.state}`,
      )
      this.#must(
        reason === 'reversal_refused' || at >= transaction.since + DECIDE_MS,
        entry,
        'a case before its time',
      )
      transaction.caseState = 'open'
    } else {
      this.#must(isUndecided(transaction), entry, `its outcome while ${transaction.state}`)
      this.#must(answer !== null && kind === transaction.kind, entry, 'an outcome without an answer')
      transaction.isAnswered = true
      transaction.answeredAt = at
      if (answer.reason !== null) {
        this.#end(transaction, 'declined')
        return
      }
      this.#must(this.#batch(transaction.batch).isOpen, entry, 'approved though its batch was closed')
      this.#move(transaction, 'approved')
      this.#book(transaction)
    }
  }

  /** An agreement with the acquirer ends a case. The next move removes it. */
  #move(transaction: Transaction, state: Transaction['state']): void {
    transaction.state = state
    if (transaction.caseState === 'closed') transaction.caseState = 'none'
    else if (transaction.caseState === 'open' && ['approved', 'declined', 'reversed'].includes(state))
      transaction.caseState = 'closed'
  }

  #end(transaction: Transaction, state: 'declined' | 'reversed'): void {
    this.#move(transaction, state)
    if (transaction.sale?.liveVoid === transaction) transaction.sale.liveVoid = null
  }

  #undo(transaction: Transaction, at: number): void {
    if (transaction.state === 'approved') this.#count(transaction, -1)
    this.reversed.set(transaction.key, 'reversed')
    transaction.since = at
    if (transaction.isForwarded) this.#move(transaction, 'reversing')
    else this.#end(transaction, 'reversed')
  }

  #reversal(entry: JournalEntry, { lateReversals }: Policy): void {
    const { messageKey, answer, door, effects } = entry
    const key = this.#targets.get(messageKey) ?? messageKey.replace(/r$/, '')
    const transaction = this.transactions.get(key)
    const isLive = transaction !== undefined && !this.reversed.has(key) && transaction.state !== 'declined'
    this.#must(answer !== null, entry, 'has no answer')
    if (isLive && !this.#batch(transaction.batch).isOpen) {
      this.#must(answer.reason === 'reversal_too_late', entry, `answered ${answer.reason}, but is late`)
      return
    }
    const isOld = isLive && isLate(entry, transaction, this.#ownSeq)
    this.#must(!isOld || mayUndoOld(entry), entry, 'undid an old void by JSON')
    if (isOld && door === 'terminal' && lateReversals === 'refuse') {
      this.#must(answer.reason === 'reversal_too_old', entry, `answered ${answer.reason}, but is late`)
      return
    }
    const isMarked = isOld && door === 'terminal'
    this.#must((effects.voidMoved?.reversedLate === true) === isMarked, entry, 'is late, or has the mark')
    this.#must(answer.responseCode === '00', entry, `answered ${answer.responseCode}, not 00`)
    if (transaction === undefined && !this.reversed.has(key)) this.reversed.set(key, 'tombstone')
    if (door === 'terminal' && this.#isOpen(transaction)) this.#takeOut(transaction)
    if (!isLive) return
    this.#undo(transaction, entry.at)
    const { liveVoid } = transaction
    if (liveVoid !== null && liveVoid.state !== 'reversing') this.#undo(liveVoid, entry.at)
  }

  #settlement(entry: JournalEntry): void {
    const totals = fieldOf(this.#batch(this.#open).own)
    if (entry.kind === 'settlement')
      this.#must(entry.answer?.totals?.slice(0, 31) === `${totals}1`, entry, 'answered with other totals')
    const open = [...this.transactions.values()].filter(
      (transaction) => isUndecided(transaction) && transaction.caseState === 'none',
    )
    this.#must(open.length === 0, entry, `closed the batch while ${open[0]?.key} was not decided`)
    this.#batch(this.#open).isOpen = false
    this.#openBatch(digits((Number(this.#open) % 999_999) + 1, 6))
  }
}
