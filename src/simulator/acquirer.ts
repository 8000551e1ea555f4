/**
 * @module A simulated acquirer: frames in, frames out, and a ledger. It has no clock, no randomness and no network. The
 * same seed and messages give the same answers. Not for real cards.
 */

import type { MacKey } from '../iso8583/mac.ts'
import type { Message } from '../iso8583/message.ts'
import type { Received } from '../iso8583/received.ts'
import {
  drawFault,
  type Fault,
  NO_FAULTS,
  type Plan,
  type RandomNumber,
  type ScriptStep,
  seededRandom,
  takeStep,
} from './faults.ts'
import { Institution, type InstitutionKind, institutionKindOf } from './institution.ts'
import { KeyStation } from './key-station.ts'
import { Ledger, type LedgerResult, type Posting } from './ledger.ts'
import {
  answerTo,
  hasRightMac,
  receive,
  type SimulatedRequest,
  sign,
  simulatedRequestOf,
  withoutMac,
} from './messages.ts'
import { namesSale, namesTarget, type References, referencesOf } from './references.ts'

export interface AcquirerOptions extends MacKey {
  readonly random: RandomNumber
  /** With a zone key the MAC key is that of the last sign-on. There is none before the first, and `macKey` does not count. */
  readonly zoneKey?: Uint8Array | undefined
  /**
   * The end of the business day, in minutes after midnight in China (23:00 by default). Null: only `cutOff` ends it.
   */
  readonly cutOffMinutes?: number | null
  readonly plan?: Plan
  /** The fields of the request that its answers leave out, as some acquirers do. None without it. */
  readonly leavesOut?: readonly number[]
}

/** The reaction to a frame. */
export interface Reaction {
  /** Null: no answer. */
  readonly answer: Uint8Array | null
  /** How often the answer arrives. */
  readonly copies: 0 | 1 | 2
  /** Milliseconds until it arrives. */
  readonly delayMs: number
  /** Not 0: the request itself is late. Pass it to `process` after so many milliseconds. */
  readonly arrivesAfterMs: number
}

/** Milliseconds, longer than any deadline of a sender. */
const LATE_MS = 9_000
const CUT_OFF_MINUTES = 23 * 60

/** Last two digits of the amount of a sale that the issuer refuses. They are also field 39. */
const REFUSED_AMOUNTS = ['05', '51', '54', '55', '61', '91']
/** A sale or void with these last digits in its amount is booked, but never answered. */
const NEVER_ANSWERED = '98'

/** Field 39 of a void or reversal that names no message of the books. */
const NOT_FOUND = '25'
/** Field 39 of a copy with other content. */
const DUPLICATE = '94'

const SILENCE: Reaction = { answer: null, copies: 0, delayMs: 0, arrivesAfterMs: 0 }

type ReceivedRequest = Received &
  (SimulatedRequest | { readonly kind: 'sign_on' | InstitutionKind; readonly posting: null })

/** The seed of the faults of echoes and settlements. So a plan gives the same faults to all other messages. */
const LINE_SEED = 0x4c49_4e45

/** Changes an answer before its MAC. */
type AnswerChange = (answer: Message) => Message

/** One acquirer with its ledger. */
export class AcquirerSimulator {
  readonly ledger: Ledger
  readonly #keys: KeyStation
  readonly #institution: Institution
  readonly #lineRandom = seededRandom(LINE_SEED)
  #random: RandomNumber
  #rates: Plan['rates'] = {}
  #script: ScriptStep[] = []
  #signsDeclines = true
  readonly #leavesOut: readonly number[]

  constructor(options: AcquirerOptions) {
    const { cutOffMinutes = CUT_OFF_MINUTES } = options
    this.#keys = new KeyStation(options)
    this.#random = options.random
    this.ledger = new Ledger(cutOffMinutes)
    this.#leavesOut = options.leavesOut ?? []
    this.#institution = new Institution(this.ledger)
    this.follow(options.plan ?? NO_FAULTS)
  }

  /** Sets the faults from now on. Without `random` the current generator continues. */
  follow({ rates, script, declines }: Plan, random: RandomNumber = this.#random): void {
    this.#signsDeclines = declines !== 'unsigned'
    this.#rates = rates
    this.#script = [...script]
    this.#random = random
  }

  /** With a zone key: the acquirer has no MAC key until the next sign-on, and answers A0. */
  loseKey(): void {
    this.#keys.lose()
  }

  /** Takes a frame, with faults. `now` is in milliseconds since the epoch. */
  receive(bytes: Uint8Array, now: number): Reaction {
    const received = this.#receive(bytes, now)
    if (received === null) return SILENCE
    if (received instanceof Uint8Array) return arrives(received)
    const { kind } = received
    const step = takeStep(this.#script, kind)
    if (step?.code !== undefined) return arrives(this.#refuse(received, now, step.code))
    if (step?.totals !== undefined && kind === 'settlement')
      return arrives(this.#frame(received.frame, this.#institution.answer(kind, received.message, now, true)))
    const random = kind === 'echo' || kind === 'settlement' ? this.#lineRandom : this.#random
    return this.#withFault(received, now, step === undefined ? drawFault(this.#rates, random) : step.fault)
  }

  /** Takes a frame without faults. Null: no answer. */
  process(bytes: Uint8Array, now: number): Uint8Array | null {
    const received = this.#receive(bytes, now)
    return received === null || received instanceof Uint8Array ? received : this.#answer(received, now)
  }

  /** The parsed request, or the answer that refuses it before it is processed. Null when the bytes hold no message. */
  #receive(bytes: Uint8Array, now: number): ReceivedRequest | Uint8Array | null {
    const keys = this.#keys
    const received = receive(keys, bytes)
    if (received === undefined) return null
    const { frame, message } = received
    if (message.mti === '0800' && keys.hasZoneKey) return { ...received, kind: 'sign_on', posting: null }
    const institutional = institutionKindOf(message)
    if (institutional === 'echo') return { ...received, kind: institutional, posting: null }
    const key = keys.current
    if (key === null || !hasRightMac(key, received))
      return withoutMac(keys, frame, this.#answerMessage(message, 'A0', now))
    if (institutional !== undefined) return { ...received, kind: institutional, posting: null }
    const simulated = simulatedRequestOf(message)
    if (simulated === undefined) return sign(key, frame, this.#answerMessage(message, '40', now))
    return { ...received, ...simulated }
  }

  #withFault(received: ReceivedRequest, now: number, fault: Fault | undefined): Reaction {
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
    change: AnswerChange = (answer) => answer,
  ): Uint8Array | null {
    if (kind === 'sign_on') return withoutMac(this.#keys, frame, change(this.#keys.signOn(message, now)))
    if (posting === null) return this.#frame(frame, change(this.#institution.answer(kind, message, now)))
    const isPosting = kind === 'sale' || kind === 'void'
    const result = this.#applyToLedger(kind, posting, referencesOf(message.fields), now)
    if (isPosting && lastTwoDigits(posting) === NEVER_ANSWERED) return null
    return this.#frame(frame, change(this.#answerMessage(message, result.responseCode, now, result.item)))
  }

  /** A void or reversal whose references differ is refused, also when it is a copy with other references. */
  #applyToLedger(
    kind: SimulatedRequest['kind'],
    posting: Posting,
    references: References,
    now: number,
  ): LedgerResult {
    const { ledger } = this
    if (kind === 'inquiry') return ledger.inquire(posting)
    if (kind === 'reversal')
      return namesTarget(ledger, posting, references)
        ? ledger.reverse(posting, now)
        : { responseCode: NOT_FOUND, item: null }
    if (kind === 'void' && !namesSale(ledger, posting, references)) {
      const item = ledger.find(posting)
      if (item?.state === 'approved') return { responseCode: DUPLICATE, item }
      return ledger.post(posting, now, NOT_FOUND)
    }
    const digits = lastTwoDigits(posting)
    return ledger.post(posting, now, kind === 'sale' && REFUSED_AMOUNTS.includes(digits) ? digits : null)
  }

  /** Declines a sale or void with this code, finally. Answers anything else with the code, and changes nothing. */
  #refuse({ frame, message, kind, posting }: ReceivedRequest, now: number, code: string): Uint8Array {
    const isPosting = kind === 'sale' || kind === 'void'
    const { responseCode, item } = isPosting
      ? this.ledger.post(posting, now, code)
      : { responseCode: code, item: null }
    return this.#frame(frame, this.#answerMessage(message, responseCode, now, item))
  }

  /** The frame of an answer. Some acquirers do not sign what they refuse. They sign each answer to an inquiry, and none to an echo. */
  #frame(request: Received['frame'], answer: Message): Uint8Array {
    if (answer.mti === '0830') return withoutMac(this.#keys, request, answer)
    const isDecline = !['0510', '0610'].includes(answer.mti) && answer.fields.get(39) !== '00'
    const key = this.#keys.current
    return key === null || (isDecline && !this.#signsDeclines)
      ? withoutMac(this.#keys, request, answer)
      : sign(key, request, answer)
  }

  /** Answers with an error code. In half of the cases it processes the request first. */
  #fail(received: ReceivedRequest, now: number, code: string): Uint8Array {
    if (this.#random() < 0.5) this.#answer(received, now)
    return this.#frame(received.frame, this.#answerMessage(received.message, code, now))
  }

  /** Time and day of an answer are those of the item, so that a repeated message gets the same bytes. */
  #answerMessage(
    request: Message,
    responseCode: string,
    now: number,
    item: LedgerResult['item'] = null,
  ): Message {
    const institutional = institutionKindOf(request)
    if (institutional !== undefined)
      return this.#institution.refuse(institutional, request, now, responseCode)
    const { at, day } = item ?? { at: now, day: this.ledger.dayAt(now) }
    const answer = answerTo(request, { responseCode, item, at, day })
    const isLeftOut = (number: number) => this.#leavesOut.includes(number)
    return { ...answer, fields: new Map([...answer.fields].filter(([number]) => !isLeftOut(number))) }
  }
}

const arrives = (answer: Uint8Array | null): Reaction =>
  answer === null ? SILENCE : { answer, copies: 1, delayMs: 0, arrivesAfterMs: 0 }

const changed = (answer: Uint8Array | null, change: (answer: Uint8Array) => Uint8Array): Uint8Array | null =>
  answer === null ? null : change(answer)

const flipLastBit = (answer: Uint8Array): Uint8Array =>
  answer.with(answer.length - 1, (answer.at(-1) ?? 0) ^ 1)

const withNextStan: AnswerChange = (answer) => {
  const stan = String((Number(answer.fields.get(11) ?? 0) % 999_999) + 1).padStart(6, '0')
  return { ...answer, fields: new Map([...answer.fields, [11, stan]]) }
}

const lastTwoDigits = ({ amount }: Posting): string => String(amount % 100).padStart(2, '0')
