/**
 * @module Field 63 of an answer: at most 63 bytes for a terminal with short texts, whatever the reason and the request. A widely used firmware keeps 63 bytes and drops an answer with more.
 */

import { describe, expect, it } from 'vitest'
import { type DeclineReason, REFUSALS } from '../../src/domain/decline-reason.ts'
import { buildAnswer, LAYOUT, privateData, type ResponseFields } from '../../src/iso8583/answer.ts'
import type { TransactionType } from '../../src/iso8583/cup.ts'
import { type Message, pack, unpack } from '../../src/iso8583/message.ts'

const REASONS = [null, ...(Object.keys(REFUSALS) as DeclineReason[])]
const TYPES = [undefined, ...(Object.keys(LAYOUT) as TransactionType[])]
const ENCODINGS = ['gbk', 'ascii'] as const

/** Field 63 of a request: absent, an operator, 63 bytes, and the most that the codec reads. */
const GIVEN = [undefined, '303120', '41'.repeat(63), '41'.repeat(64), '42'.repeat(163)]

const requestWith = (given: string | undefined): Message => ({
  mti: '0200',
  fields: new Map([
    [2, '6225000000000000014'],
    [3, '000000'],
    [4, '000000001234'],
    [11, '000001'],
    [41, '12345678'],
    [42, '123456789012345'],
    [49, '156'],
    [60, '22000001'],
    ...(given === undefined ? [] : [[63, given] as const]),
  ]),
})

const fieldsFor = (reason: DeclineReason | null, encoding: 'gbk' | 'ascii'): ResponseFields => ({
  responseCode: reason === null ? '00' : REFUSALS[reason].responseCode,
  localTime: '101900',
  localDate: '0601',
  settlementDate: '0601',
  rrn: '000000000102',
  authorizationCode: null,
  acquirerId: '00001234',
  receivingInstitution: '00001234',
  privateData: privateData(reason, encoding, 'short'),
  totals: '0'.repeat(62),
  keys: '00'.repeat(40),
  batchNumber: '000001',
})

const answers = REASONS.flatMap((reason) =>
  ENCODINGS.flatMap((encoding) =>
    TYPES.flatMap((type) =>
      GIVEN.map((given) => ({
        what: `${reason} ${encoding} ${type} ${given?.length}`,
        body: pack(buildAnswer(requestWith(given), type, fieldsFor(reason, encoding))),
      })),
    ),
  ),
)

it('has at most 63 bytes in every answer of short texts', () => {
  const long = answers.filter(({ body }) => {
    const answer = unpack(body)
    return !answer.ok || (answer.value.fields.get(63) ?? '').length > 2 * 63
  })
  expect(answers.length).toBeGreaterThan(3000)
  expect(long.map(({ what }) => what)).toEqual([])
})

/** The texts by WHATWG decoders, which are not ours. */
const decoded = (hex: string, from: number, to?: number, encoding = 'gbk'): string =>
  new TextDecoder(encoding).decode(Buffer.from(hex, 'hex').subarray(from, to)).trimEnd()

describe.each(ENCODINGS)('in %s', (encoding) => {
  it.each(Object.keys(REFUSALS) as DeclineReason[])('short texts of %s are its words, whole', (reason) => {
    const { zh, en } = REFUSALS[reason]
    const short = privateData(reason, encoding, 'short')
    expect([decoded(short, 0, 3), decoded(short, 3, 43), decoded(short, 43, 63)]).toEqual([
      'CUP',
      '',
      encoding === 'gbk' ? zh : en,
    ])
    expect(privateData(reason, encoding, 'long').startsWith(short)).toBe(true)
  })

  it.each(Object.keys(REFUSALS) as DeclineReason[])('long texts of %s end with the advice', (reason) => {
    const { adviceZh, adviceEn } = REFUSALS[reason]
    const long = privateData(reason, encoding, 'long')
    expect(decoded(long, 63)).toBe(encoding === 'gbk' ? adviceZh : adviceEn)
    expect(long.length / 2).toBeLessThanOrEqual(123)
  })

  it('an approval has the card organization alone', () => {
    for (const texts of ['short', 'long'] as const)
      expect(decoded(privateData(null, encoding, texts), 0)).toBe('CUP')
  })
})
