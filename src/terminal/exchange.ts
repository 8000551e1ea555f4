/** @module One exchange of a terminal: message → MAC → frame → send → frame → checked answer. */

import type { Core } from '../core/instance.ts'
import { type MacProfile, USUAL_FORMS } from '../domain/terminal-profile.ts'
import { buildFrame, type Frame, type Send } from '../iso8583/frame.ts'
import { fromHex } from '../iso8583/hex.ts'
import { macFault, macOf, packSigned } from '../iso8583/mac.ts'
import { type Message, type PackForms, pack } from '../iso8583/message.ts'
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
  /** The frames on the wire. */
  readonly request: Uint8Array
  readonly answer: Uint8Array | null
  readonly sent: Message
  /** The answer, when it could be parsed. */
  readonly received: Message | null
  readonly milliseconds: number
  /** `invalid`: a terminal must not believe the answer; it counts as none. */
  readonly outcome: 'approved' | 'declined' | 'invalid' | 'unanswered'
  /** For an invalid answer: the fault, and whether it is the MAC. */
  readonly fault?: string
  readonly macFault?: true
  /** Field 39, or the two codes of field 48 in a settlement's answer. */
  readonly responseCode?: string
  /** Whether the header requires a new sign-on. */
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
  /** 0 and left without them. */
  readonly forms?: PackForms
}

const SIGN_ON_AGAIN = 3

const formsOf = ({ header, forms = USUAL_FORMS }: Link) => ({
  headerLength: header.length,
  entryMode: forms.entryMode,
})

/**
 * Sends a message, with a MAC when `macKey` is given. `sent` has the fields on the wire, 64 included. Throws RangeError
 * when a value does not fit its field.
 */
export async function exchangeMessage(
  link: Link,
  operation: Operation,
  message: Message,
  macKey: Uint8Array | null,
): Promise<Exchange> {
  const body =
    macKey === null ? pack(message, link.forms) : packSigned({ ...link, macKey }, message, link.forms)
  const request = buildFrame(link.frame, link.tpdu, link.header, body, link.core.lrc)
  return exchangeFrame(link, operation, request, macKey)
}

/**
 * Sends a frame as it is and checks its answer. Without `macKey`, an approval that needs a MAC is invalid. Throws
 * RangeError when the frame has no message.
 */
export async function exchangeFrame(
  link: Link,
  operation: Operation,
  request: Uint8Array,
  macKey: Uint8Array | null,
): Promise<Exchange> {
  const read = readMessage(request, link.core.lrc, formsOf(link))
  if (!read.ok) throw new RangeError('request: expected a frame that holds a message')
  const sent = read.value.message
  const start = link.now()
  const answer = await link.send(request)
  const milliseconds = link.now() - start
  const exchange = { operation, request, answer, sent, milliseconds }
  if (answer === null) return { ...exchange, received: null, outcome: 'unanswered', signOnAgain: false }
  return { ...exchange, ...checkAnswer(link, sent, answer, macKey) }
}

type CheckedAnswer = Pick<
  Exchange,
  'received' | 'outcome' | 'fault' | 'macFault' | 'responseCode' | 'signOnAgain'
>

function checkAnswer(
  link: Link,
  sent: Message,
  answer: Uint8Array,
  macKey: Uint8Array | null,
): CheckedAnswer {
  const opened = readMessage(answer, link.core.lrc, formsOf(link))
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

/** The codes of the domestic and the foreign half: both equal. */
export const MATCHED = '11'

/** The codes in field 48 of a settlement's answer, domestic then foreign. */
function settlementCodes({ fields }: Message): string | undefined {
  const field48 = fields.get(48)
  return field48?.length === 62 ? `${field48[30]}${field48[61]}` : undefined
}

/** The texts in field 63 for the receipt: of issuer, network, acquirer and terminal. Empty texts are left out. */
export function answerTexts(received: Message | null): string[] {
  const bytes = fromHex(received?.fields.get(63) ?? '') ?? new Uint8Array(0)
  const parts = [bytes.subarray(3, 23), bytes.subarray(23, 43), bytes.subarray(43, 63), bytes.subarray(63)]
  return parts.map((part) => decodeText(part, 'gbk').trim()).filter((text) => text !== '')
}
