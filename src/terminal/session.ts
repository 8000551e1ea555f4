/**
 * @module The shared parts of all operations of a virtual terminal: its state, the keys during one exchange, and the
 * observer.
 */

import type { Core } from '../core/instance.ts'
import { USUAL_FORMS } from '../domain/terminal-profile.ts'
import type { Frame, Send } from '../iso8583/frame.ts'
import type { Message, PackForms } from '../iso8583/message.ts'
import { type Exchange, exchangeFrame, exchangeMessage, type Link, type Operation } from './exchange.ts'
import type { TerminalState } from './state.ts'
import { openMacKey } from './working-keys.ts'

export interface TerminalOptions {
  readonly core: Core
  readonly send: Send
  /** Milliseconds; only differences are used. */
  now(): number
  /** Terminal master key, 8, 16 or 24 bytes; 16 for SM4. The state does not keep it. */
  readonly tmk: Uint8Array
  /** Changed in place. */
  readonly state: TerminalState
  /** Called before a sale or void is sent and after every exchange, so that the state survives a crash at any point. */
  readonly save?: (state: TerminalState) => void
  /** Called after every exchange, also after a pending reversal or an upload on the way. */
  readonly observe?: (exchange: Exchange) => void
  readonly frame?: Frame['kind']
  /** 5 bytes; 6000030000 by default. */
  readonly tpdu?: Uint8Array
  /** At most 128 bytes; 603100311312 by default. */
  readonly header?: Uint8Array
  /** How odd digits are padded, and the side of field 22; 0 and left by default. */
  readonly forms?: PackForms
  /** Whether 0500 and 0320 carry field 64. */
  readonly settlementMac?: boolean
  /** Whether voids and reversals have as few fields as they may. Such a terminal needs `voidForms: lenient`. */
  readonly sendsLeast?: boolean
}

/** The working keys in the state do not open under the given master key. */
export class MasterKeyError extends Error {}

const TPDU = Uint8Array.of(0x60, 0x00, 0x03, 0x00, 0x00)
const HEADER = Uint8Array.of(0x60, 0x31, 0x00, 0x31, 0x13, 0x12)

/** The state of a terminal, and the exchanges that change it. */
export class Session {
  readonly state: TerminalState
  readonly options: TerminalOptions
  readonly #link: Link

  constructor(options: TerminalOptions) {
    const { core, send, state, frame = 'tpdu', tpdu = TPDU, header = HEADER } = options
    const { forms = USUAL_FORMS } = options
    this.state = state
    this.options = options
    const now = () => options.now()
    this.#link = { core, send, now, macProfile: state.macProfile, frame, tpdu, header, forms }
  }

  /** Sends a message with its MAC. Throws MasterKeyError when the keys do not open. */
  async sendWithMac(operation: Operation, message: Message): Promise<Exchange> {
    return this.#withMacKey((macKey) => exchangeMessage(this.#link, operation, message, macKey))
  }

  async sendWithoutMac(operation: Operation, message: Message): Promise<Exchange> {
    return exchangeMessage(this.#link, operation, message, null)
  }

  /** Sends the bytes as they are. Throws MasterKeyError when the keys do not open. */
  async sendFrame(operation: Operation, frame: Uint8Array): Promise<Exchange> {
    return this.#withMacKey((macKey) => exchangeFrame(this.#link, operation, frame, macKey))
  }

  save(): void {
    this.options.save?.(this.state)
  }

  /** Saves the state with the result of an exchange, then calls the observer. */
  recorded(exchange: Exchange): Exchange {
    this.save()
    this.options.observe?.(exchange)
    return exchange
  }

  /** Opens the MAC key for one exchange and wipes it afterwards. Null before the first sign-on. */
  async #withMacKey<T>(use: (macKey: Uint8Array | null) => Promise<T>): Promise<T> {
    const { core, tmk } = this.options
    const { keys, macProfile } = this.state
    if (keys === null) return use(null)
    const macKey = openMacKey(core, macProfile, tmk, keys)
    if (!macKey.ok) throw new MasterKeyError(`working keys: ${macKey.error}`)
    try {
      return await use(macKey.value)
    } finally {
      macKey.value.fill(0)
    }
  }
}
