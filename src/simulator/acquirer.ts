/**
 * @module A simulated acquirer: frames in, frames out, over books of its own. It has no clock, no randomness and no
 * network; the same seed and the same messages give the same answers. Not for real cards.
 */

import type { Message } from '../iso8583/message.ts'
import type { Received } from '../iso8583/received.ts'
import {
  drawFault,
  type Fault,
  NO_FAULTS,
  type Plan,
  type RandomNumber,
  type ScriptStep,
  takeStep,
} from './faults.ts'
import { Ledger, type Posting, type Ruling } from './ledger.ts'
import {
  answerTo,
  hasRightMac,
  receive,
  type SimulatedRequest,
  sign,
  simulatedRequestOf,
  type Voice,
  withoutMac,
} from './speech.ts'

export interface AcquirerOptions extends Voice {
  readonly random: RandomNumber
  /** Minutes after midnight in China at which the business day ends (23:00 by default); null: only when told. */
  readonly cutOffMinutes?: number | null
  readonly plan?: Plan
}

/** What becomes of a frame. */
export interface Reaction {
  /** Null: none. */
  readonly answer: Uint8Array | null
  /** How often the answer arrives. */
  readonly copies: 0 | 1 | 2
  /** Milliseconds until it does. */
  readonly delayMs: number
  /** Not 0: the request itself is still on its way, and is to be handed to `process` after so many milliseconds. */
  readonly arrivesAfterMs: number
}

/** Beyond the patience of whoever waits. */
const LATE_MS = 9_000
const CUT_OFF_MINUTES = 23 * 60

/** Last two digits of a sale's amount with which the issuer refuses it; they are field 39 too. */
const REFUSED_AMOUNTS = ['05', '51', '54', '55', '61', '91']
/** A sale or void of an amount that ends so is done and never answered. */
const NEVER_ANSWERED = '98'

const SILENCE: Reaction = { answer: null, copies: 0, delayMs: 0, arrivesAfterMs: 0 }

interface ReceivedRequest extends Received, SimulatedRequest {}

/** What an answer becomes before its MAC. */
type Bend = (answer: Message) => Message

export class AcquirerSimulator {
  readonly ledger: Ledger
  readonly #voice: Voice
  #random: RandomNumber
  #rates: Plan['rates'] = {}
  #script: ScriptStep[] = []

  constructor(options: AcquirerOptions) {
    const { cutOffMinutes = CUT_OFF_MINUTES } = options
    this.#voice = options
    this.#random = options.random
    this.ledger = new Ledger(cutOffMinutes)
    this.follow(options.plan ?? NO_FAULTS)
  }

  /** What shall go wrong from now on. */
  follow({ rates, script }: Plan, random: RandomNumber = this.#random): void {
    this.#rates = rates
    this.#script = [...script]
    this.#random = random
  }

  /** `now`: milliseconds since the epoch. */
  receive(bytes: Uint8Array, now: number): Reaction {
    const received = this.#receive(bytes, now)
    if (received === null) return SILENCE
    if (received instanceof Uint8Array) return arrives(received)
    const step = takeStep(this.#script, received.kind)
    if (step?.code !== undefined) return arrives(this.#refuse(received, now, step.code))
    return this.#befall(received, now, step === undefined ? drawFault(this.#rates, this.#random) : step.fault)
  }

  /** As if nothing could go wrong; null where there is no answer. */
  process(bytes: Uint8Array, now: number): Uint8Array | null {
    const received = this.#receive(bytes, now)
    return received === null || received instanceof Uint8Array ? received : this.#answer(received, now)
  }

  /** The request, or the answer where it is refused unheard; null where it is none. */
  #receive(bytes: Uint8Array, now: number): ReceivedRequest | Uint8Array | null {
    const received = receive(this.#voice, bytes)
    if (received === undefined) return null
    const { frame, message } = received
    if (!hasRightMac(this.#voice, received))
      return withoutMac(this.#voice, frame, this.#answerMessage(message, 'A0', now))
    const simulated = simulatedRequestOf(message)
    if (simulated === undefined) return sign(this.#voice, frame, this.#answerMessage(message, '40', now))
    return { ...received, ...simulated }
  }

  #befall(received: ReceivedRequest, now: number, fault: Fault | undefined): Reaction {
    switch (fault) {
      case undefined:
        return arrives(this.#answer(received, now))
      case 'drop_request':
        return SILENCE
      case 'drop_answer':
        this.#answer(received, now)
        return SILENCE
      case 'late_request':
        return { ...SILENCE, arrivesAfterMs: LATE_MS }
      case 'late_answer':
        return { ...arrives(this.#answer(received, now)), delayMs: LATE_MS }
      case 'twice': {
        const first = this.#answer(received, now)
        this.#answer(received, now)
        return first === null ? SILENCE : { ...arrives(first), copies: 2 }
      }
      case 'other_stan':
        return arrives(this.#answer(received, now, withNextStan))
      case 'bad_mac':
        return arrives(changed(this.#answer(received, now), flipLastBit))
      case 'half_frame':
        return arrives(changed(this.#answer(received, now), (answer) => answer.slice(0, answer.length >> 1)))
      case 'code_91':
        return arrives(this.#refuse(received, now, '91'))
      case 'code_96':
        return arrives(this.#fail(received, now, '96'))
      case 'code_98':
        return arrives(this.#fail(received, now, '98'))
      case 'cut_off':
        this.ledger.cutOff()
        return arrives(this.#answer(received, now))
    }
  }

  #answer(
    { frame, message, kind, posting }: ReceivedRequest,
    now: number,
    bend: Bend = (answer) => answer,
  ): Uint8Array | null {
    const isPosting = kind === 'sale' || kind === 'void'
    const ruling = this.#rule(kind, posting, now)
    if (isPosting && lastTwoDigits(posting) === NEVER_ANSWERED) return null
    return sign(this.#voice, frame, bend(this.#answerMessage(message, ruling.responseCode, now, ruling.item)))
  }

  #rule(kind: SimulatedRequest['kind'], posting: Posting, now: number): Ruling {
    if (kind === 'inquiry') return this.ledger.inquire(posting)
    if (kind === 'reversal') return this.ledger.reverse(posting, now)
    const digits = lastTwoDigits(posting)
    return this.ledger.post(posting, now, kind === 'sale' && REFUSED_AMOUNTS.includes(digits) ? digits : null)
  }

  /** A sale or void is declined with this code, for good; anything else hears it, and nothing is done. */
  #refuse({ frame, message, kind, posting }: ReceivedRequest, now: number, code: string): Uint8Array {
    const isPosting = kind === 'sale' || kind === 'void'
    const { responseCode, item } = isPosting
      ? this.ledger.post(posting, now, code)
      : { responseCode: code, item: null }
    return sign(this.#voice, frame, this.#answerMessage(message, responseCode, now, item))
  }

  /** Does what is asked, or, half of the time, nothing, and says that it failed. */
  #fail(received: ReceivedRequest, now: number, code: string): Uint8Array {
    if (this.#random() < 0.5) this.#answer(received, now)
    return sign(this.#voice, received.frame, this.#answerMessage(received.message, code, now))
  }

  /** An answer's time and day are those of the item, so that the same message hears the same bytes. */
  #answerMessage(request: Message, responseCode: string, now: number, item: Ruling['item'] = null): Message {
    const { at, day } = item ?? { at: now, day: this.ledger.dayAt(now) }
    return answerTo(request, { responseCode, item, at, day })
  }
}

const arrives = (answer: Uint8Array | null): Reaction =>
  answer === null ? SILENCE : { answer, copies: 1, delayMs: 0, arrivesAfterMs: 0 }

const changed = (answer: Uint8Array | null, change: (answer: Uint8Array) => Uint8Array): Uint8Array | null =>
  answer === null ? null : change(answer)

const flipLastBit = (answer: Uint8Array): Uint8Array =>
  answer.with(answer.length - 1, (answer.at(-1) ?? 0) ^ 1)

const withNextStan: Bend = (answer) => {
  const stan = String((Number(answer.fields.get(11) ?? 0) % 999_999) + 1).padStart(6, '0')
  return { ...answer, fields: new Map([...answer.fields, [11, stan]]) }
}

const lastTwoDigits = ({ amount }: Posting): string => String(amount % 100).padStart(2, '0')
