/**
 * @module The books of a simulated acquirer: sales, voids, what was reversed, and what must never happen any more. Its
 * rules are those that an acquirer is expected to keep (protocol.md §3.5, §3.9): the same message again hears the first answer.
 */

import type { Amount } from '../domain/types.ts'

/** Who a message is: its own place, which a reversal or inquiry repeats. */
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
  /** Place of the sale that a void names. */
  readonly original: Pick<MessageReference, 'batchNumber' | 'stan'> | null
}

export interface Item extends Posting {
  /** `tombstone`: reversed before it was seen. */
  state: 'approved' | 'declined' | 'reversed' | 'tombstone'
  /** What the message was answered. */
  readonly responseCode: string
  /** Counts the acquirer's items; its RRN and authorisation code are made of it. */
  readonly serial: number
  /** Business day on which it was booked. */
  readonly day: number
  /** Milliseconds since the epoch. */
  readonly at: number
  /** Of a sale: the void that stands. */
  liveVoid: Item | null
}

/** Field 39, and the item that it speaks of, where there is one. */
export interface Ruling {
  readonly responseCode: string
  readonly item: Item | null
}

const DAY_MS = 86_400_000
/** China has no other time zone and no summer time. */
const CHINA_MS = 8 * 3_600_000

const keyOf = ({ merchantId, terminalId, batchNumber, stan, of }: MessageReference): string =>
  `${merchantId}|${terminalId}|${batchNumber}|${stan}|${of}`

export class Ledger {
  readonly #items = new Map<string, Item>()
  readonly #cutOffMinutes: number | null
  #day = 0
  #daysAdded = 0

  /** `cutOffMinutes`: minutes after midnight in China at which the business day ends; null: only when told. */
  constructor(cutOffMinutes: number | null) {
    this.#cutOffMinutes = cutOffMinutes
  }

  /** Days since the epoch, never fewer than before. */
  dayAt(now: number): number {
    const sinceCutOff = now + CHINA_MS + DAY_MS - (this.#cutOffMinutes ?? 0) * 60_000
    const byClock = this.#cutOffMinutes === null ? 0 : Math.floor(sinceCutOff / DAY_MS)
    this.#day = Math.max(this.#day, byClock + this.#daysAdded)
    return this.#day
  }

  /** Ends the business day: what was booked before stays as it is. */
  cutOff(): void {
    this.#daysAdded++
    this.#day++
  }

  /** A sale or void. `declined`: field 39 with which the issuer refuses it, where it does. */
  post(posting: Posting, now: number, declined: string | null): Ruling {
    const known = this.#items.get(keyOf(posting))
    if (known !== undefined) return again(known, posting)
    const sale = this.#saleOf(posting)
    const responseCode = this.#refuse(posting, sale, now) ?? declined ?? '00'
    const state = responseCode === '00' ? 'approved' : 'declined'
    const item = this.#add(posting, state, responseCode, now)
    if (state === 'approved' && sale !== null) sale.liveVoid = item
    return { responseCode, item }
  }

  /** Undoes the message that stands at this place, or buries it before it comes. */
  reverse(posting: Posting, now: number): Ruling {
    const item = this.#items.get(keyOf(posting))
    if (item === undefined) return { responseCode: '00', item: this.#add(posting, 'tombstone', '12', now) }
    if (item.amount !== posting.amount) return { responseCode: '64', item }
    if (item.state !== 'approved') return { responseCode: '00', item }
    if (item.day < this.dayAt(now)) return { responseCode: '22', item }
    item.state = 'reversed'
    if (item.liveVoid !== null) item.liveVoid.state = 'reversed'
    item.liveVoid = null
    const sale = this.#saleOf(item)
    if (sale?.liveVoid === item) sale.liveVoid = null
    return { responseCode: '00', item }
  }

  /** What stands of the message at this place; any day's. */
  inquire(reference: MessageReference): Ruling {
    const item = this.#items.get(keyOf(reference))
    if (item === undefined) return { responseCode: '25', item: null }
    return { responseCode: currentCode(item), item }
  }

  /** In the order in which they were first heard of. */
  items(): IterableIterator<Item> {
    return this.#items.values()
  }

  #saleOf(posting: Posting): Item | null {
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

/** A message seen before: its first answer, unless it was reversed since or says something else now. */
function again(item: Item, posting: Posting): Ruling {
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
