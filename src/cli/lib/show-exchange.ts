/** @module Prints an exchange: whole or in two lines for people, as JSON for scripts. `describe` masks every field before it is shown. */

import { type Description, describe, describeJson } from '../../iso8583/describe.ts'
import { toHex } from '../../iso8583/hex.ts'
import { xorLrc } from '../../iso8583/serial-frame.ts'
import type { Exchange } from '../../terminal/exchange.ts'
import { yuan } from '../../terminal/receipt.ts'
import type { JsonObject } from './ndjson.ts'
import { wordsOf } from './words.ts'

const round = (milliseconds: number): number => Math.round(milliseconds * 10) / 10

/** `approved 00 交易成功 / approved`, or another outcome. */
export function verdictLine(exchange: Exchange): string {
  const { zh, en, reason } = wordsOf(exchange)
  const code = exchange.responseCode === undefined ? '' : ` ${exchange.responseCode}`
  const why = reason === undefined ? '' : ` (${reason})`
  return `${exchange.outcome}${code} ${zh} / ${en}${why}${exchange.signOnAgain ? '; the response requests a new sign-on' : ''}`
}

/** Both messages field by field. `silence` is the reason why there is no response. */
export function fullLines(exchange: Exchange, silence: string | null, showHex: boolean): string[] {
  const { operation, request, answer, milliseconds } = exchange
  const indented = (bytes: Uint8Array) =>
    `${describe(bytes, xorLrc)}${showHex ? `\n${toHex(bytes)}` : ''}`.split('\n').map((line) => `  ${line}`)
  return [
    `→ ${operation}, ${request.length} bytes`,
    ...indented(request),
    `← ${answer === null ? `no response${silence === null ? '' : ` (${silence})`}` : `${answer.length} bytes`}, ${round(milliseconds)} ms`,
    ...(answer === null ? [] : indented(answer)),
    `= ${verdictLine(exchange)}`,
  ]
}

/** The fields that one line has room for: of a request, and of a response, which need not repeat the request. */
const SHORT_REQUEST: readonly (readonly [number, string])[] = [
  [11, 'STAN'],
  [2, 'card'],
  [4, 'amount'],
  [61, 'original'],
  [37, 'RRN'],
  [39, 'reason'],
  [48, 'totals'],
]
const SHORT_ANSWER: readonly (readonly [number, string])[] = [
  [39, 'code'],
  [37, 'RRN'],
  [38, 'auth'],
  [48, 'totals'],
  [62, 'keys'],
]

/** Field 60, such as `00 000001 003`, in words: the transaction and its batch. */
function typeOf(mti: string, meaning = ''): string {
  const [type = '', batch = '', network = ''] = meaning.split(', ')
  const named = type.startsWith('type 00') ? network : type
  const reversal = mti.startsWith('04') ? 'reversal of ' : ''
  return `${reversal}${named.replace(/^\w+ \d+ /, '')}, ${batch}`
}

function shortLine({ mti = '?', fields }: Description, places: typeof SHORT_REQUEST): string {
  const shown = new Map(fields.map((field) => [field.number, field]))
  const parts = places.flatMap(([number, label]) => {
    const { value, meaning } = shown.get(number) ?? {}
    if (value === undefined || (number === 48 && !mti.startsWith('05'))) return []
    if (number === 4) return [`${label} ${yuan(value)}`]
    // The totals of foreign cards are always zero here.
    if (number === 48) return [value.split(';')[0] ?? '']
    return [`${label} ${value}${number === 39 && meaning ? ` ${meaning}` : ''}`]
  })
  const mac = shown.has(64) ? ['MAC'] : []
  return [`${mti} ${typeOf(mti, shown.get(60)?.meaning)}`, ...parts, ...mac].join('  ')
}

/** The request in one line and the response in another. */
export function shortLines({ request, answer, milliseconds }: Exchange, silence: string): [string, string] {
  const answered = answer === null ? silence : shortLine(describeJson(answer, xorLrc), SHORT_ANSWER)
  const sent = shortLine(describeJson(request, xorLrc), SHORT_REQUEST)
  return [`→ ${sent}`, `← ${answered}  ${round(milliseconds)} ms`]
}

/** One line of JSON. */
export function exchangeJson(exchange: Exchange, silence: string | null, showHex: boolean): JsonObject {
  const { operation, sent, received, outcome, responseCode, request, answer } = exchange
  const field = (number: number): string | null => received?.fields.get(number)?.trim() ?? null
  const { reason, zh, en } = wordsOf(exchange)
  const amount = sent.fields.get(4)
  return {
    operation,
    stan: sent.fields.get(11) ?? null,
    batchNumber: (received?.fields.get(60) ?? sent.fields.get(60) ?? '').slice(2, 8),
    ...(amount === undefined ? {} : { amount: Number(amount) }),
    outcome,
    responseCode: responseCode ?? null,
    rrn: field(37),
    authorizationCode: field(38),
    zh,
    en,
    ...(reason === undefined ? {} : { reason }),
    ...(silence === null ? {} : { silence }),
    signOnAgain: exchange.signOnAgain,
    ms: round(exchange.milliseconds),
    ...(showHex ? { request: toHex(request), answer: answer === null ? null : toHex(answer) } : {}),
  }
}
