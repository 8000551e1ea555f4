/**
 * @module Builds the messages of a virtual terminal, field by field (protocol.md §3). Field 64 is added when the
 * message is sent.
 */

import { CNY } from '../domain/money.ts'
import { paddedTerminal } from '../domain/terminal-number.ts'
import { TRANSACTION_CODES } from '../iso8583/cup.ts'
import { type Message, messageOf, type OptionalFields } from '../iso8583/message.ts'
import type { LogEntry, ReversalReason, TerminalState } from './state.ts'

/** Field 63 of a request, in hex: operator 01 and a blank. */
const OPERATOR = '303120'
/** Contactless, no PIN. 60.4: the terminal reads contactless cards. 60.5: no fault of the chip. */
const ENTRY_MODE = '072'
const READ_CAPABILITY = '60'
/** The expiry date of every test card, YYMM. */
const EXPIRY = '2812'
const CARD_SEQUENCE = '001'

const terminalFields = ({ terminalId, merchantId }: TerminalState): OptionalFields => [
  [41, paddedTerminal(terminalId)],
  [42, merchantId],
]

const management = (mti: string, state: TerminalState, code: string, fields: OptionalFields): Message =>
  messageOf(mti, [...terminalFields(state), [60, `00${state.batchNumber}${code}`], ...fields])

/** 0800. `stan` is six digits; `layout` is field 60.3. */
export const signOnRequest = (state: TerminalState, stan: string, layout: string): Message =>
  management('0800', state, layout, [
    [11, stan],
    [63, OPERATOR],
  ])

/** 0820 without a STAN, because nothing refers to an echo. */
export const echoRequest = (state: TerminalState): Message => management('0820', state, '301', [])

/** 0820. `stan` is six digits. */
export const signOffRequest = (state: TerminalState, stan: string): Message =>
  management('0820', state, '002', [[11, stan]])

/** The shared fields of a sale, a void and their reversals. */
function transaction(mti: string, state: TerminalState, entry: LogEntry, fields: OptionalFields): Message {
  const { processingCode, transactionType } = TRANSACTION_CODES[entry.kind]
  return messageOf(mti, [
    ...terminalFields(state),
    [2, entry.pan],
    [3, processingCode],
    [4, String(entry.amount).padStart(12, '0')],
    [11, entry.stan],
    [14, EXPIRY],
    [22, ENTRY_MODE],
    [23, CARD_SEQUENCE],
    [25, '00'],
    [49, CNY],
    [60, `${transactionType}${entry.batchNumber}000${READ_CAPABILITY}`],
    ...fields,
  ])
}

/** 0200 of a sale. */
export const saleRequest = (state: TerminalState, sale: LogEntry): Message =>
  transaction('0200', state, sale, [])

const original = (sale: LogEntry): OptionalFields => [
  [38, sale.authorizationCode],
  [61, sale.batchNumber + sale.stan],
]

const UNKNOWN_RRN = '000000000000'

/** 0200 of a void. `entry` is the void, `sale` is its sale. */
export const voidRequest = (state: TerminalState, entry: LogEntry, sale: LogEntry): Message =>
  transaction('0200', state, entry, [[37, sale.rrn ?? UNKNOWN_RRN], ...original(sale)])

/** 0400. STAN and batch are those of the target. Field 61 in the reversal of a void names the sale. */
export const reversalRequest = (
  state: TerminalState,
  entry: LogEntry,
  sale: LogEntry | undefined,
  reason: ReversalReason,
): Message => transaction('0400', state, entry, [[39, reason], ...(sale === undefined ? [] : original(sale))])

/** Fields of a void from a terminal that sends as little as it may. Field 61 alone names the sale. */
const LEAST_OF_VOID: readonly number[] = [3, 11, 22, 25, 41, 42, 49, 60, 61]
/** Fields of such a reversal: those that name its target. */
const LEAST_OF_REVERSAL: readonly number[] = [11, 41, 42, 60]

const only = ({ mti, fields }: Message, kept: readonly number[]): Message => ({
  mti,
  fields: new Map([...fields].filter(([number]) => kept.includes(number))),
})

/** The void with as few fields as a terminal with `voidForms: lenient` may send. */
export const leastVoid = (request: Message): Message => only(request, LEAST_OF_VOID)

/** The reversal with the fields that name its target alone. A repeat is a 0401. */
export const leastReversal = (request: Message, isRepeat: boolean): Message =>
  only({ ...request, mti: isRepeat ? '0401' : '0400' }, LEAST_OF_REVERSAL)

/** 0500. `stan` is six digits; `totals` is field 48, 62 digits. */
export const settlementRequest = (state: TerminalState, stan: string, totals: string): Message =>
  management('0500', state, '201', [
    [11, stan],
    [48, totals],
    [49, CNY],
    [63, OPERATOR],
  ])

/** The most items of one upload message. Field 48 has a count (n2) and 40 digits for each item. */
export const UPLOAD_ITEMS = 8

/** 0320. Each item: card class n2 (00, domestic), STAN n6, card number n20 with zeros on the left, amount n12. */
export function uploadRequest(state: TerminalState, stan: string, items: readonly LogEntry[]): Message {
  const details = items.map(
    (item) => `00${item.stan}${item.pan.padStart(20, '0')}${String(item.amount).padStart(12, '0')}`,
  )
  return management('0320', state, '201', [
    [11, stan],
    [48, String(items.length).padStart(2, '0') + details.join('')],
  ])
}

/**
 * 0320 at the end of an upload: 202 after different totals, 207 after equal ones. Field 48 has the number of items, n4.
 */
export const uploadEndRequest = (
  state: TerminalState,
  stan: string,
  code: '202' | '207',
  count: number,
): Message =>
  management('0320', state, code, [
    [11, stan],
    [48, String(count).padStart(4, '0')],
  ])
