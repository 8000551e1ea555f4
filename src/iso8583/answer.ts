/** @module The answer to a terminal's message, field by field (protocol.md §3). */

import { type DeclineReason, refusalOf } from '../domain/decline-reason.ts'
import { field60Of, isCardNumber, panOf, type TransactionType } from './cup.ts'
import { toHex } from './hex.ts'
import type { Message } from './message.ts'
import { encodeText, type TextEncoding } from './text.ts'

/** What the acquirer says; numbers are fields, values as in `Message`. */
export interface ResponseFields {
  readonly responseCode: string
  readonly localTime: string
  readonly localDate: string
  readonly settlementDate: string
  readonly rrn: string
  readonly authorizationCode: string | null
  readonly acquirerId: string
  readonly receivingInstitution: string
  /** Field 63, hex. */
  readonly privateData: string
  /** Field 48 of a settlement. */
  readonly totals?: string | undefined
  /** Field 62 of a sign-on, hex. */
  readonly keys?: string | undefined
  /** 60.2 of a sign-on: the batch that is open. */
  readonly batchNumber?: string | undefined
}

const FINANCIAL_ECHO = [2, 3, 4, 11, 14, 23, 25, 41, 42, 49, 53, 60]

interface Layout {
  readonly echo: readonly number[]
  readonly own: readonly number[]
}

/** Per transaction, what is echoed and what is ours. A MAC (64) is added by the door where it has a key. */
export const LAYOUT: Readonly<Record<TransactionType, Layout>> = {
  sign_on: { echo: [11, 41, 42], own: [12, 13, 32, 37, 39, 60, 62] },
  sign_off: { echo: [11, 41, 42, 60], own: [12, 13, 32, 37, 39] },
  echo: { echo: [11, 41, 42, 60], own: [12, 13, 39] },
  sale: { echo: FINANCIAL_ECHO, own: [12, 13, 15, 32, 37, 38, 39, 44, 63] },
  void: { echo: FINANCIAL_ECHO, own: [12, 13, 15, 32, 37, 38, 39, 44, 63] },
  sale_reversal: { echo: FINANCIAL_ECHO, own: [12, 13, 15, 32, 37, 39, 44] },
  void_reversal: { echo: FINANCIAL_ECHO, own: [12, 13, 15, 32, 37, 39, 44] },
  // No 39: the codes inside 48 say how the comparison went.
  settlement: { echo: [11, 41, 42, 49, 60, 63], own: [12, 13, 15, 32, 37, 48] },
  upload: { echo: [11, 41, 42, 48, 60], own: [12, 13, 15, 32, 37, 39] },
  upload_end: { echo: [11, 41, 42, 48, 60], own: [12, 13, 15, 32, 37, 39] },
}

/** What an answer that belongs to no known transaction echoes. */
export const UNSUPPORTED: Layout = { echo: [3, 4, 11, 25, 41, 42, 49, 60], own: [12, 13, 39, 63] }

/** Request MTI plus 10. */
export const responseMti = (mti: string): string => String(Number(mti) + 10).padStart(4, '0')

/** A request has an even third digit (ISO 8583: 0 request, 2 advice, …). */
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

/** A card that came by its track alone is named in the answer (protocol.md §3.3: field 2 is mandatory there). */
function echoOf(number: number, request: Message): string | undefined {
  if (number !== 2 || request.fields.has(2)) return request.fields.get(number)
  const pan = panOf(request)
  return isCardNumber(pan) ? pan : undefined
}

/** The answer without its MAC. `type` is undefined for a transaction that is not done here. */
export function buildAnswer(
  request: Message,
  type: TransactionType | undefined,
  fields: ResponseFields,
): Message {
  const layout = type === undefined ? UNSUPPORTED : LAYOUT[type]
  // A refusal says so and why, also where an approval has neither 39 nor 63.
  const declined = fields.responseCode === '00' ? [] : [39, 63]
  const answer = new Map<number, string>()
  const echoed = layout.echo.filter((number) => !declined.includes(number))
  for (const number of [...echoed, ...layout.own, ...declined].sort((a, b) => a - b)) {
    const value = echoed.includes(number) ? echoOf(number, request) : responseField(number, fields, request)
    if (value !== undefined && value !== null) answer.set(number, value)
  }
  return { mti: responseMti(request.mti), fields: answer }
}

/** Bytes of field 63: card organisation 3, issuer text 20, CUP text 20, acquirer text 20, terminal text up to 60. */
const ORGANISATION = 'CUP'
const TEXT_LENGTH = 20
const TERMINAL_TEXT_LENGTH = 60

/** Field 63, hex: for a refusal its words as the acquirer's text and its advice as the terminal's. */
export function privateData(reason: DeclineReason | null, encoding: TextEncoding): string {
  const organisation = encodeText(ORGANISATION, 'ascii', 3)
  if (reason === null) return toHex(organisation)
  const { zh, en, adviceZh, adviceEn } = refusalOf(reason)
  const [words, advice] = encoding === 'gbk' ? [zh, adviceZh] : [en, adviceEn]
  const text = encodeText(words, encoding, TEXT_LENGTH)
  const terminalText = encodeText(advice, encoding, TERMINAL_TEXT_LENGTH)
  const bytes = new Uint8Array(3 + 3 * TEXT_LENGTH + terminalText.length).fill(0x20)
  bytes.set(organisation)
  bytes.set(text, 3 + 2 * TEXT_LENGTH)
  bytes.set(terminalText, 3 + 3 * TEXT_LENGTH)
  return toHex(bytes)
}
