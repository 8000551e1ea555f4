/** @module An exchange for people, whole or in two lines, and for scripts. Every field that is shown was masked by `describe`. */

import { type Description, describe, describeJson } from '../iso8583/describe.ts'
import { toHex } from '../iso8583/hex.ts'
import { xorLrc } from '../iso8583/serial-frame.ts'
import type { Exchange } from '../terminal/exchange.ts'
import { yuan } from '../terminal/receipt.ts'
import type { JsonObject } from './ndjson.ts'
import { wordsOf } from './words.ts'

const round = (milliseconds: number): number => Math.round(milliseconds * 10) / 10

/** `approved 00 交易成功 / approved`, or what else became of it. */
export function verdictLine(exchange: Exchange): string {
  const { zh, en, reason } = wordsOf(exchange)
  const code = exchange.responseCode === undefined ? '' : ` ${exchange.responseCode}`
  const why = reason === undefined ? '' : ` (${reason})`
  return `${exchange.outcome}${code} ${zh} / ${en}${why}${exchange.signOnAgain ? '; the host asks for a new sign-on' : ''}`
}

/** Both messages field by field. `silence`: why there is no answer. */
export function fullLines(exchange: Exchange, silence: string | null, showHex: boolean): string[] {
  const { operation, request, answer, milliseconds } = exchange
  const indented = (bytes: Uint8Array) =>
    `${describe(bytes, xorLrc)}${showHex ? `\n${toHex(bytes)}` : ''}`.split('\n').map((line) => `  ${line}`)
  return [
    `→ ${operation}, ${request.length} bytes`,
    ...indented(request),
    `← ${answer === null ? `no answer${silence === null ? '' : ` (${silence})`}` : `${answer.length} bytes`}, ${round(milliseconds)} ms`,
    ...(answer === null ? [] : indented(answer)),
    `= ${verdictLine(exchange)}`,
  ]
}

/** What one line has room for, by field number. */
const SHORT: readonly (readonly [number, string])[] = [
  [2, 'card'],
  [4, 'amount'],
  [11, 'STAN'],
  [61, 'original'],
  [37, 'RRN'],
  [38, 'auth'],
  [39, 'code'],
  [48, 'totals'],
  [62, 'keys'],
  [64, 'MAC'],
]

function shortLine(description: Description): string {
  const shown = new Map(description.fields.map((field) => [field.number, field]))
  const type = shown.get(60)?.meaning?.split(',').slice(0, 3)
  const parts = SHORT.flatMap(([number, label]) => {
    const field = shown.get(number)
    if (field === undefined) return []
    if (number === 4) return [`${label} ${yuan(field.value)}`]
    return [`${label} ${field.value}${number === 39 && field.meaning ? ` ${field.meaning}` : ''}`]
  })
  return [description.mti ?? '?', ...parts, ...(type === undefined ? [] : [`[${type.join(',')}]`])].join('  ')
}

/** The request in one line and the answer in another. */
export function shortLines({ request, answer, milliseconds }: Exchange, silence: string): [string, string] {
  const answered = answer === null ? silence : shortLine(describeJson(answer, xorLrc))
  return [`→ ${shortLine(describeJson(request, xorLrc))}`, `← ${answered}  ${round(milliseconds)} ms`]
}

/** One line of NDJSON. */
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
