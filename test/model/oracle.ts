/**
 * @module What must become of each message, said beforehand: a small sequential model of one terminal, its sales and voids, their
 * reversals and settlements. It shares no code with the decisions and knows nothing of journals.
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
import type { WindowPolicy } from '../../src/domain/types.ts'
import type { Request } from '../../src/pipeline/decide.ts'
import type { ReportedStatus } from './acquirer-oracle.ts'
import { type Books, type Deed, isLive, isUndecided } from './books.ts'

/** What a sender must hear. */
export type Expected =
  /** Decided anew; null: approved. */
  | { readonly kind: 'decided'; readonly reason: DeclineReason | null }
  /** The first answer that this message was given. */
  | { readonly kind: 'replayed' }
  /** Nothing yet: it is at the acquirer, and was not before where it is new. */
  | { readonly kind: 'pending'; readonly isNew: boolean }

type Asked = Exclude<Request, ReportedStatus>
/** What is expected, and whether the message used its key up. */
type Fate = readonly [Expected, 'kept' | 'not kept']

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
/** 23:00 in Shanghai, which is eight hours ahead all year. */
const CUT_OFF = 15 * 60 * MINUTE
const CNY = '156'
const CARD = 'c'.repeat(64)

export const decided = (reason: DeclineReason | null): Expected => ({ kind: 'decided', reason })
export const WAITING: Expected = { kind: 'pending', isNew: false }
const CLAIMED: Expected = { kind: 'pending', isNew: true }

const digits = (value: number, length: number): string => String(value).padStart(length, '0')

export class Oracle {
  readonly #books: Books
  readonly #isRemote: boolean
  #window: WindowPolicy = { kind: 'business_day' }
  /** What was asked under a key that is used up. */
  readonly #first = new Map<string, Asked>()

  constructor(isRemote: boolean, books: Books) {
    this.#isRemote = isRemote
    this.#books = books
  }

  /** Says what a message comes to, and takes it for so. */
  take(request: Asked, now: number): Expected {
    const known = this.#known(request)
    if (request.kind === 'captured_sale') this.#tombstone(request, now)
    if (known !== null) return known
    const [expected, isKept] = this.#decide(request, now)
    if (isKept === 'kept') this.#first.set(request.messageKey, request)
    return expected
  }

  #known({ messageKey, contentFingerprint }: Asked): Expected | null {
    const first = this.#first.get(messageKey)
    if (first !== undefined && first.contentFingerprint !== contentFingerprint)
      return decided('key_reused_with_different_content')
    if (this.#books.reversed.has(messageKey)) return decided('message_reversed')
    if (first === undefined) return null
    const deed = this.#books.deeds.get(messageKey)
    return deed !== undefined && isUndecided(deed) ? WAITING : { kind: 'replayed' }
  }

  /** A sale that was reversed before the feed tells of it stands at the acquirer, which is told. */
  #tombstone({ messageKey, amount, batchNumber: batch, status }: CapturedSaleRequest, at: number): void {
    const key = tombstonedKey(messageKey)
    const isTombstoned = this.#books.reversed.get(messageKey) === 'tombstone' && !this.#first.has(messageKey)
    if (!this.#isRemote || !isTombstoned || status === 'declined' || this.#books.deeds.has(key)) return
    this.#books.claim(key, { kind: 'sale', amount, batch, at, state: 'reversing' })
  }

  #decide(request: Asked, now: number): Fate {
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

  #sale({ messageKey, batchNumber: batch, amount, currencyCode }: SaleRequest, at: number): Fate {
    if (batch !== this.#books.open) return [decided('batch_mismatch'), 'not kept']
    if (currencyCode !== CNY) return [decided('currency_differs'), 'kept']
    const deed = { kind: 'sale', amount, batch, at } as const
    if (this.#isRemote) {
      this.#books.claim(messageKey, deed)
      return [CLAIMED, 'kept']
    }
    const isDeclined = amount % 100 === 5
    this.#books.enter(messageKey, { ...deed, state: isDeclined ? 'declined' : 'approved' })
    return [decided(isDeclined ? 'issuer_declined' : null), 'kept']
  }

  #capture({
    messageKey,
    batchNumber: batch,
    amount,
    status: state,
    rrn,
    soldAt: at,
  }: CapturedSaleRequest): Fate {
    if (rrn !== null && this.#books.answered().some((sale) => sale.rrn === rrn))
      return [decided('key_reused_with_different_content'), 'not kept']
    if (batch !== this.#books.open) return [decided('batch_mismatch'), 'not kept']
    this.#books.enter(messageKey, { kind: 'sale', amount, batch, at, state })
    return [decided(null), 'kept']
  }

  #void(request: VoidRequest, now: number): Fate {
    const { messageKey, pos, amount } = request
    if (pos !== null && pos.batchNumber !== this.#books.open) return [decided('batch_mismatch'), 'not kept']
    const sale = this.#meant(request)
    const reason = this.#speaksAgainst(request, sale, now)
    if (reason !== null || sale === undefined) return [decided(reason), 'kept']
    const deed = { kind: 'void', amount, batch: sale.batch, at: now, sale } as const
    if (this.#isRemote) this.#books.claim(messageKey, deed)
    else this.#books.enter(messageKey, deed)
    return [this.#isRemote ? CLAIMED : decided(null), 'kept']
  }

  #meant({ pos, rrn, request }: VoidRequest): Deed | undefined {
    if (pos === null) return this.#books.answered().find(({ id }) => id === request.saleId)
    return (
      this.#books.answered().find(({ key }) => key === pos.saleKey) ??
      this.#books.answered().find((sale) => sale.rrn === rrn)
    )
  }

  #speaksAgainst(request: VoidRequest, sale: Deed | undefined, now: number): DeclineReason | null {
    if (sale === undefined) return 'original_not_found'
    const { pos, rrn, cardFingerprint: card } = request
    if ((pos?.saleKey ?? sale.key) !== sale.key || (rrn ?? sale.rrn) !== sale.rrn) return 'reference_differs'
    if (pos !== null && (card === null ? rrn === null : card !== CARD)) return 'card_differs'
    if (sale.state === 'declined') return 'original_not_approved'
    if (this.#books.reversed.has(sale.key)) return 'original_reversed'
    const live = this.#books.liveVoid(sale)
    if (live !== undefined) return live.state === 'approved' ? 'original_already_voided' : 'outcome_pending'
    if (!this.#books.batch(sale.batch).isOpen) return 'original_settled'
    if (now >= this.#voidableUntil(sale)) return 'window_expired'
    if (request.amount !== sale.amount) return 'amount_differs'
    return request.currencyCode === CNY ? null : 'currency_differs'
  }

  #voidableUntil({ at }: Deed): number {
    if (this.#window.kind === 'same_batch') return Number.POSITIVE_INFINITY
    if (this.#window.kind === 'minutes') return at + this.#window.minutes * MINUTE
    const today = Math.floor(at / DAY) * DAY + CUT_OFF
    return today > at ? today : today + DAY
  }

  #reversal(request: ReversalRequest, now: number): Fate {
    const { targetKey, saleId, amount, cardFingerprint: card } = request
    const first = this.#first.get(targetKey)
    if (first !== undefined && saleId !== null && first.request.saleId !== saleId)
      return [decided('reference_differs'), 'not kept']
    const target = this.#books.deeds.get(targetKey)
    if (target === undefined || !isLive(target) || this.#books.reversed.has(targetKey)) {
      if (first === undefined && !this.#books.reversed.has(targetKey))
        this.#books.reversed.set(targetKey, 'tombstone')
      return [decided(null), 'kept']
    }
    if (card !== null && card !== CARD) return [decided('card_differs'), 'not kept']
    if (amount !== target.amount) return [decided('amount_differs'), 'not kept']
    if (!this.#books.batch(target.batch).isOpen) return [decided('reversal_too_late'), 'kept']
    // The acquirer knows a fed sale as well, and is told.
    target.isForwarded ||= this.#isRemote && target.kind === 'sale'
    this.#books.undo(target, now)
    return [decided(null), 'kept']
  }

  #settlement({ batchNumber, totals }: SettlementRequest): Fate {
    const batch = this.#books.batches.get(batchNumber)
    if (batch === undefined) return [decided('batch_mismatch'), 'not kept']
    if (batch.isOpen && this.#books.isWaiting()) return [decided('outcome_pending'), 'not kept']
    const [[debit, debits], [credit, credits]] = [batch.debit, batch.credit]
    const ours = digits(debit, 12) + digits(debits, 3) + digits(credit, 12) + digits(credits, 3)
    if (!batch.isOpen || debits + credits === 0 || totals.slice(0, 30) !== ours)
      return [decided(null), 'not kept']
    this.#books.close()
    return [decided(null), 'kept']
  }

  #upload({ kind, batchNumber, after }: UploadRequest): Fate {
    const batch = this.#books.batches.get(batchNumber)
    if (batch === undefined) return [decided('batch_mismatch'), 'not kept']
    if (kind === 'upload' || !batch.isOpen) return [decided(null), 'not kept']
    if (after === 'match') return [decided('batch_mismatch'), 'not kept']
    if (batch.debit[1] + batch.credit[1] === 0) return [decided(null), 'not kept']
    if (this.#books.isWaiting()) return [decided('outcome_pending'), 'not kept']
    this.#books.close()
    return [decided(null), 'kept']
  }
}
