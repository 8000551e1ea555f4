/**
 * @module Reads the requests of a simulated acquirer and builds its answers. Requests need a right MAC, and answers
 * have one.
 */

import { buildAnswer } from '../iso8583/answer.ts'
import { field60Of, transactionTypeOf } from '../iso8583/cup.ts'
import { readField61 } from '../iso8583/field60.ts'
import { answerFrame, type Frame } from '../iso8583/frame.ts'
import { type MacKey, macFault, packSigned } from '../iso8583/mac.ts'
import { type Message, pack } from '../iso8583/message.ts'
import { type Received, readMessage } from '../iso8583/received.ts'
import type { Kind } from './faults.ts'
import type { Item, Posting } from './ledger.ts'

/** A request to the ledger. */
export interface SimulatedRequest {
  readonly kind: Exclude<Kind, 'sign_on' | 'echo' | 'settlement'>
  readonly posting: Posting
}

export interface ResponseContent {
  readonly responseCode: string
  /** The item of the answer; null when there is none. */
  readonly item: Item | null
  /** Milliseconds since the epoch. */
  readonly at: number
  /** Business day, in days since the epoch. */
  readonly day: number
}

/** Parses a frame; undefined when it holds no message. */
export function receive({ core }: Pick<MacKey, 'core'>, bytes: Uint8Array): Received | undefined {
  const read = readMessage(bytes, core.lrc)
  return read.ok ? read.value : undefined
}

/** Whether field 64 is the right MAC over the received bytes. */
export const hasRightMac = (key: MacKey, { frame, message }: Received): boolean =>
  macFault(key, frame.body, message) === null

/** The request to the ledger; undefined for a transaction that the simulator does not have. */
export function simulatedRequestOf({ mti, fields }: Message): SimulatedRequest | undefined {
  // In a reversal or inquiry, 3, 25 and 60.1 have their meaning from the named message.
  const of = transactionTypeOf({ mti: '0200', fields })
  if (of !== 'sale' && of !== 'void') return undefined
  const kind = { '0200': of, '0400': 'reversal', '0600': 'inquiry' }[mti] as
    | SimulatedRequest['kind']
    | undefined
  if (kind === undefined) return undefined
  const original = of === 'void' ? readField61(fields.get(61) ?? '') : undefined
  const posting = {
    of,
    merchantId: fields.get(42) ?? '',
    terminalId: fields.get(41) ?? '',
    batchNumber: field60Of(fields).batchNumber,
    stan: fields.get(11) ?? '',
    amount: Number(fields.get(4) ?? 0),
    currencyCode: fields.get(49) ?? '',
    original:
      original === undefined
        ? null
        : { batchNumber: original.originalBatchNumber, stan: original.originalStan },
  }
  return { kind, posting }
}

const ACQUIRER_ID = '00001234'
const RECEIVING_INSTITUTION = '03080000'
/** Field 63: the card organization, CUP. */
const PRIVATE_DATA = '435550'
/** Field 37 of an answer without an item. */
const NO_RRN = '000000000000'

/** The answer without its MAC. The answer to an inquiry has the fields of a sale's. */
export function answerTo(request: Message, { responseCode, item, at, day }: ResponseContent): Message {
  return buildAnswer(request, request.mti === '0400' ? 'sale_reversal' : 'sale', {
    responseCode,
    ...localClock(at),
    settlementDate: monthAndDay(day * 86_400_000),
    rrn: item === null ? NO_RRN : rrnOf(item),
    authorizationCode: responseCode === '00' && item !== null ? authorizationCodeOf(item) : null,
    acquirerId: request.fields.get(32) ?? ACQUIRER_ID,
    receivingInstitution: RECEIVING_INSTITUTION,
    privateData: PRIVATE_DATA,
  })
}

/** The frame of an answer with the acquirer's MAC. */
export const sign = (key: MacKey, request: Frame, answer: Message): Uint8Array =>
  answerFrame(request, packSigned(key, answer), {}, key.core.lrc)

/** The frame of an answer without a MAC, for a sender that has not proved itself. */
export const withoutMac = ({ core }: Pick<MacKey, 'core'>, request: Frame, answer: Message): Uint8Array =>
  answerFrame(request, pack(answer), {}, core.lrc)

/** The acquirer's field 37, 12 digits, unique. */
export const rrnOf = ({ serial }: Item): string => String(700_000_000_000 + serial)

/** The acquirer's field 38, six digits. It repeats after 999,000 items. */
export const authorizationCodeOf = ({ serial }: Item): string =>
  String(1_000 + (serial % 999_000)).padStart(6, '0')

/** Fields 12 (hhmmss) and 13 (MMDD) in China. */
export function localClock(at: number): { localTime: string; localDate: string } {
  const local = new Date(at + 8 * 3_600_000).toISOString()
  return {
    localTime: local.slice(11, 19).replaceAll(':', ''),
    localDate: local.slice(5, 10).replace('-', ''),
  }
}

/** MMDD of a time in UTC. */
export const monthAndDay = (at: number): string => new Date(at).toISOString().slice(5, 10).replace('-', '')
