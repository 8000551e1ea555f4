/**
 * @module The ledger of a simulated acquirer: sales, voids, reversals and tombstones. It keeps the rules that Annul
 * expects of an acquirer (protocol.md §3.5, §3.9). A repeated message gets the first answer.
 */

import type { Totals } from '../domain/totals.ts'
import type { Amount } from '../domain/types.ts'

/** The identity of a message. A reversal or inquiry repeats it. */
export interface MessageReference {
  readonly of: 'sale' | 'void'
  readonly merchantId: string
  readonly terminalId: string
  readonly batchNumber: string
  /** Field 11. */
  readonly stan: string
}

export interface Posting extends MessageReference {
  readonly amount: Amount
  readonly currencyCode: string
  /** The sale that a void names. */
  readonly original: Pick<MessageReference, 'batchNumber' | 'stan'> | null
}

export interface Item extends Posting {
  /** `tombstone`: the reversal came before the message. */
  state: 'approved' | 'declined' | 'reversed' | 'tombstone'
  /** Field 39 of the first answer. */
  readonly responseCode: string
  /** The number of the item, from 1. RRN and authorization code are derived from it. */
  readonly serial: number
  /** The business day of the item, in days since the epoch. */
  readonly day: number
  /** Milliseconds since the epoch. */
  readonly at: number
  /** For a sale: its approved void. */
  liveVoid: Item | null
}

/** Field 39, and the item of the answer; null when there is none. */
export interface LedgerResult {
  readonly responseCode: string
  readonly item: Item | null
}

const DAY_MS = 86_400_000
/** China has one time zone and no summer time. */
const CHINA_MS = 8 * 3_600_000

const keyOf = ({ merchantId, terminalId, batchNumber, stan, of }: MessageReference): string =>
  `${merchantId}|${terminalId}|${batchNumber}|${stan}|${of}`

/** All items of one acquirer, in memory. */
export class Ledger {
  readonly #items = new Map<string, Item>()
  readonly #cutOffMinutes: number | null
  #day = 0
  #daysAdded = 0

  /** `cutOffMinutes`: the end of the business day, in minutes after midnight in China. Null: only `cutOff` ends it. */
  constructor(cutOffMinutes: number | null) {
    this.#cutOffMinutes = cutOffMinutes
  }

  /** The business day in days since the epoch. It never goes back. */
  dayAt(now: number): number {
    const sinceCutOff = now + CHINA_MS + DAY_MS - (this.#cutOffMinutes ?? 0) * 60_000
    const byClock = this.#cutOffMinutes === null ? 0 : Math.floor(sinceCutOff / DAY_MS)
    this.#day = Math.max(this.#day, byClock + this.#daysAdded)
    return this.#day
  }

  /** Ends the business day. Earlier items keep their day. */
  cutOff(): void {
    this.#daysAdded++
    this.#day++
  }

  /** Books a sale or void. `declined`: field 39 of the issuer's refusal, or null. */
  post(posting: Posting, now: number, declined: string | null): LedgerResult {
    const known = this.#items.get(keyOf(posting))
    if (known !== undefined) return repeatedResult(known, posting)
    const sale = this.saleOf(posting)
    const responseCode = this.#refuse(posting, sale, now) ?? declined ?? '00'
    const state = responseCode === '00' ? 'approved' : 'declined'
    const item = this.#add(posting, state, responseCode, now)
    if (state === 'approved' && sale !== null) sale.liveVoid = item
    return { responseCode, item }
  }

  /** Reverses the message with this identity. When it was never seen, leaves a tombstone. */
  reverse(posting: Posting, now: number): LedgerResult {
    const item = this.#items.get(keyOf(posting))
    if (item === undefined) return { responseCode: '00', item: this.#add(posting, 'tombstone', '12', now) }
    if (item.amount !== posting.amount) return { responseCode: '64', item }
    if (item.state !== 'approved') return { responseCode: '00', item }
    if (item.day < this.dayAt(now)) return { responseCode: '22', item }
    item.state = 'reversed'
    if (item.liveVoid !== null) item.liveVoid.state = 'reversed'
    item.liveVoid = null
    const sale = this.saleOf(item)
    if (sale?.liveVoid === item) sale.liveVoid = null
    return { responseCode: '00', item }
  }

  /** The current state of the message with this identity, of any day. */
  inquire(reference: MessageReference): LedgerResult {
    const item = this.#items.get(keyOf(reference))
    if (item === undefined) return { responseCode: '25', item: null }
    return { responseCode: currentCode(item), item }
  }

  /**
   * The totals of a day. A voided sale stays in the debits, and its void is in the credits. Reversed items are in neither.
   */
  totalsOf(day: number, currencyCode: string): Totals {
    const standing = [...this.items()].filter(
      (item) => item.day === day && item.currencyCode === currencyCode && item.state === 'approved',
    )
    const [debits, credits] = (['sale', 'void'] as const).map((kind) =>
      standing.filter(({ of }) => of === kind),
    )
    const sum = (items: readonly Item[] = []) => items.reduce((total, { amount }) => total + amount, 0)
    return {
      debitAmount: sum(debits),
      debitCount: debits?.length ?? 0,
      creditAmount: sum(credits),
      creditCount: credits?.length ?? 0,
    }
  }

  /** In the order of arrival. */
  items(): IterableIterator<Item> {
    return this.#items.values()
  }

  /** The message with this identity. */
  find(reference: MessageReference): Item | undefined {
    return this.#items.get(keyOf(reference))
  }

  /** The sale that a void names. */
  saleOf(posting: Posting): Item | null {
    if (posting.original === null) return null
    return this.#items.get(keyOf({ ...posting, ...posting.original, of: 'sale' })) ?? null
  }

  #refuse(posting: Posting, sale: Item | null, now: number): string | null {
    if (posting.of === 'sale') return null
    if (sale === null || sale.state === 'tombstone' || sale.state === 'reversed') return '25'
    if (sale.state === 'declined' || sale.liveVoid !== null || sale.day < this.dayAt(now)) return '12'
    if (sale.amount !== posting.amount) return '64'
    return sale.currencyCode === posting.currencyCode ? null : 'A1'
  }

  #add(posting: Posting, state: Item['state'], responseCode: string, now: number): Item {
    const { of, merchantId, terminalId, batchNumber, stan, amount, currencyCode, original } = posting
    const reference = { of, merchantId, terminalId, batchNumber, stan, amount, currencyCode, original }
    const serial = this.#items.size + 1
    const item = { ...reference, state, responseCode, serial, day: this.dayAt(now), at: now, liveVoid: null }
    this.#items.set(keyOf(posting), item)
    return item
  }
}

/** The answer to a repeated message: the first one, unless the message is reversed or its content differs. */
function repeatedResult(item: Item, posting: Posting): LedgerResult {
  if (item.state === 'reversed' || item.state === 'tombstone') return { responseCode: '12', item }
  const isSame =
    item.amount === posting.amount &&
    item.currencyCode === posting.currencyCode &&
    item.original?.batchNumber === posting.original?.batchNumber &&
    item.original?.stan === posting.original?.stan
  return { responseCode: isSame ? item.responseCode : '94', item }
}

const currentCode = ({ state, responseCode }: Item): string =>
  state === 'reversed' || state === 'tombstone' ? '12' : responseCode
