/** @module A day of a merchant: acts of the cashier, the line and the back office, and the answers that the terminal must get. */

import { expect } from 'vitest'
import { type Random, seeded } from '../support/micro-random.ts'
import type { OwnCard, OwnItem } from '../support/own-terminal/book.ts'
import { digitsOf, withLuhnDigit } from '../support/own-terminal/bytes.ts'
import type { OwnFields } from '../support/own-terminal/messages.ts'
import type { OwnTerminal } from '../support/own-terminal/terminal.ts'
import type { LineFault, Site } from './site.ts'

/** Last two digits of an amount with which the sandbox does something else than approve. */
const SPECIAL = [5, 51, 54, 55, 61, 91, 98]
const ENTRIES = ['manual', 'track', 'chip', 'contactless'] as const
/** Test cards of other lengths. */
const OTHER_CARDS = ['30569309025904', '378282246310005']

export class Day {
  readonly site: Site
  readonly terminal: OwnTerminal
  readonly random: Random
  /** Voids of the office that stand, by sale. */
  readonly officeVoids = new Set<OwnItem>()
  #keys = 0

  constructor(site: Site, terminal: OwnTerminal, seed: number) {
    this.site = site
    this.terminal = terminal
    this.random = seeded(seed)
  }

  one<T>(of: readonly T[]): T {
    return of[this.random.below(of.length)] as T
  }

  /** Each way that the terminal may take a card. */
  entry(): OwnCard['entry'] {
    return this.one(this.terminal.settings.encrypts ? [...ENTRIES, 'encrypted' as const] : ENTRIES)
  }

  /** A test card of 14, 15, 16 or 19 digits. */
  card(entry = this.entry()): OwnCard {
    if (this.random.below(4) === 0) return { pan: this.one(OTHER_CARDS), entry }
    const number = digitsOf(this.random.below(1000), 3)
    const digits = this.one([`622500000000${number}`, `622500000000000${number}`])
    return { pan: withLuhnDigit(digits), entry }
  }

  /** An amount that the issuer approves, in minor units. */
  amount(): number {
    const amount = 1 + this.random.below(99_999)
    return SPECIAL.includes(amount % 100) ? amount + 1_000_002 - (amount % 100) : amount
  }

  async sold(card = this.card()): Promise<OwnItem> {
    const sale = await this.terminal.sale(this.amount(), card)
    expect([sale.state, sale.code]).toEqual(['approved', '00'])
    return sale
  }

  async voided(sale: OwnItem, changes: OwnFields = {}): Promise<OwnItem> {
    // The card may be presented in another way than for the sale.
    const isByCard = this.terminal.settings.voidForms === 'strict' && 37 in changes
    if (isByCard && sale.card.entry === 'encrypted') {
      // The service does not know the card of the sale.
      await this.refused('14', sale, changes)
      return this.voided(sale)
    }
    const entry = isByCard ? this.one(ENTRIES) : this.entry()
    const card = { ...sale.card, entry }
    const voided = await this.terminal.voidSale(sale, changes, card)
    expect([voided.state, voided.code, changes]).toEqual(['approved', '00', changes])
    return voided
  }

  /** A void that is refused with field 39. */
  async refused(code: string, sale: OwnItem, changes: OwnFields = {}, card = sale.card): Promise<void> {
    const voided = await this.terminal.voidSale(sale, changes, card)
    expect([voided.state, voided.code]).toEqual(['refused', code])
  }

  /** The next sale or void meets this fault, and its copy too, if the terminal repeats. */
  faultOnce(fault: LineFault): void {
    this.site.faults.push(fault)
    if (this.terminal.settings.repeats) this.site.faults.push(fault)
  }

  /** A sale without an answer, and whose reversal is pending. */
  async lostSale(fault: LineFault): Promise<OwnItem> {
    this.faultOnce(fault)
    // Its RRN is not known, so a void of it needs the card in clear.
    const sale = await this.terminal.sale(this.amount(), this.card(this.one(ENTRIES)))
    expect([sale.state, this.terminal.pending?.item]).toEqual(['open', sale])
    return sale
  }

  /** The office voids a sale by JSON. Returns the key of its request. */
  async voidByOffice(sale: OwnItem): Promise<string> {
    const { id } = await this.site.json('GET', `/v1/sales/${sale.rrn}`, undefined, [200])
    const key = `${this.terminal.settings.terminalId}-${sale.batch}-${++this.#keys}`
    await this.site.json('POST', '/v1/voids', { saleId: id, amount: sale.amount }, [201, 202], key)
    this.officeVoids.add(sale)
    return key
  }

  /** The office reverses its void. */
  async unvoidByOffice(sale: OwnItem, key: string): Promise<void> {
    const { id } = await this.site.json('GET', `/v1/sales/${sale.rrn}`, undefined, [200])
    const of = { idempotencyKey: key, saleId: id, amount: sale.amount }
    await this.site.json('POST', '/v1/reversals', of, [200], `${key}-reversed`)
    this.officeVoids.delete(sale)
  }
}
