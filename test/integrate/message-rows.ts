/** @module Which message carries what: the rows of the specification page, from the tables by which the service reads and answers. */

import { LAYOUT, UNSUPPORTED } from '../../src/iso8583/answer.ts'
import { MANDATORY, type TransactionType } from '../../src/iso8583/cup.ts'
import { elementOf } from '../../src/iso8583/spec.ts'
import { table } from './markdown.ts'

/** How a request is recognised, and what else it may hold. */
export interface RequestForm {
  readonly title: string
  readonly zh: string
  readonly mti: string
  /** Field 3, where the message has one. */
  readonly processingCode?: string
  /** 60.1 and 60.3. */
  readonly type: string
  readonly codes: readonly string[]
  /** Fields that are compared, forwarded or echoed where they are there. */
  readonly optional: readonly number[]
  /** Fields that terminals usually send and the service does not use. */
  readonly ignored: readonly number[]
  readonly mac: 'required' | 'none' | 'by setting'
}

/** The card, as far as a terminal has it: compared, echoed, or forwarded to an acquirer. */
const OF_CARD = [2, 14, 23, 26, 35, 52, 53, 55]

const REVERSAL: Pick<RequestForm, 'optional' | 'ignored' | 'mac'> = {
  optional: [2, 3, 4, 14, 23, 25, 35, 49, 53],
  ignored: [22, 38, 39, 61],
  mac: 'required',
}

export const FORMS: Readonly<Record<TransactionType, RequestForm>> = {
  sign_on: {
    title: 'sign-on',
    zh: '签到',
    mti: '0800',
    type: '00',
    codes: ['001', '003', '004', '006'],
    optional: [],
    ignored: [62, 63],
    mac: 'none',
  },
  echo: {
    title: 'echo',
    zh: '回响测试',
    mti: '0820',
    type: '00',
    codes: ['301'],
    optional: [11],
    ignored: [],
    mac: 'none',
  },
  sign_off: {
    title: 'sign-off',
    zh: '签退',
    mti: '0820',
    type: '00',
    codes: ['002'],
    optional: [11],
    ignored: [],
    mac: 'none',
  },
  sale: {
    title: 'sale',
    zh: '消费',
    mti: '0200',
    processingCode: '000000',
    type: '22',
    codes: ['000'],
    optional: OF_CARD,
    ignored: [36, 57, 59, 63],
    mac: 'required',
  },
  void: {
    title: 'void of a sale',
    zh: '消费撤销',
    mti: '0200',
    processingCode: '200000',
    type: '23',
    codes: ['000'],
    optional: [...OF_CARD, 37, 38, 61],
    ignored: [36, 57, 59, 63],
    mac: 'required',
  },
  sale_reversal: {
    title: 'reversal of a sale',
    zh: '消费冲正',
    mti: '0400',
    processingCode: '000000',
    type: '22',
    codes: ['000'],
    ...REVERSAL,
  },
  void_reversal: {
    title: 'reversal of a void',
    zh: '消费撤销冲正',
    mti: '0400',
    processingCode: '200000',
    type: '23',
    codes: ['000'],
    ...REVERSAL,
  },
  settlement: {
    title: 'settlement',
    zh: '结算',
    mti: '0500',
    type: '00',
    codes: ['201'],
    optional: [63],
    ignored: [],
    mac: 'by setting',
  },
  upload: {
    title: 'batch upload',
    zh: '批上送',
    mti: '0320',
    type: '00',
    codes: ['201', '203', '204', '205', '206', '208', '209'],
    optional: [],
    ignored: [],
    mac: 'by setting',
  },
  upload_end: {
    title: 'end of upload',
    zh: '批上送结束',
    mti: '0320',
    type: '00',
    codes: ['202', '207'],
    optional: [],
    ignored: [],
    mac: 'by setting',
  },
}

export const TYPES = Object.keys(FORMS) as readonly TransactionType[]

/** Terminal, merchant and field 60: without them a message is no known terminal's, or no known transaction. */
const ALWAYS = [41, 42, 60]

export type Need = 'M' | 'O' | 'I' | ''

export function needOf(type: TransactionType, number: number): Need {
  const { optional, ignored, mac } = FORMS[type]
  if (number === 64) return mac === 'required' ? 'M' : mac === 'none' ? '' : 'O'
  if (ALWAYS.includes(number) || MANDATORY[type].includes(number)) return 'M'
  if (optional.includes(number)) return 'O'
  return ignored.includes(number) ? 'I' : ''
}

/** E: as in the request. S: set by the service. R: set by the service, in refusals only. */
export function answerOf(type: TransactionType | undefined, number: number): 'E' | 'S' | 'R' | '' {
  const { echo, own } = type === undefined ? UNSUPPORTED : LAYOUT[type]
  if (number === 64) return type !== undefined && FORMS[type].mac !== 'none' ? 'S' : ''
  if (own.includes(number)) return 'S'
  if (number === 39 || number === 63) return echo.includes(number) ? 'E' : 'R'
  return echo.includes(number) ? 'E' : ''
}

const NUMBERS = Array.from({ length: 63 }, (_, n) => n + 2).filter((number) => elementOf(number))

const matrix = (cellOf: (type: TransactionType, number: number) => string): string => {
  const rows = NUMBERS.map((number) => ({ number, cells: TYPES.map((type) => cellOf(type, number)) }))
  return table(
    ['field', 'name', ...TYPES.map((type) => `${FORMS[type].title} ${FORMS[type].mti}`)],
    rows
      .filter(({ cells }) => cells.some((cell) => cell !== ''))
      .map(({ number, cells }) => [String(number), elementOf(number)?.name ?? '', ...cells]),
  )
}

export const requestMatrix = (): string => matrix(needOf)
export const answerMatrix = (): string => matrix(answerOf)

const quoted = (values: readonly string[]): string => values.map((value) => `\`${value}\``).join(', ')

export const formTable = (): string =>
  table(
    ['message', '名称', 'MTI', 'field 3', 'field 25', '60.1', '60.3', 'MAC', 'answer'],
    TYPES.map((type) => {
      const { title, zh, mti, processingCode, type: code, codes, mac } = FORMS[type]
      const isFinancial = processingCode !== undefined
      return [
        title,
        zh,
        `\`${mti}\``,
        isFinancial ? `\`${processingCode}\`` : '',
        isFinancial ? '`00`' : '',
        `\`${code}\``,
        quoted(codes),
        mac,
        `\`${String(Number(mti) + 10).padStart(4, '0')}\``,
      ]
    }),
  )
