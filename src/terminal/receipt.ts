/** @module The receipt (签购单) of a sale or void, in 中文 and English (protocol.md §7). For paper of 32 columns. */

import { maskPan } from '../domain/pan.ts'
import { field60Of, panOf } from '../iso8583/cup.ts'
import { readField61 } from '../iso8583/field60.ts'
import { fromHex } from '../iso8583/hex.ts'
import type { Message } from '../iso8583/message.ts'
import { answerTexts } from './exchange.ts'

/** The data of a receipt that the messages do not have. */
export interface ReceiptPaper {
  readonly merchantName: string
  readonly operator: string
  /** Four digits. The answer has only month and day. */
  readonly year: string
  /** Marks the receipt as a test. */
  readonly test: boolean
}

export type ReceiptLanguage = 'zh' | 'en'

const COLUMNS = 32

const WORDS = {
  zh: {
    title: '签购单',
    copy: '商户存根',
    merchantName: '商户名称',
    merchantId: '商户编号',
    terminalId: '终端编号',
    operator: '操作员号',
    issuer: '发卡机构',
    acquirer: '收单机构',
    card: '卡号',
    organisation: '卡组织',
    type: '交易类型',
    sale: '消费',
    void: '消费撤销',
    batch: '批次号',
    voucher: '凭证号',
    authorization: '授权码',
    reference: '参考号',
    date: '日期时间',
    amount: '金额',
    remark: '备注',
    originalVoucher: '原凭证号',
    originalReference: '原参考号',
    signature: '持卡人签名',
    test: '测试交易 不作凭证',
  },
  en: {
    title: 'SALES SLIP',
    copy: 'MERCHANT COPY',
    merchantName: 'MERCHANT',
    merchantId: 'MERCHANT NO',
    terminalId: 'TERMINAL NO',
    operator: 'OPERATOR',
    issuer: 'ISSUER',
    acquirer: 'ACQUIRER',
    card: 'CARD NO',
    organisation: 'CARD ORG',
    type: 'TRANS TYPE',
    sale: 'SALE',
    void: 'VOID',
    batch: 'BATCH NO',
    voucher: 'VOUCHER NO',
    authorization: 'AUTH NO',
    reference: 'REFER NO',
    date: 'DATE/TIME',
    amount: 'AMOUNT',
    remark: 'REMARK',
    originalVoucher: 'ORIG VOUCHER NO',
    originalReference: 'ORIG REFER NO',
    signature: 'CARDHOLDER SIGNATURE',
    test: 'TEST - NOT A RECEIPT',
  },
} as const

/** First two digits of field 22 → the letter behind the card number. */
const ENTRY_LETTERS: Readonly<Record<string, string>> = { '01': 'M', '02': 'S', '05': 'I', '07': 'C' }

/** The lines of the receipt of an approved sale or void. `sent` and `received` are its 0200 and 0210. */
export function receipt(
  sent: Message,
  received: Message,
  paper: ReceiptPaper,
  language: ReceiptLanguage,
): string[] {
  const words = WORDS[language]
  const field = (number: number): string => (received.fields.get(number) ?? '').trim()
  const isVoid = field60Of(sent.fields).transactionType === '23'
  const letter = ENTRY_LETTERS[(sent.fields.get(22) ?? '').slice(0, 2)]
  const original = readField61(sent.fields.get(61) ?? '')
  const card = `${maskPan(panOf(sent) ?? '')}${letter === undefined ? '' : ` /${letter}`}`
  const organisation = String.fromCharCode(...(fromHex(field(63).slice(0, 6)) ?? []))
  const named = (name: keyof typeof words, value: string): string[] =>
    value === '' ? [] : row(words[name], value)
  return [
    centred(words.title),
    centred(words.copy),
    '-'.repeat(COLUMNS),
    ...named('merchantName', paper.merchantName),
    ...named('merchantId', field(42)),
    ...named('terminalId', field(41)),
    ...named('operator', paper.operator),
    ...named('issuer', (received.fields.get(44) ?? '').slice(0, 11).trim()),
    ...named('acquirer', field(32)),
    ...named('card', card),
    ...named('organisation', organisation.trim()),
    ...named('type', isVoid ? words.void : words.sale),
    ...named('batch', field60Of(received.fields).batchNumber),
    ...named('voucher', field(11)),
    ...named('authorization', field(38)),
    ...named('reference', field(37)),
    ...named('date', dateTime(paper.year, field(13), field(12))),
    ...named('amount', `RMB ${isVoid ? '-' : ''}${yuan(field(4))}`),
    '-'.repeat(COLUMNS),
    `${words.remark}:`,
    ...(isVoid ? named('originalVoucher', original?.originalStan ?? '') : []),
    ...(isVoid ? named('originalReference', (sent.fields.get(37) ?? '').trim()) : []),
    ...answerTexts(received),
    `${words.signature}:`,
    '',
    '_'.repeat(COLUMNS),
    ...(paper.test ? [centred(words.test)] : []),
  ]
}

/** Fen with leading zeros → yuan with two decimals. */
export const yuan = (fen: string): string => {
  const digits = fen.replace(/^0+/, '').padStart(3, '0')
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`
}

/** MMDD and hhmmss, with the year in front. */
const dateTime = (year: string, date: string, time: string): string =>
  `${year}/${date.slice(0, 2)}/${date.slice(2)} ${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4)}`

/** The columns of a text in a fixed-width font. Ideographs and full-width forms take two. */
export const widthOf = (text: string): number =>
  [...text].reduce((width, character) => width + (/[\u1100-\u115f\u2e80-\uffdc]/.test(character) ? 2 : 1), 0)

const centred = (text: string): string => ' '.repeat(Math.max(0, (COLUMNS - widthOf(text)) >> 1)) + text

/** Name on the left, value on the right. A value that does not fit goes on a second line. */
function row(name: string, value: string): string[] {
  const gap = COLUMNS - widthOf(name) - 1 - widthOf(value)
  if (gap < 1) return [`${name}:`, ' '.repeat(Math.max(0, COLUMNS - widthOf(value))) + value]
  return [`${name}:${' '.repeat(gap)}${value}`]
}
