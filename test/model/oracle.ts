/**
 * @module What must become of each message, said beforehand: a small sequential model of one terminal, its sales and voids, their
 * reversals and settlements, and of a host behind them. It shares no code with the decisions and knows nothing of journals.
 */

import type { Request } from '../../src/decide.ts'
import type { DeclineReason } from '../../src/domain/decline-reason.ts'
import type {
  CaptureRequest,
  HostEventRequest,
  ReversalRequest,
  SaleRequest,
  SettlementRequest,
  UploadRequest,
  VoidRequest,
} from '../../src/domain/requests.ts'
import type { WindowPolicy } from '../../src/domain/types.ts'

/** What a sender must hear. */
export type Expected =
  /** Decided anew; null: approved. */
  | { readonly kind: 'decided'; readonly reason: DeclineReason | null }
  /** The first answer that this message was given. */
  | { readonly kind: 'replayed' }
  /** Nothing yet: it is at the host, and was not before where it is new. */
  | { readonly kind: 'pending'; readonly isNew: boolean }

/** A sale or void that has an effect, had one, or may have one. */
export interface Deed {
  readonly key: string
  readonly kind: 'sale' | 'void'
  readonly amount: number
  readonly batch: string
  readonly isForwarded: boolean
  /** Of a void. */
  readonly sale: Deed | null
  readonly at: number
  state: 'pending' | 'undoing' | 'approved' | 'declined' | 'reversing' | 'reversed'
  /** Whether anyone was told of it; until then no one can name a sale. */
  isTold: boolean
  caseIs: 'none' | 'open' | 'closed'
  decideBy: number
  /** As told, by which a sale is named. */
  id: string
  rrn: string
}

export interface Batch {
  isOpen: boolean
  readonly debit: [sum: number, count: number]
  readonly credit: [sum: number, count: number]
}

type Asked = Exclude<Request, HostEventRequest>
/** What is expected, and whether the message used its key up. */
type Fate = readonly [Expected, 'kept' | 'not kept']
type NewDeed = Pick<Deed, 'kind' | 'amount' | 'batch' | 'at'> & Partial<Deed>

const MINUTE = 60_000
const GIVE_UP = MINUTE
const DECIDE = 3 * MINUTE
const DAY = 24 * 60 * MINUTE
/** 23:00 in Shanghai, which is eight hours ahead all year. */
const CUT_OFF = 15 * 60 * MINUTE
const CNY = '156'
const CARD = 'c'.repeat(64)

const isUndecided = ({ state }: Deed): boolean => state === 'pending' || state === 'undoing'
export const isLive = ({ state }: Deed): boolean => state !== 'declined' && state !== 'reversed'

const decided = (reason: DeclineReason | null): Expected => ({ kind: 'decided', reason })
const WAITING: Expected = { kind: 'pending', isNew: false }

const digits = (value: number, length: number): string => String(value).padStart(length, '0')

export const count = (tally: Map<string, number>, name: string): void =>
  void tally.set(name, (tally.get(name) ?? 0) + 1)

export class Oracle {
  readonly deeds = new Map<string, Deed>()
  readonly reversed = new Map<string, 'reversed' | 'tombstone'>()
  readonly batches = new Map<string, Batch>()
  open = ''
  readonly #isRemote: boolean
  readonly #tally: Map<string, number>
  #window: WindowPolicy = { kind: 'business_day' }
  /** What was asked under a key that is used up. */
  readonly #first = new Map<string, Asked>()

  /** `tally` is told which state of a forwarded message followed which. */
  constructor(isRemote: boolean, tally: Map<string, number>) {
    this.#isRemote = isRemote
    this.#tally = tally
    this.#openBatch()
  }

  batch(number: string): Batch {
    const batch = this.batches.get(number)
    if (batch === undefined) throw new Error(`batch ${number} was never open`)
    return batch
  }

  isVoided(deed: Deed): boolean {
    return this.#liveVoid(deed) !== undefined
  }

  /** Says what a message comes to, and takes it for so. */
  take(request: Asked, now: number): Expected {
    const known = this.#known(request)
    if (known !== null) return known
    const [expected, isKept] = this.#decide(request, now)
    if (isKept === 'kept') this.#first.set(request.messageKey, request)
    return expected
  }

  #known({ messageKey, contentFingerprint }: Asked): Expected | null {
    const first = this.#first.get(messageKey)
    if (first !== undefined && first.contentFingerprint !== contentFingerprint)
      return decided('key_reused_with_different_content')
    if (this.reversed.has(messageKey)) return decided('message_reversed')
    if (first === undefined) return null
    const deed = this.deeds.get(messageKey)
    return deed !== undefined && isUndecided(deed) ? WAITING : { kind: 'replayed' }
  }

  #decide(request: Asked, now: number): Fate {
    switch (request.kind) {
      case 'sale':
        return this.#sale(request, now)
      case 'capture':
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
    if (batch !== this.open) return [decided('batch_mismatch'), 'not kept']
    if (currencyCode !== CNY) return [decided('currency_differs'), 'kept']
    const deed = { kind: 'sale', amount, batch, at } as const
    if (this.#isRemote) return this.#claim(messageKey, deed)
    const isDeclined = amount % 100 === 5
    this.#enter(messageKey, { ...deed, state: isDeclined ? 'declined' : 'approved' })
    return [decided(isDeclined ? 'issuer_declined' : null), 'kept']
  }

  #capture({ messageKey, batchNumber: batch, amount, status: state, rrn, soldAt: at }: CaptureRequest): Fate {
    if (rrn !== null && this.#told().some((sale) => sale.rrn === rrn))
      return [decided('key_reused_with_different_content'), 'not kept']
    if (batch !== this.open) return [decided('batch_mismatch'), 'not kept']
    this.#enter(messageKey, { kind: 'sale', amount, batch, at, state })
    return [decided(null), 'kept']
  }

  #void(request: VoidRequest, now: number): Fate {
    const { messageKey, pos, amount } = request
    if (pos !== null && pos.batchNumber !== this.open) return [decided('batch_mismatch'), 'not kept']
    const sale = this.#meant(request)
    const reason = this.#speaksAgainst(request, sale, now)
    if (reason !== null || sale === undefined) return [decided(reason), 'kept']
    const deed = { kind: 'void', amount, batch: sale.batch, at: now, sale } as const
    if (this.#isRemote) return this.#claim(messageKey, deed)
    this.#enter(messageKey, deed)
    return [decided(null), 'kept']
  }

  /** Sales that can be named. */
  #told(): Deed[] {
    return [...this.deeds.values()].filter(({ kind, isTold }) => kind === 'sale' && isTold)
  }

  #meant({ pos, rrn, request }: VoidRequest): Deed | undefined {
    if (pos === null) return this.#told().find(({ id }) => id === request.saleId)
    return (
      this.#told().find(({ key }) => key === pos.saleKey) ?? this.#told().find((sale) => sale.rrn === rrn)
    )
  }

  #speaksAgainst(request: VoidRequest, sale: Deed | undefined, now: number): DeclineReason | null {
    if (sale === undefined) return 'original_not_found'
    const { pos, rrn, cardFingerprint: card } = request
    if ((pos?.saleKey ?? sale.key) !== sale.key || (rrn ?? sale.rrn) !== sale.rrn) return 'reference_differs'
    if (pos !== null && (card === null ? rrn === null : card !== CARD)) return 'card_differs'
    if (sale.state === 'declined') return 'original_not_approved'
    if (sale.state !== 'approved') return 'original_reversed'
    const live = this.#liveVoid(sale)
    if (live !== undefined) return live.state === 'approved' ? 'original_already_voided' : 'outcome_pending'
    if (!this.batch(sale.batch).isOpen) return 'original_settled'
    if (now >= this.#voidableUntil(sale)) return 'window_expired'
    if (request.amount !== sale.amount) return 'amount_differs'
    return request.currencyCode === CNY ? null : 'currency_differs'
  }

  #liveVoid(sale: Deed): Deed | undefined {
    return [...this.deeds.values()].find((deed) => deed.sale === sale && isLive(deed))
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
    const target = this.deeds.get(targetKey)
    if (target === undefined || !isLive(target) || this.reversed.has(targetKey)) {
      if (first === undefined && !this.reversed.has(targetKey)) this.reversed.set(targetKey, 'tombstone')
      return [decided(null), 'kept']
    }
    if (card !== null && card !== CARD) return [decided('card_differs'), 'not kept']
    if (amount !== target.amount) return [decided('amount_differs'), 'not kept']
    if (!this.batch(target.batch).isOpen) return [decided('reversal_too_late'), 'kept']
    this.#undo(target, now)
    const live = this.#liveVoid(target)
    if (live !== undefined && live.state !== 'reversing') this.#undo(live, now)
    return [decided(null), 'kept']
  }

  #undo(deed: Deed, now: number): void {
    if (deed.state === 'approved') this.#count(deed, -1)
    this.reversed.set(deed.key, 'reversed')
    deed.decideBy = now + DECIDE
    this.#move(deed, deed.isForwarded ? 'reversing' : 'reversed')
  }

  #settlement({ batchNumber, totals }: SettlementRequest): Fate {
    const batch = this.batches.get(batchNumber)
    if (batch === undefined) return [decided('batch_mismatch'), 'not kept']
    if (batch.isOpen && this.#waits()) return [decided('outcome_pending'), 'not kept']
    const [[debit, debits], [credit, credits]] = [batch.debit, batch.credit]
    const ours = digits(debit, 12) + digits(debits, 3) + digits(credit, 12) + digits(credits, 3)
    if (!batch.isOpen || debits + credits === 0 || totals.slice(0, 30) !== ours)
      return [decided(null), 'not kept']
    this.#close()
    return [decided(null), 'kept']
  }

  #upload({ kind, batchNumber, after }: UploadRequest): Fate {
    const batch = this.batches.get(batchNumber)
    if (batch === undefined) return [decided('batch_mismatch'), 'not kept']
    if (kind === 'upload' || !batch.isOpen) return [decided(null), 'not kept']
    if (after === 'match') return [decided('batch_mismatch'), 'not kept']
    if (batch.debit[1] + batch.credit[1] === 0) return [decided(null), 'not kept']
    if (this.#waits()) return [decided('outcome_pending'), 'not kept']
    this.#close()
    return [decided(null), 'kept']
  }

  /** Something is undecided, and no person was called for it. */
  #waits(): boolean {
    return [...this.deeds.values()].some((deed) => isUndecided(deed) && deed.caseIs === 'none')
  }

  #close(): void {
    this.batch(this.open).isOpen = false
    this.#openBatch()
  }

  #openBatch(): void {
    this.open = digits(Number(this.open) + 1, 6)
    this.batches.set(this.open, { isOpen: true, debit: [0, 0], credit: [0, 0] })
  }

  #enter(key: string, deed: NewDeed): void {
    const usual = { isForwarded: false, sale: null, caseIs: 'none', decideBy: 0, id: '', rrn: '' } as const
    const entered: Deed = { ...usual, state: 'approved', isTold: true, ...deed, key }
    this.deeds.set(key, entered)
    if (entered.state === 'approved') this.#count(entered, 1)
  }

  #claim(key: string, deed: NewDeed): Fate {
    const claim = { state: 'pending', isForwarded: true, isTold: false, decideBy: deed.at + DECIDE } as const
    this.#enter(key, { ...deed, ...claim })
    return [{ kind: 'pending', isNew: true }, 'kept']
  }

  /** Into the totals (1) or out of them (−1). */
  #count({ kind, batch, amount }: Deed, sign: 1 | -1): void {
    const totals = this.batch(batch)
    const side = kind === 'sale' ? totals.debit : totals.credit
    side[0] += sign * amount
    side[1] += sign
  }

  /** Where host and we agree a case is over, and forgotten with the next move. */
  #move(deed: Deed, state: Deed['state']): void {
    if (deed.isForwarded) count(this.#tally, `${deed.state} → ${state}`)
    deed.state = state
    if (deed.caseIs === 'closed') deed.caseIs = 'none'
    else if (deed.caseIs === 'open' && ['approved', 'declined', 'reversed'].includes(state))
      deed.caseIs = 'closed'
  }

  /** Says what a host's word on a forwarded message comes to, and takes it for so. */
  hear({ messageKey, event }: HostEventRequest, now: number): Expected {
    const deed = this.deeds.get(messageKey)
    if (deed?.isForwarded !== true) throw new Error(`${messageKey} is at no host`)
    return this.#event(deed, event, now) ?? (deed.isTold ? { kind: 'replayed' } : WAITING)
  }

  /** Null where it is too late, or too early. */
  #event(deed: Deed, event: HostEventRequest['event'], now: number): Expected | null {
    const { state } = deed
    const { isOpen } = this.batch(deed.batch)
    switch (event) {
      case 'host_approved':
        return state === 'pending' && isOpen ? this.#settle(deed, null) : null
      case 'host_declined':
        return state === 'pending' ? this.#settle(deed, 'issuer_declined') : null
      case 'give_up':
        return state === 'pending' && now >= deed.at + GIVE_UP ? this.#silently(deed, 'undoing') : null
      case 'host_undone':
        if (state === 'undoing') return this.#settle(deed, 'acquirer_silent')
        return state === 'reversing' ? this.#silently(deed, 'reversed') : null
      case 'host_keeps':
        if (state === 'undoing' && isOpen) return this.#settle(deed, null)
        return state === 'undoing' || state === 'reversing' ? this.#callPerson(deed) : null
      case 'overdue':
        if (!isUndecided(deed) && state !== 'reversing') return null
        return now >= deed.decideBy ? this.#callPerson(deed) : null
    }
  }

  #settle(deed: Deed, reason: DeclineReason | null): Expected {
    deed.isTold = true
    this.#move(deed, reason === null ? 'approved' : 'declined')
    if (reason === null) this.#count(deed, 1)
    return decided(reason)
  }

  #silently(deed: Deed, state: Deed['state']): Expected {
    this.#move(deed, state)
    return WAITING
  }

  #callPerson(deed: Deed): Expected | null {
    if (deed.caseIs !== 'none') return null
    deed.caseIs = 'open'
    return WAITING
  }
}
