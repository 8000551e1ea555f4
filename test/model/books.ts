/** @module The model's books of one terminal: its sales and voids, what was reversed, its batches. They know no message. */

import type { AcquirerStatus } from '../../src/domain/acquirer-state.ts'

/** A sale or void that has an effect, had one, or may have one. */
export interface Deed {
  readonly key: string
  readonly kind: 'sale' | 'void'
  readonly amount: number
  readonly batch: string
  isForwarded: boolean
  /** Whether the totals of its batch hold it. */
  isCounted: boolean
  /** Of a void. */
  readonly sale: Deed | null
  readonly at: number
  state: 'pending' | 'undoing' | 'approved' | 'declined' | 'reversing' | 'reversed'
  /** Whether anyone was told of it; until then no one can name a sale. */
  isAnswered: boolean
  caseIs: 'none' | 'open' | 'closed'
  /** Whether the case is that the acquirer's list says otherwise. */
  isDifference: boolean
  /** What the acquirer last said that stands there, and the amount in its list. */
  acquirerStatus: AcquirerStatus | null
  acquirerAmount: number | null
  movedAt: number
  decideBy: number
  /** As told, by which a sale is named. */
  id: string
  rrn: string
}

type Marks = Pick<Deed, 'isDifference' | 'acquirerStatus' | 'acquirerAmount'>
const NO_MARKS: Marks = { isDifference: false, acquirerStatus: null, acquirerAmount: null }

type NewDeed = Pick<Deed, 'kind' | 'amount' | 'batch' | 'at'> & Partial<Deed>

export interface Batch {
  isOpen: boolean
  readonly debit: [sum: number, count: number]
  readonly credit: [sum: number, count: number]
}

const DECIDE = 180_000

export const isUndecided = ({ state }: Deed): boolean => state === 'pending' || state === 'undoing'
export const isLive = ({ state }: Deed): boolean => state !== 'declined' && state !== 'reversed'

export const count = (tally: Map<string, number>, name: string): void =>
  void tally.set(name, (tally.get(name) ?? 0) + 1)

export class Books {
  readonly deeds = new Map<string, Deed>()
  readonly reversed = new Map<string, 'reversed' | 'tombstone'>()
  readonly batches = new Map<string, Batch>()
  /** Number of the open batch. */
  open = '000000'
  readonly #tally: Map<string, number>

  /** `tally` is told which state of a forwarded message followed which. */
  constructor(tally: Map<string, number>) {
    this.#tally = tally
    this.#openBatch()
  }

  batch(number: string): Batch {
    const batch = this.batches.get(number)
    if (batch === undefined) throw new Error(`batch ${number} was never open`)
    return batch
  }

  /** Closes the open batch. */
  close(): void {
    this.batch(this.open).isOpen = false
    this.#openBatch()
  }

  #openBatch(): void {
    this.open = String(Number(this.open) + 1).padStart(6, '0')
    this.batches.set(this.open, { isOpen: true, debit: [0, 0], credit: [0, 0] })
  }

  /** Sales that can be named. */
  answered(): Deed[] {
    return [...this.deeds.values()].filter(({ kind, isAnswered }) => kind === 'sale' && isAnswered)
  }

  liveVoid(sale: Deed): Deed | undefined {
    return [...this.deeds.values()].find((deed) => deed.sale === sale && isLive(deed))
  }

  /** Something is undecided, and no person was called for it. */
  isWaiting(): boolean {
    return [...this.deeds.values()].some((deed) => isUndecided(deed) && deed.caseIs === 'none')
  }

  enter(key: string, deed: NewDeed): void {
    const usual = {
      isForwarded: false,
      isCounted: false,
      sale: null,
      caseIs: 'none',
      decideBy: 0,
      id: '',
      rrn: '',
    } as const
    const entered: Deed = {
      ...usual,
      ...NO_MARKS,
      state: 'approved',
      isAnswered: true,
      movedAt: deed.at,
      ...deed,
      key,
    }
    this.deeds.set(key, entered)
    if (entered.state === 'approved') this.count(entered, 1)
  }

  /** Enters what only an acquirer can approve. */
  claim(key: string, deed: NewDeed): void {
    const claim = {
      state: 'pending',
      isForwarded: true,
      isAnswered: false,
      decideBy: deed.at + DECIDE,
    } as const
    this.enter(key, { ...claim, ...deed })
  }

  /** Into the totals (1) or out of them (−1). */
  count(deed: Deed, sign: 1 | -1): void {
    const { kind, batch, amount } = deed
    deed.isCounted = sign === 1
    const totals = this.batch(batch)
    const side = kind === 'sale' ? totals.debit : totals.credit
    side[0] += sign * amount
    side[1] += sign
  }

  /** Where acquirer and we agree a case is over, and forgotten with the next move. */
  move(deed: Deed, state: Deed['state'], now: number): void {
    if (deed.isForwarded) count(this.#tally, `${deed.state} → ${state}`)
    deed.state = state
    deed.movedAt = now
    if (deed.caseIs === 'closed') {
      deed.caseIs = 'none'
      deed.isDifference = false
    } else if (deed.caseIs === 'open' && ['approved', 'declined', 'reversed'].includes(state))
      deed.caseIs = 'closed'
  }

  /** `isUnsettled`: whether the acquirer is to be told. Totals that were settled stay as they are. */
  undo(deed: Deed, now: number, isUnsettled = deed.isForwarded): void {
    if (deed.isCounted && this.batch(deed.batch).isOpen) this.count(deed, -1)
    this.reversed.set(deed.key, 'reversed')
    if (isUnsettled) deed.decideBy = now + DECIDE
    this.move(deed, isUnsettled ? 'reversing' : 'reversed', now)
    const live = this.liveVoid(deed)
    if (live !== undefined && live.state !== 'reversing') this.undo(live, now)
  }
}
