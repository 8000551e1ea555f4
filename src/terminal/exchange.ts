/** @module One exchange from the terminal's side: message → MAC → frame → send → frame → checked answer. */

import type { Core } from '../core/instance.ts'
import type { MacProfile } from '../domain/types.ts'
import { buildFrame, type Frame, type Send } from '../iso8583/frame.ts'
import { fromHex } from '../iso8583/hex.ts'
import { macFault, macOf, packSigned } from '../iso8583/mac.ts'
import { type Message, pack } from '../iso8583/message.ts'
import { readMessage } from '../iso8583/received.ts'
import { decodeText } from '../iso8583/text.ts'
import { faultOf, isApproved, needsMac } from './check-answer.ts'

export type Operation =
  | 'sign-on'
  | 'echo'
  | 'sale'
  | 'void'
  | 'reverse'
  | 'settle'
  | 'upload'
  | 'upload-end'
  | 'sign-off'
  | 'resend'

export interface Exchange {
  readonly operation: Operation
  /** Frames as they went over the wire. */
  readonly request: Uint8Array
  readonly answer: Uint8Array | null
  readonly sent: Message
  /** The answer as far as it could be read. */
  readonly received: Message | null
  readonly milliseconds: number
  /** `invalid`: an answer came that a terminal must not believe; it counts as none. */
  readonly outcome: 'approved' | 'declined' | 'invalid' | 'unanswered'
  /** Of an invalid answer: what is wrong with it, and whether it is the MAC. */
  readonly fault?: string
  readonly macFault?: true
  /** Field 39, or the two codes of field 48 in a settlement's answer. */
  readonly responseCode?: string
  /** The header asks for a new sign-on. */
  readonly signOnAgain: boolean
}

export interface Link {
  readonly core: Core
  readonly send: Send
  /** Milliseconds, for durations only. */
  now(): number
  readonly macProfile: MacProfile
  readonly frame: Frame['kind']
  readonly tpdu: Uint8Array
  readonly header: Uint8Array
}

const SIGN_ON_AGAIN = 3

/** Sends a message, under `macKey` where one is given. The fields of `sent` are those on the wire, 64 included. */
export async function exchangeMessage(
  link: Link,
  operation: Operation,
  message: Message,
  macKey: Uint8Array | null,
): Promise<Exchange> {
  const body = macKey === null ? pack(message) : packSigned({ ...link, macKey }, message)
  const request = buildFrame(link.frame, link.tpdu, link.header, body, link.core.lrc)
  return exchangeFrame(link, operation, request, macKey)
}

/** Sends a frame as it is and checks its answer; `macKey` is needed where an approval must carry a MAC. */
export async function exchangeFrame(
  link: Link,
  operation: Operation,
  request: Uint8Array,
  macKey: Uint8Array | null,
): Promise<Exchange> {
  const read = readMessage(request, link.core.lrc)
  if (!read.ok) throw new RangeError('request: expected a frame that holds a message')
  const sent = read.value.message
  const start = link.now()
  const answer = await link.send(request)
  const milliseconds = link.now() - start
  const exchange = { operation, request, answer, sent, milliseconds }
  if (answer === null) return { ...exchange, received: null, outcome: 'unanswered', signOnAgain: false }
  return { ...exchange, ...judge(link, sent, answer, macKey) }
}

type Judgement = Pick<
  Exchange,
  'received' | 'outcome' | 'fault' | 'macFault' | 'responseCode' | 'signOnAgain'
>

function judge(link: Link, sent: Message, answer: Uint8Array, macKey: Uint8Array | null): Judgement {
  const opened = readMessage(answer, link.core.lrc)
  if (!opened.ok) return { received: null, outcome: 'invalid', fault: opened.error, signOnAgain: false }
  const { frame, message: received } = opened.value
  const signOnAgain = ((frame.header[2] ?? 0) & 0x0f) === SIGN_ON_AGAIN
  const responseCode = received.fields.get(39) ?? settlementCodes(received)
  const read = { received, signOnAgain, ...(responseCode === undefined ? {} : { responseCode }) }
  const fault = faultOf(sent, received)
  if (fault !== null) return { ...read, outcome: 'invalid', fault }
  if (needsMac(sent, received)) {
    if (macOf(received) === undefined)
      return { ...read, outcome: 'invalid', fault: 'approved without a MAC', macFault: true }
    if (macKey === null || macFault({ ...link, macKey }, frame.body, received) !== null)
      return { ...read, outcome: 'invalid', fault: 'the MAC is wrong', macFault: true }
  }
  const approved = received.fields.has(39) ? isApproved(responseCode) : responseCode === MATCHED
  return { ...read, outcome: approved ? 'approved' : 'declined' }
}

/** Codes of the domestic and the foreign half: both equal. */
export const MATCHED = '11'

/** The codes in field 48 of a settlement's answer, domestic then foreign. */
function settlementCodes({ fields }: Message): string | undefined {
  const field48 = fields.get(48)
  return field48?.length === 62 ? `${field48[30]}${field48[61]}` : undefined
}

/** Texts that an issuer, the network, the acquirer and the terminal's acquirer put in field 63, for the receipt; no blanks. */
export function answerTexts(received: Message | null): string[] {
  const bytes = fromHex(received?.fields.get(63) ?? '') ?? new Uint8Array(0)
  const parts = [bytes.subarray(3, 23), bytes.subarray(23, 43), bytes.subarray(43, 63), bytes.subarray(63)]
  return parts.map((part) => decodeText(part, 'gbk').trim()).filter((text) => text !== '')
}
