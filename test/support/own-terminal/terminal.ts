/**
 * @module A terminal of our own that shares no code with `src/`. It has its own packing, MACs and ciphers, and the rules of a
 * terminal (protocol.md §3.5, §3.6). A stored reversal goes before every other transaction, until it is answered.
 */

import { countedIn, newItem, type OwnCard, type OwnItem } from './book.ts'
import { digitsOf } from './bytes.ts'
import { type Carry, exchange, type Received } from './exchange.ts'
import { openedMacKey } from './keys.ts'
import { financialMessage, managementMessage, type OwnFields, reversalMessage } from './messages.ts'
import type { OwnSettings } from './settings.ts'

interface Pending {
  readonly item: OwnItem
  readonly reason: '98' | '96' | 'A0'
  tries: number
}

/** Tries of one message in a row. */
const TRIES = 3
/** Field 39 of a reversal that is done. */
const REVERSED = ['00', '12', '25']

export class OwnTerminal {
  readonly settings: OwnSettings
  /** All items of all batches. */
  readonly book: OwnItem[] = []
  /** Why answers were not believed, in order. */
  readonly faults: string[] = []
  batch = '000001'
  trace: number
  macKey: Uint8Array | null = null
  pending: Pending | null = null
  readonly carry: Carry
  readonly now: () => number

  constructor(settings: OwnSettings, carry: Carry, now: () => number) {
    this.settings = settings
    this.carry = carry
    this.now = now
    this.trace = settings.firstTrace
  }

  takeTrace(): string {
    const trace = digitsOf(this.trace, 6)
    this.trace = this.trace === 999_999 ? 1 : this.trace + 1
    return trace
  }

  /** Sends a message, with a MAC if `macKey` is a key. */
  async send(message: Parameters<typeof exchange>[2], macKey: Uint8Array | null): Promise<Received> {
    const received = await exchange(this.settings, this.carry, message, macKey, this.now)
    if (received.fault !== undefined) this.faults.push(received.fault)
    return received
  }

  /** Signs on for new keys and the batch, in up to three tries. Throws RangeError when a key is wrong. */
  async signOn(): Promise<void> {
    const { settings } = this
    for (let tries = 0; tries < TRIES; tries++) {
      const stan = this.takeTrace()
      const request = managementMessage(settings, '0800', this.batch, settings.layout, {
        11: stan,
        63: '303120',
      })
      const { answer, code } = await this.send(request, null)
      if (answer === null) continue
      if (code !== '00') throw new RangeError(`sign-on: ${code}`)
      const { macProfile, layout, masterKey } = settings
      this.macKey = openedMacKey(macProfile, layout, masterKey, answer.fields.get(62) ?? '')
      this.batch = (answer.fields.get(60) ?? '').slice(2, 8)
      return
    }
    throw new RangeError('sign-on: no answer')
  }

  /** 301 is an echo, 002 a sign-off. */
  async manage(code: '301' | '002'): Promise<Received> {
    const stan = code === '301' ? undefined : this.takeTrace()
    return this.send(managementMessage(this.settings, '0820', this.batch, code, { 11: stan }), null)
  }

  sale(amount: number, card: OwnCard, changes: OwnFields = {}): Promise<OwnItem> {
    return this.transact({ kind: 'sale', amount, card }, changes)
  }

  /** Voids a sale. `changes` are fields that this void has instead, or lacks. */
  voidSale(sale: OwnItem, changes: OwnFields = {}, card = sale.card): Promise<OwnItem> {
    return this.transact({ kind: 'void', amount: sale.amount, card, original: sale }, changes)
  }

  /** Undoes the last item although it is approved: the paper of the printer is torn. */
  async undo(item: OwnItem): Promise<boolean> {
    this.pending = { item, reason: '96', tries: 0 }
    return this.reversePending()
  }

  /** Deletes the stored reversal, as a person can (清除冲正). */
  dropPending(): void {
    if (this.pending !== null) this.pending.item.state = 'dropped'
    this.pending = null
  }

  /**
   * Stores the reversal, sends the message, and deletes the reversal after an answer. An item that is still `open` was not answered.
   * While an older reversal is not answered, nothing else is sent, and the item is `refused` with the code `line`.
   */
  async transact(
    what: Pick<OwnItem, 'kind' | 'amount' | 'card' | 'original'>,
    changes: OwnFields = {},
  ): Promise<OwnItem> {
    const { settings } = this
    if (!(await this.reversePending()))
      return { ...newItem({ ...what, batch: this.batch, stan: '' }), state: 'refused', code: 'line' }
    const item = newItem({ ...what, batch: this.batch, stan: changes[11] ?? this.takeTrace() })
    this.book.push(item)
    this.pending = { item, reason: '98', tries: 0 }
    let received = await this.send(financialMessage(settings, item, this.now(), changes), this.macKey)
    if (received.answer === null && settings.repeats) {
      // The message is built anew, with the time of now.
      const copy = financialMessage(settings, item, this.now(), changes)
      received = await this.send({ ...copy, mti: '0201' }, this.macKey)
    }
    if (received.isMacWrong) this.pending = { item, reason: 'A0', tries: 0 }
    if (received.answer === null) return item
    this.pending = null
    item.code = received.code
    item.state = received.code === '00' ? 'approved' : 'refused'
    item.rrn = received.answer.fields.get(37) ?? ''
    item.authorization = received.answer.fields.get(38) ?? ''
    if (received.signOnAgain) await this.signOn()
    return item
  }

  /**
   * Sends the stored reversal until an answer says that nothing stands. False: no such answer in three tries. The reversal is kept
   * then, and the next call tries again.
   */
  async reversePending(): Promise<boolean> {
    const { settings } = this
    for (let tries = 0; this.pending !== null && tries < TRIES; tries++) {
      const { item, reason } = this.pending
      const [first, repeat] = settings.reversalMtis
      const isFirst = this.pending.tries === 0
      this.pending.tries++
      const mti = isFirst ? first : repeat
      const message = reversalMessage(settings, item, mti, isFirst ? reason : '06', this.now())
      const { code, signOnAgain } = await this.send(message, this.macKey)
      if (REVERSED.includes(code)) {
        item.state = 'reversed'
        this.pending = null
      } else if (signOnAgain) await this.signOn()
    }
    return this.pending === null
  }

  /** The items of the open batch that count. */
  counted(): OwnItem[] {
    return countedIn(this.book, this.batch)
  }

  /** Ends the batch. Later items are in the next one. */
  nextBatch(): void {
    this.batch = digitsOf((Number(this.batch) % 999_999) + 1, 6)
    if (this.settings.restartsTraces) this.trace = 1
  }
}
