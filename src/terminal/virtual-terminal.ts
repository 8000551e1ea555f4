/**
 * @module A POS terminal without hardware. It signs on, sells, voids, reverses and settles, by the rules of a terminal
 * (protocol.md §3.5, §3.6). It has no network and no clock of its own.
 *
 * It stores a reversal before it sends a sale or void, and a valid answer deletes the reversal. A stored reversal is
 * sent before anything else, at most three times. Then the terminal drops it, and does not send the transaction behind
 * it.
 */

import { err, ok, type Result } from '../domain/result.ts'
import type { Amount } from '../domain/types.ts'
import { field60Of } from '../iso8583/cup.ts'
import type { Message } from '../iso8583/message.ts'
import { isReversed } from './check-answer.ts'
import type { Exchange } from './exchange.ts'
import {
  echoRequest,
  leastReversal,
  leastVoid,
  reversalRequest,
  saleRequest,
  signOffRequest,
  signOnRequest,
  voidRequest,
} from './messages.ts'
import { Session, type TerminalOptions } from './session.ts'
import { settle } from './settlement.ts'
import {
  changeEntry,
  findEntry,
  isVoided,
  type KeyLayout,
  type LogEntry,
  openBatch,
  type ReversalReason,
  type TerminalState,
  takeStan,
} from './state.ts'
import { defaultLayout, openMacKey } from './working-keys.ts'

/** The terminal's own refusals, without a message to the acquirer. */
export type TerminalRefusal =
  | 'not_signed_on'
  | 'reversal_failed'
  | 'not_in_log'
  | 'not_a_sale'
  | 'sale_not_approved'
  | 'already_voided'
  | 'nothing_to_reverse'

/** The exchange of the operation itself. `observe` gets the exchanges on the way to it. */
export type ExchangeResult = Result<Exchange, TerminalRefusal>

/** One attempt and two repeats (protocol.md §3.5). */
const REVERSAL_ATTEMPTS = 3

const isAnswered = ({ outcome }: Exchange): boolean => outcome === 'approved' || outcome === 'declined'

/** One terminal. Its operations throw MasterKeyError when the working keys do not open. */
export class VirtualTerminal {
  readonly state: TerminalState
  readonly #session: Session

  constructor(options: TerminalOptions) {
    this.state = options.state
    this.#session = new Session(options)
  }

  /** 签到. Takes the batch number, and the keys when every check value is right. */
  async signOn(layout: KeyLayout = defaultLayout(this.state.macProfile)): Promise<Exchange> {
    const request = signOnRequest(this.state, takeStan(this.state), layout)
    const exchange = await this.#session.sendWithoutMac('sign-on', request)
    if (exchange.outcome !== 'approved' || exchange.received === null) return this.#session.recorded(exchange)
    const { fields } = exchange.received
    const keys = { layout, field62: fields.get(62) ?? '' }
    const { core, tmk } = this.#session.options
    const macKey = openMacKey(core, this.state.macProfile, tmk, keys)
    if (!macKey.ok) return this.#session.recorded({ ...exchange, outcome: 'invalid', fault: macKey.error })
    macKey.value.fill(0)
    this.state.keys = keys
    openBatch(this.state, field60Of(fields).batchNumber)
    return this.#session.recorded(exchange)
  }

  /** Checks that the acquirer is there. */
  async echo(): Promise<Exchange> {
    return this.#session.recorded(await this.#session.sendWithoutMac('echo', echoRequest(this.state)))
  }

  /** 签退. */
  async signOff(): Promise<ExchangeResult> {
    if (!(await this.#reversePending())) return err('reversal_failed')
    const request = signOffRequest(this.state, takeStan(this.state))
    return ok(this.#session.recorded(await this.#session.sendWithoutMac('sign-off', request)))
  }

  /** 消费. `amount` is in fen. */
  async sale(amount: Amount, pan: string): Promise<ExchangeResult> {
    if (this.state.keys === null) return err('not_signed_on')
    if (!(await this.#reversePending())) return err('reversal_failed')
    const entry = this.#newEntry({ kind: 'sale', amount, pan })
    return ok(await this.#transact(entry, saleRequest(this.state, entry)))
  }

  /** 撤销 of the sale with this STAN, from the terminal's own log. */
  async voidSale(saleStan: string): Promise<ExchangeResult> {
    if (this.state.keys === null) return err('not_signed_on')
    if (!(await this.#reversePending())) return err('reversal_failed')
    const sale = findEntry(this.state, saleStan)
    if (sale === undefined) return err('not_in_log')
    if (sale.kind !== 'sale') return err('not_a_sale')
    if (sale.status !== 'approved') return err('sale_not_approved')
    if (isVoided(this.state, saleStan)) return err('already_voided')
    const { amount, pan } = sale
    const entry = this.#newEntry({ kind: 'void', amount, pan, originalStan: saleStan })
    const request = voidRequest(this.state, entry, sale)
    return ok(await this.#transact(entry, this.#session.options.sendsLeast ? leastVoid(request) : request))
  }

  /** 冲正 of the pending message, or of the message with this STAN in the log. One attempt. */
  async reverse(stan?: string, reason: ReversalReason = '98'): Promise<ExchangeResult> {
    if (this.state.keys === null) return err('not_signed_on')
    const { pending } = this.state
    const named = stan ?? pending?.stan
    if (named === undefined) return err('nothing_to_reverse')
    const entry = findEntry(this.state, named)
    if (entry === undefined) return err('not_in_log')
    return ok(await this.#sendReversal(entry, named === pending?.stan ? pending.reason : reason))
  }

  /** 结算. */
  async settle(): Promise<ExchangeResult> {
    if (this.#session.options.settlementMac && this.state.keys === null) return err('not_signed_on')
    if (!(await this.#reversePending())) return err('reversal_failed')
    return ok(await settle(this.#session))
  }

  /** Sends a frame once more, byte for byte. The state does not change. */
  async resend(frame: Uint8Array): Promise<Exchange> {
    return this.#session.recorded(await this.#session.sendFrame('resend', frame))
  }

  #newEntry(entry: Pick<LogEntry, 'kind' | 'amount' | 'pan' | 'originalStan'>): LogEntry {
    const { batchNumber } = this.state
    return { ...entry, batchNumber, stan: takeStan(this.state), status: 'unanswered' }
  }

  /** Stores the reversal, sends the message, and deletes the reversal after a valid answer. */
  async #transact(entry: LogEntry, request: Message): Promise<Exchange> {
    const { stan } = entry
    this.state.log.push(entry)
    this.state.pending = { stan, reason: '98', attempts: 0 }
    this.#session.save()
    const exchange = await this.#session.sendWithMac(entry.kind, request)
    if (exchange.macFault) this.state.pending = { ...this.state.pending, reason: 'A0' }
    if (isAnswered(exchange)) {
      this.state.pending = null
      const rrn = exchange.received?.fields.get(37)
      const authorizationCode = exchange.received?.fields.get(38)
      changeEntry(this.state, stan, {
        status: exchange.outcome === 'approved' ? 'approved' : 'declined',
        ...(rrn === undefined ? {} : { rrn }),
        ...(authorizationCode === undefined ? {} : { authorizationCode }),
      })
    }
    return this.#session.recorded(exchange)
  }

  /**
   * Sends the pending reversal. False when its last attempt failed: the reversal is dropped, and the next transaction
   * is not sent.
   */
  async #reversePending(): Promise<boolean> {
    while (this.state.pending !== null) {
      const { stan, reason, attempts } = this.state.pending
      const entry = findEntry(this.state, stan)
      if (entry === undefined || attempts >= REVERSAL_ATTEMPTS) {
        this.state.pending = null
        this.#session.save()
        return false
      }
      // After a failed attempt the reason is "other" (protocol.md §3.5).
      await this.#sendReversal(entry, attempts === 0 ? reason : '06')
    }
    return true
  }

  async #sendReversal(entry: LogEntry, reason: ReversalReason): Promise<Exchange> {
    const sale = entry.originalStan === undefined ? undefined : findEntry(this.state, entry.originalStan)
    const { pending } = this.state
    const isPending = pending?.stan === entry.stan
    const isRepeat = isPending && pending.attempts > 0
    if (isPending) this.state.pending = { ...pending, attempts: pending.attempts + 1 }
    this.#session.save()
    const whole = reversalRequest(this.state, entry, sale, reason)
    const request = this.#session.options.sendsLeast ? leastReversal(whole, isRepeat) : whole
    const exchange = await this.#session.sendWithMac('reverse', request)
    if (isAnswered(exchange) && isReversed(exchange.responseCode)) {
      changeEntry(this.state, entry.stan, { status: 'reversed' })
      if (isPending) this.state.pending = null
    }
    return this.#session.recorded(exchange)
  }
}
