/** @module Builds the answer to a terminal's message, field by field (protocol.md §3). */

import { type DeclineReason, refusalOf } from '../domain/decline-reason.ts'
import type { MessageForms } from '../domain/terminal-profile.ts'
import { field60Of, firstMti, isCardNumber, panOf, type TransactionType } from './cup.ts'
import { toHex } from './hex.ts'
import type { Message } from './message.ts'
import type { ProfileFault } from './profile-fault.ts'
import { encodeText, type TextEncoding } from './text.ts'

/** The values of an answer by field. They have the form of `Message`. */
export interface ResponseFields {
  readonly responseCode: string
  readonly localTime: string
  readonly localDate: string
  readonly settlementDate: string
  readonly rrn: string
  readonly authorizationCode: string | null
  /** Field 4, 12 digits, when the request has none. */
  readonly amount?: string
  readonly acquirerId: string
  readonly receivingInstitution: string
  /** Field 63, upper-case hex. */
  readonly privateData: string
  /** Field 48 of a settlement, 62 digits. */
  readonly totals?: string | undefined
  /** Field 62 of a sign-on, upper-case hex. */
  readonly keys?: string | undefined
  /** 60.2 of a sign-on, six digits: the open batch. */
  readonly batchNumber?: string | undefined
}

const FINANCIAL_ECHO = [2, 3, 4, 11, 14, 23, 25, 41, 42, 49, 53, 60]

interface Layout {
  readonly echo: readonly number[]
  readonly own: readonly number[]
}

/**
 * The fields of an answer per transaction: `echo` from the request, `own` from Annul. The POS door adds the MAC (64)
 * when it has a key.
 */
export const LAYOUT: Readonly<Record<TransactionType, Layout>> = {
  sign_on: { echo: [11, 41, 42], own: [12, 13, 32, 37, 39, 60, 62] },
  sign_off: { echo: [11, 41, 42, 60], own: [12, 13, 32, 37, 39] },
  echo: { echo: [11, 41, 42, 60], own: [12, 13, 39] },
  sale: { echo: FINANCIAL_ECHO, own: [12, 13, 15, 32, 37, 38, 39, 44, 63] },
  void: { echo: FINANCIAL_ECHO, own: [12, 13, 15, 32, 37, 38, 39, 44, 63] },
  sale_reversal: { echo: FINANCIAL_ECHO, own: [12, 13, 15, 32, 37, 39, 44] },
  void_reversal: { echo: FINANCIAL_ECHO, own: [12, 13, 15, 32, 37, 39, 44] },
  // No 39: the codes in 48 have the result of the comparison.
  settlement: { echo: [11, 41, 42, 49, 60, 63], own: [12, 13, 15, 32, 37, 48] },
  upload: { echo: [11, 41, 42, 48, 60], own: [12, 13, 15, 32, 37, 39] },
  upload_end: { echo: [11, 41, 42, 48, 60], own: [12, 13, 15, 32, 37, 39] },
}

/** The layout of an answer to an unknown transaction. */
export const UNSUPPORTED: Layout = { echo: [3, 4, 11, 25, 41, 42, 49, 60], own: [12, 13, 39, 63] }

/** The MTI of the answer, four digits: the request's plus 10. A repeat (last digit 1) gets the answer of the first message. */
export const responseMti = (mti: string): string => String(Number(firstMti(mti)) + 10).padStart(4, '0')

/** Whether the MTI is a request's: the third digit is even (ISO 8583: 0 request, 2 advice). */
export const isRequest = (mti: string): boolean => Number(mti[2]) % 2 === 0

const INSTITUTION_LENGTH = 11

function responseField(number: number, fields: ResponseFields, request: Message): string | null | undefined {
  switch (number) {
    case 12:
      return fields.localTime
    case 13:
      return fields.localDate
    case 15:
      return fields.settlementDate
    case 32:
      return fields.acquirerId
    case 37:
      return fields.rrn
    case 38:
      return fields.authorizationCode
    case 39:
      return fields.responseCode
    case 44:
      return (
        fields.receivingInstitution.padEnd(INSTITUTION_LENGTH) + fields.acquirerId.padEnd(INSTITUTION_LENGTH)
      )
    case 48:
      return fields.totals
    case 60: {
      const field60 = field60Of(request.fields)
      const { transactionType, networkManagementCode, rest } = field60
      return `${transactionType}${fields.batchNumber ?? field60.batchNumber}${networkManagementCode}${rest}`
    }
    case 62:
      return fields.keys
    case 63:
      return fields.privateData
    default:
      return undefined
  }
}

/**
 * Field 2 is mandatory in an answer (protocol.md §3.3). When the request has only a clear track, it comes from the
 * track.
 */
function echoOf(number: number, request: Message): string | undefined {
  // The terminal knows its own text. Some terminals drop an answer with more bytes there.
  if (number === 63) return request.fields.get(number)?.slice(0, 2 * SHORT_LENGTH)
  if (number !== 2 || request.fields.has(2)) return request.fields.get(number)
  const pan = panOf(request)
  return isCardNumber(pan) ? pan : undefined
}

/** The answer without its MAC. `type` is undefined for a transaction that Annul does not process. */
export function buildAnswer(
  request: Message,
  type: TransactionType | undefined,
  fields: ResponseFields,
): Message {
  const layout = type === undefined ? UNSUPPORTED : LAYOUT[type]
  // A refusal always has 39 and 63, even when an approval has neither.
  const declined = fields.responseCode === '00' ? [] : [39, 63]
  const answer = new Map<number, string>()
  const echoed = layout.echo.filter((number) => !declined.includes(number))
  for (const number of [...echoed, ...layout.own, ...declined].sort((a, b) => a - b)) {
    const own = echoed.includes(number) ? echoOf(number, request) : responseField(number, fields, request)
    const value = own ?? (number === 4 ? fields.amount : undefined)
    if (value !== undefined && value !== null) answer.set(number, value)
  }
  return { mti: responseMti(request.mti), fields: answer }
}

/** Field 63 in bytes: card organization 3, issuer text 20, CUP text 20, acquirer text 20, terminal text up to 60. */
const ORGANISATION = 'CUP'
const TEXT_LENGTH = 20
const TERMINAL_TEXT_LENGTH = 60
const SHORT_LENGTH = 3 + 3 * TEXT_LENGTH

/**
 * Field 63 for a reason, upper-case hex (protocol.md §2.3). The refusal is the acquirer's text. The long form has the advice as the
 * terminal's text.
 */
export function privateData(
  reason: DeclineReason | null,
  encoding: TextEncoding,
  texts: MessageForms['texts'],
): string {
  if (reason === null) return toHex(encodeText(ORGANISATION, 'ascii', 3))
  const { zh, en, adviceZh, adviceEn } = refusalOf(reason)
  const [words, advice] = encoding === 'gbk' ? [zh, adviceZh] : [en, adviceEn]
  return textsOf(
    encodeText(words, encoding, TEXT_LENGTH),
    encodeText(advice, encoding, texts === 'short' ? 0 : TERMINAL_TEXT_LENGTH),
  )
}

/** Field 63 with the fault of a message in place of the refusal, for development. The text is ASCII, which GBK includes. */
export const faultData = ({ field, why }: ProfileFault): string =>
  textsOf(encodeText(`${field} ${why}`, 'ascii', TEXT_LENGTH), new Uint8Array(0))

function textsOf(text: Uint8Array, terminalText: Uint8Array): string {
  const bytes = new Uint8Array(SHORT_LENGTH + terminalText.length).fill(0x20)
  bytes.set(encodeText(ORGANISATION, 'ascii', 3))
  bytes.set(text, 3 + 2 * TEXT_LENGTH)
  bytes.set(terminalText, SHORT_LENGTH)
  return toHex(bytes)
}
