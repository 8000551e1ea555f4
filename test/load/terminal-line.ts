/** @module The line of a terminal under load: signs frames under its own key, sends them, and checks the answers as a terminal does. */

import { macAlgorithmOf } from '../../src/domain/mac-profile.ts'
import { buildFrame, ISO_CONTENT_TYPE } from '../../src/iso8583/frame.ts'
import { packWithMac } from '../../src/iso8583/mac.ts'
import type { Message } from '../../src/iso8583/message.ts'
import { type Exchange, exchangeFrame, exchangeMessage, type Link } from '../../src/terminal/exchange.ts'
import { settlementRequest } from '../../src/terminal/messages.ts'
import { type TerminalState, takeStan } from '../../src/terminal/state.ts'
import { VirtualTerminal } from '../../src/terminal/virtual-terminal.ts'
import { openMacKey } from '../../src/terminal/working-keys.ts'
import type { ReceivedAnswer } from './ledger.ts'
import type { LoadHarness } from './load-harness.ts'
import type { Result } from './measurements.ts'
import type { LoadReply } from './sender.ts'

const TPDU = Uint8Array.of(0x60, 0x00, 0x03, 0x00, 0x00)
const HEADER = Uint8Array.of(0x60, 0x31, 0x00, 0x31, 0x13, 0x12)
/** Bytes of length and TPDU. */
const ADDRESSES = 7

/** How an exchange is measured, and named in a violation. */
export interface Measuring {
  readonly name: string
  readonly dueAt: number
  readonly what: string
}

export class TerminalLine {
  readonly state: TerminalState
  readonly #harness: LoadHarness
  readonly #tmk: Uint8Array
  readonly #headers: Readonly<Record<string, string>>
  #macKey: Uint8Array | null = null

  /** `address`: where the terminal seems to be, for a service on this machine. */
  constructor(harness: LoadHarness, state: TerminalState, tmk: Uint8Array, address: string) {
    this.#harness = harness
    this.state = state
    this.#tmk = tmk
    this.#headers = { 'content-type': ISO_CONTENT_TYPE, 'cf-connecting-ip': address }
  }

  get isSignedOn(): boolean {
    return this.#macKey !== null
  }

  /** Signs on once. After a refusal, or without an answer, the old key stays. */
  async signOn(dueAt: number): Promise<void> {
    const { core, now, record } = this.#harness
    let reply: LoadReply | undefined
    const send = async (frame: Uint8Array) => {
      reply = await this.#post(frame)
      return reply.status === 200 ? reply.body : null
    }
    const sentAt = now()
    const { state } = this
    const { outcome } = await new VirtualTerminal({ core, send, now, tmk: this.#tmk, state }).signOn()
    record({ name: 'sign-on', dueAt, sentAt, doneAt: now(), result: resultOf(reply), trips: null })
    if (outcome !== 'approved' || state.keys === null) return
    const opened = openMacKey(core, state.macProfile, this.#tmk, state.keys)
    if (opened.ok) this.#macKey = opened.value
  }

  /** A frame with the message and its MAC. */
  signed(message: Message): Uint8Array {
    const { core } = this.#harness
    const macKey = this.#key()
    const algorithm = macAlgorithmOf(this.state.macProfile)
    const body = packWithMac(message, (input) => core.computeMac(algorithm, macKey, input))
    return buildFrame('tpdu', TPDU, HEADER, body, core.lrc)
  }

  /** Sends a frame and measures it. The answer is null when the terminal got none that counts. */
  async exchange(frame: Uint8Array, { name, dueAt, what }: Measuring) {
    const { now, record, ledger } = this.#harness
    let reply: LoadReply | undefined
    const link = this.#link((answer) => {
      reply = answer
    })
    const sentAt = now()
    const exchange = await exchangeFrame(link, 'resend', frame, this.#key())
    const doneAt = now()
    record({ name, dueAt, sentAt, doneAt, result: resultOf(reply), trips: reply?.trips ?? null })
    if (exchange.answer !== null)
      ledger.check(
        'each answer is valid',
        exchange.outcome !== 'invalid',
        () => `${what}: ${exchange.fault ?? 'no message'}`,
      )
    return { answer: answerOf(exchange), sentAt, doneAt }
  }

  /** Sends 0500 with these totals. Returns the two codes of field 48, or null without an answer. */
  async settleBatch(field48: string): Promise<string | null> {
    const request = settlementRequest(this.state, takeStan(this.state), field48)
    const link = this.#link(() => undefined)
    return (await exchangeMessage(link, 'settle', request, null)).responseCode ?? null
  }

  #link(replied: (reply: LoadReply) => void): Link {
    const { core, now } = this.#harness
    const send = async (bytes: Uint8Array) => {
      const reply = await this.#post(bytes)
      replied(reply)
      return reply.status === 200 ? reply.body : null
    }
    const { macProfile } = this.state
    return { core, send, now, macProfile, frame: 'tpdu', tpdu: TPDU, header: HEADER }
  }

  #key(): Uint8Array {
    if (this.#macKey === null) throw new Error(`${this.state.terminalId}: not signed on`)
    return this.#macKey
  }

  #post(body: Uint8Array): Promise<LoadReply> {
    return this.#harness.sender.send({ method: 'POST', path: '/v1/iso8583', headers: this.#headers, body })
  }
}

function answerOf({ outcome, received, answer, responseCode }: Exchange): ReceivedAnswer | null {
  if (answer === null || received === null || responseCode === undefined) return null
  if (outcome !== 'approved' && outcome !== 'declined') return null
  return {
    isApproved: outcome === 'approved',
    code: responseCode,
    rrn: received.fields.get(37) ?? null,
    bytes: answer.subarray(ADDRESSES),
  }
}

function resultOf(reply: LoadReply | undefined): Result {
  if (reply?.status === 200) return 'answered'
  return reply?.isRefusal === true ? 'refused' : 'lost'
}
