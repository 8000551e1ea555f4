/**
 * @module The expected outcome of each message: a small sequential model of one terminal, its sales and
 * voids, their reversals and settlements. It shares no code with the decisions and has no journal.
 */

import type { DeclineReason } from '../../src/domain/decline-reason.ts'
import { tombstonedKey } from '../../src/domain/message-key.ts'
import type {
  CapturedSaleRequest,
  ReversalRequest,
  SaleRequest,
  SettlementRequest,
  UploadRequest,
  VoidRequest,
} from '../../src/domain/requests.ts'
import type { WindowPolicy } from '../../src/domain/sale-facts.ts'
import { TID } from '../domain/fixtures.ts'
import type { ReportedStatus } from './acquirer-oracle.ts'
import { type Batch, type Books, halfOf, isEmpty, isLive, isUndecided, type Transaction } from './books.ts'
import type { PreparedMessage } from './messages.ts'

/** The expected outcome. */
export type Expected =
  /** A new decision; null: approved. */
  | { readonly kind: 'decided'; readonly reason: DeclineReason | null }
  /** The first answer to this message. */
  | { readonly kind: 'replayed' }
  /** No answer yet: it is at the acquirer, and `isNew` when it was not before. */
  | { readonly kind: 'pending'; readonly isNew: boolean }

type OracleRequest = Exclude<PreparedMessage['request'], ReportedStatus>
/** The expected outcome, and whether the message uses its key. */
type Result = readonly [Expected, 'kept' | 'not kept']

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
/** 23:00 in Shanghai, which is eight hours ahead all year. */
const CUT_OFF = 15 * 60 * MINUTE
/** The time in which a back office undoes its void. */
const UNDO = 2 * MINUTE
const CNY = '156'
const CARD = 'c'.repeat(64)

export const decided = (reason: DeclineReason | null): Expected => ({ kind: 'decided', reason })
export const WAITING: Expected = { kind: 'pending', isNew: false }
const CLAIMED: Expected = { kind: 'pending', isNew: true }

/** A reversal without an amount means that of its target. So it is the same as one with an amount. */
const namesNoAmount = (request: OracleRequest): boolean =>
  (request.kind === 'sale_reversal' || request.kind === 'void_reversal') && request.amount === null

export class Oracle {
  readonly #books: Books
  readonly #isRemote: boolean
  #window: WindowPolicy = { kind: 'business_day' }
  /** The first request under each used key. */
  readonly #first = new Map<string, OracleRequest>()
  /** The totals that the terminal declared last in the open batch. */
  #declared: { totals: string; isSigned: boolean } | null = null

  constructor(isRemote: boolean, books: Books) {
    this.#isRemote = isRemote
    this.#books = books
  }

  /** Applies a message, and returns the expected outcome. */
  apply(request: OracleRequest, now: number): Expected {
    const repeated = this.#repeated(request)
    if (request.kind === 'captured_sale') this.#tombstone(request, now)
    if (repeated !== null) return repeated
    const [expected, isKept] = this.#decide(request, now)
    if (isKept === 'kept') this.#first.set(request.messageKey, request)
    return expected
  }

  #repeated(request: OracleRequest): Expected | null {
    const { messageKey, contentFingerprint } = request
    const first = this.#first.get(messageKey)
    const isOpen = first !== undefined && (namesNoAmount(first) || namesNoAmount(request))
    if (first !== undefined && !isOpen && first.contentFingerprint !== contentFingerprint)
      return decided('key_reused_with_different_content')
    if (this.#books.reversed.has(messageKey)) return decided('message_reversed')
    if (first === undefined) return null
    const transaction = this.#books.transactions.get(messageKey)
    return transaction !== undefined && isUndecided(transaction) ? WAITING : { kind: 'replayed' }
  }

  /** A sale that was reversed before its capture stands at the acquirer, which gets the reversal. */
  #tombstone({ messageKey, amount, batchNumber: batch, status }: CapturedSaleRequest, at: number): void {
    const key = tombstonedKey(messageKey)
    const isTombstoned = this.#books.reversed.get(messageKey) === 'tombstone' && !this.#first.has(messageKey)
    if (!this.#isRemote || !isTombstoned || status === 'declined' || this.#books.transactions.has(key)) return
    this.#books.claim(key, { kind: 'sale', amount, batch, at, state: 'reversing' })
  }

  #decide(request: OracleRequest, now: number): Result {
    switch (request.kind) {
      case 'sale':
        return this.#sale(request, now)
      case 'captured_sale':
        return this.#capture(request)
      case 'void':
        return this.#void(request, now)
      case 'sale_reversal':
      case 'void_reversal':
        return this.#reversal(request, now)
      case 'settlement':
        return this.#settlement(request)
      case 'upload':
      case 'upload_end':
        return this.#upload(request)
      case 'provision':
        this.#window = request.merchant.window
        return [decided(null), 'kept']
    }
  }

  #sale({ messageKey, batchNumber: batch, amount, currencyCode }: SaleRequest, at: number): Result {
    if (batch !== this.#books.open) return [decided('batch_mismatch'), 'not kept']
    if (currencyCode !== CNY) return [decided('currency_differs'), 'kept']
    const transaction = { kind: 'sale', amount, batch, at, until: this.#voidableUntil(at) } as const
    if (this.#isRemote) {
      this.#books.claim(messageKey, transaction)
      return [CLAIMED, 'kept']
    }
    const isDeclined = amount % 100 === 5
    this.#books.add(messageKey, { ...transaction, state: isDeclined ? 'declined' : 'approved' })
    return [decided(isDeclined ? 'issuer_declined' : null), 'kept']
  }

  #capture({
    messageKey,
    batchNumber: batch,
    amount,
    status: state,
    rrn,
    soldAt: at,
  }: CapturedSaleRequest): Result {
    if (rrn !== null && this.#books.answeredSales().some((sale) => sale.rrn === rrn))
      return [decided('key_reused_with_different_content'), 'not kept']
    if (batch !== this.#books.open) return [decided('batch_mismatch'), 'not kept']
    this.#books.add(messageKey, { kind: 'sale', amount, batch, at, until: this.#voidableUntil(at), state })
    return [decided(null), 'kept']
  }

  #void(request: VoidRequest, now: number): Result {
    const { messageKey, pos, amount } = request
    if (pos !== null && pos.batchNumber !== this.#books.open) return [decided('batch_mismatch'), 'not kept']
    const sale = this.#namedSale(request)
    const reason = this.#refusal(request, sale, now)
    if (reason !== null || sale === undefined) return [decided(reason), 'kept']
    const record = { amount: amount ?? sale.amount, batch: sale.batch, at: now, sale }
    const transaction = { kind: 'void', ...record, isTerminals: pos !== null } as const
    if (this.#isRemote) this.#books.claim(messageKey, transaction)
    else this.#books.add(messageKey, transaction)
    return [this.#isRemote ? CLAIMED : decided(null), 'kept']
  }

  #namedSale({ pos, rrn, request }: VoidRequest): Transaction | undefined {
    if (pos === null) return this.#books.answeredSales().find(({ id }) => id === request.saleId)
    return (
      this.#books.answeredSales().find(({ key }) => key === pos.saleKey) ??
      this.#books.answeredSales().find((sale) => sale.rrn === rrn)
    )
  }

  /** Whether the void of a terminal names a sale without an outcome. */
  #isPending({ pos, rrn }: VoidRequest): boolean {
    if (pos === null) return false
    const named = [...this.#books.transactions.values()].filter(({ kind }) => kind === 'sale')
    return named.some((sale) => isUndecided(sale) && (sale.key === pos.saleKey || sale.rrn === rrn))
  }

  #refusal(request: VoidRequest, sale: Transaction | undefined, now: number): DeclineReason | null {
    if (sale === undefined) return this.#isPending(request) ? 'outcome_pending' : 'original_not_found'
    const { pos, rrn, cardFingerprint: card } = request
    if ((pos?.saleKey ?? sale.key) !== sale.key || (rrn ?? sale.rrn) !== sale.rrn) return 'reference_differs'
    if (pos !== null && (card === null ? rrn === null : card !== CARD)) return 'card_differs'
    if (sale.state === 'declined') return 'original_not_approved'
    if (this.#books.reversed.has(sale.key)) return 'original_reversed'
    const live = this.#books.liveVoid(sale)
    if (live !== undefined) return live.state === 'approved' ? 'original_already_voided' : 'outcome_pending'
    if (!this.#books.batch(sale.batch).isOpen) return 'original_settled'
    if (now >= sale.until) return 'window_expired'
    if ((request.amount ?? sale.amount) !== sale.amount) return 'amount_differs'
    return request.currencyCode === CNY ? null : 'currency_differs'
  }

  /** The end of the window of a sale at `at`. Later settings do not change it. */
  #voidableUntil(at: number): number {
    if (this.#window.kind === 'same_batch') return Number.POSITIVE_INFINITY
    if (this.#window.kind === 'minutes') return at + this.#window.minutes * MINUTE
    const today = Math.floor(at / DAY) * DAY + CUT_OFF
    return today > at ? today : today + DAY
  }

  #reversal(request: ReversalRequest, now: number): Result {
    const { targetKey, saleId, amount, cardFingerprint: card } = request
    const first = this.#first.get(targetKey)
    if (first !== undefined && saleId !== null && first.request.saleId !== saleId)
      return [decided('reference_differs'), 'not kept']
    const target = this.#books.transactions.get(targetKey)
    if (target === undefined || !isLive(target) || this.#books.reversed.has(targetKey)) {
      if (request.door === 'terminal' && target !== undefined && this.#books.reversed.has(targetKey))
        this.#books.takeOut(target)
      if (first === undefined && !this.#books.reversed.has(targetKey))
        this.#books.reversed.set(targetKey, 'tombstone')
      return [decided(null), 'kept']
    }
    if (card !== null && card !== CARD) return [decided('card_differs'), 'not kept']
    if ((amount ?? target.amount) !== target.amount) return [decided('amount_differs'), 'not kept']
    if (!this.#books.batch(target.batch).isOpen) return [decided('reversal_too_late'), 'kept']
    const isOld = target.state === 'approved' && now > target.movedAt + UNDO
    if (request.door === 'json' && isOld) return [decided('approval_required'), 'not kept']
    // The acquirer has a captured sale too, and gets the reversal.
    target.isForwarded ||= this.#isRemote && target.kind === 'sale'
    this.#books.undo(target, now)
    if (request.door === 'terminal') this.#books.takeOut(target)
    return [decided(null), 'kept']
  }

  /** An empty batch closes with a MAC, or when a message of it is known. */
  #mayClose({ batchNumber, isSigned }: SettlementRequest | UploadRequest, batch: Batch): boolean {
    const isUsed = [...this.#first.keys()].some((key) => key.startsWith(`${TID}${batchNumber}`))
    return isSigned || isUsed || !isEmpty(batch)
  }

  #close(totals: string | null): void {
    this.#books.close(totals === null ? null : [totals.slice(0, 30), totals.slice(31, 61)])
    this.#declared = null
  }

  #settlement(request: SettlementRequest): Result {
    const { batchNumber, totals, isSigned } = request
    const batch = this.#books.batches.get(batchNumber)
    if (batch === undefined) return [decided('batch_mismatch'), 'not kept']
    if (batch.isOpen && this.#books.hasUndecided()) return [decided('outcome_pending'), 'not kept']
    const isEqual = totals.slice(0, 30) === halfOf(batch)
    if (batch.isOpen && !isEqual && (isSigned || this.#declared?.isSigned !== true))
      this.#declared = { totals, isSigned }
    if (!batch.isOpen || !isEqual || !this.#mayClose(request, batch)) return [decided(null), 'not kept']
    this.#close(totals)
    return [decided(null), 'kept']
  }

  #upload(request: UploadRequest): Result {
    const { kind, batchNumber, after } = request
    const batch = this.#books.batches.get(batchNumber)
    if (batch === undefined) return [decided('batch_mismatch'), 'not kept']
    if (kind === 'upload' || !batch.isOpen) return [decided(null), 'not kept']
    if (after === 'match') return [decided(isEmpty(batch) ? null : 'batch_mismatch'), 'not kept']
    if (!this.#mayClose(request, batch)) return [decided(null), 'not kept']
    if (this.#books.hasUndecided()) return [decided('outcome_pending'), 'not kept']
    this.#close(this.#declared?.totals ?? null)
    return [decided(null), 'kept']
  }
}
