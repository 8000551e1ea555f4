/** @module The bodies that the JSON API rejects, member by member. Each is valid except for one thing. */

import { describe, expect, it } from 'vitest'
import type * as z from 'zod'
import { readIdempotencyKey, writeIdempotencyKey } from '../../src/api/json/idempotency-key.ts'
import {
  capturedSaleBody,
  merchantSettings,
  terminalSettings,
  VOID_REASONS,
  voidRequestBody,
} from '../../src/api/json/schemas.ts'
import { merchantId, terminalId } from '../../src/api/json/values.ts'

type Body = Record<string, unknown>
const ABSENT = Symbol('absent')

/** `member` may be a path with dots. */
function changed(valid: Body, member: string, value: unknown): Body {
  const body = structuredClone(valid)
  const path = member.split('.')
  const last = path.pop() ?? ''
  const owner = path.reduce((at, name) => at[name] as Body, body)
  if (value === ABSENT) delete owner[last]
  else owner[last] = value
  return body
}

/** The paths of the members that a schema rejects. */
function faults(schema: z.ZodType, body: unknown): string[] {
  const { success, error } = schema.safeParse(body)
  return success ? [] : error.issues.map(({ path }) => path.join('.'))
}

function refuses(schema: z.ZodType, valid: Body, table: Record<string, readonly unknown[]>): void {
  const rows = Object.entries(table).flatMap(([member, values]) =>
    values.map((value) => [member, value === ABSENT ? 'absent' : JSON.stringify(value), value] as const),
  )
  it.each(rows)('rejects %s: %s', (member, _, value) => {
    const found = faults(schema, changed(valid, member, value))
    expect(found.length).toBeGreaterThan(0)
    for (const path of found) expect(path === '' ? member : path).toMatch(new RegExp(`^${member}(\\.|$)`))
  })
}

function takes(schema: z.ZodType, valid: Body, table: Record<string, readonly unknown[]>): void {
  const rows = Object.entries(table).flatMap(([member, values]) =>
    values.map((value) => [member, value === ABSENT ? 'absent' : JSON.stringify(value), value] as const),
  )
  it.each(rows)('accepts %s: %s', (member, _, value) => {
    expect(faults(schema, changed(valid, member, value))).toEqual([])
  })
}

/** A misspelt member, an inherited name, or an additional member. */
const UNKNOWN_MEMBERS = ['Amount', 'extra', 'constructor', 'merchant_id', '']

function closed(schema: z.ZodType, valid: Body): void {
  it.each(UNKNOWN_MEMBERS)('rejects an unknown member %j', (name) => {
    expect(schema.safeParse({ ...valid, [name]: 1 }).success).toBe(false)
  })

  it('rejects a body that is not an object', () => {
    for (const body of [null, undefined, [], [valid], 'text', 1, true])
      expect(schema.safeParse(body).success).toBe(false)
  })
}

const BAD_AMOUNTS = [0, -1, 0.5, 1_000_000_000_000, '100', null, true, 1e21, [100], ABSENT]
const BAD_CURRENCIES = ['CNY', '15', '1560', 156, '', ' 156', '１５６', null]

describe('POST /v1/voids', () => {
  const valid = { saleId: 'a0'.repeat(16), amount: 1234, currency: '156', reason: 'operator_error' }

  it('accepts it, also without the optional members', () => {
    expect(voidRequestBody.parse(valid)).toEqual(valid)
    expect(voidRequestBody.parse({ saleId: valid.saleId, amount: 1 })).toEqual({
      saleId: valid.saleId,
      amount: 1,
    })
  })
  takes(voidRequestBody, valid, {
    amount: [1, 999_999_999_999],
    reason: [...VOID_REASONS, ABSENT],
    currency: ['840', ABSENT],
  })
  refuses(voidRequestBody, valid, {
    saleId: [ABSENT, '', 'A0'.repeat(16), 'a0'.repeat(15), 'a0'.repeat(17), `${'a0'.repeat(16)}\n`, 1, null],
    amount: BAD_AMOUNTS,
    currency: BAD_CURRENCIES,
    reason: ['because', '', null, 1],
  })
  closed(voidRequestBody, valid)
})

describe('POST /v1/sales', () => {
  const valid = {
    merchantId: '123456789012345',
    terminalId: '12345678',
    batchNumber: '000001',
    stan: '000001',
    amount: 1234,
    currency: '156',
    pan: '6225000000000014',
    rrn: '900000000001',
    authorizationCode: 'A00001',
    state: 'approved',
    fee: 7,
    soldAt: '2026-06-01T10:18:00+08:00',
  }

  it('accepts it, also without the optional members', () => {
    expect(capturedSaleBody.parse(valid)).toEqual(valid)
    const { merchantId, terminalId, batchNumber, stan, amount } = valid
    const least = { merchantId, terminalId, batchNumber, stan, amount }
    expect(capturedSaleBody.parse(least)).toEqual({ ...least, state: 'approved' })
  })
  takes(capturedSaleBody, valid, {
    stan: ['000001', '999999'],
    pan: ['6225000000000', '6225000000000000014', ABSENT],
    fee: [0, ABSENT],
    state: ['declined', ABSENT],
    soldAt: ['2026-06-01T02:18:00Z', '2026-06-01T02:18:00.123Z', '2026-06-01T02:18:00-05:30', ABSENT],
  })
  refuses(capturedSaleBody, valid, {
    merchantId: [ABSENT, '12345678901234', '1234567890123456', '12345678901234|', '12345678901234 ', 1],
    terminalId: [ABSENT, '', '123456 ', '123 567', '123456789', '1234567|', '１２３４５６７８', 12345678],
    batchNumber: [ABSENT, '1', '0000001', 'A00001', 1],
    stan: [ABSENT, '000000', '1', '0000001', '-00001', 1],
    amount: BAD_AMOUNTS,
    currency: BAD_CURRENCIES,
    pan: [
      '622500000000',
      '62250000000000000140',
      '622500******0014',
      '6225 0000 0000 0014',
      '',
      6225000000000014,
      null,
    ],
    rrn: ['000000000000', '90000000001', '9000000000011', '90000000000|', '', null],
    authorizationCode: ['000000', '12345', '1234567', '', null],
    state: ['reversed', '', null],
    fee: [-1, 0.5, 1_000_000_000_000, '7', null],
    soldAt: [
      '2026-06-01',
      '2026-06-01T02:18:00',
      '2026-13-01T00:00:00Z',
      '2026-02-30T00:00:00Z',
      'yesterday',
      0,
      null,
    ],
  })
  closed(capturedSaleBody, valid)
})

describe('PUT /v1/merchants/{merchantId}/terminals/{terminalId}', () => {
  const component = { value: '0123456789ABCDEFFEDCBA9876543210', checkValue: '08D7B4FB' }
  const valid = {
    state: 'active',
    macProfile: 'cup-ecb',
    textEncoding: 'gbk',
    settlementMac: 'optional',
    tmk: { components: [component, component], checkValue: '08D7' },
  }

  it('accepts it, and an empty body', () => {
    expect(terminalSettings.parse(valid)).toEqual(valid)
    expect(terminalSettings.parse({})).toEqual({})
  })
  const half = { value: '0123456789abcdef', checkValue: 'D5D44FF720683D0D' }
  takes(terminalSettings, valid, {
    state: ['blocked', 'stolen', 'retired'],
    tmk: [
      { components: [half, half] },
      { components: [half, half], allowSingleLength: true },
      { components: [component, component], parity: 'odd' },
      { components: [component, component], allowSingleLength: false, parity: 'any' },
      ABSENT,
    ],
  })
  refuses(terminalSettings, valid, {
    state: ['open', '', null],
    macProfile: ['md5', 'CUP-ECB', 'aes-cmac', null],
    textEncoding: ['utf-8', null],
    settlementMac: ['none', true],
    tmk: [
      null,
      {},
      { components: [] },
      { components: [component] },
      { components: [component, component], allowSingleLength: 'true' },
      { components: [component, component], parity: 'even' },
      { components: [component, component, component] },
      { components: [component, { ...component, value: '01' }] },
      { components: [component, { ...component, value: '0'.repeat(48) }] },
      { components: [component, { ...component, value: 'g'.repeat(32) }] },
      { components: [component, { value: component.value }] },
      { components: [component, { ...component, checkValue: '08' }] },
      { components: [component, { ...component, checkValue: '08D' }] },
      { components: [component, { ...component, checkValue: '0'.repeat(18) }] },
      { components: [component, { ...component, clear: true }] },
      { components: [component, component], checkValue: 'zz' },
      { components: [component, component], value: component.value },
    ],
    merchant: [{ name: 'Bakery' }],
  })
  closed(terminalSettings, valid)
})

describe('PUT /v1/merchants/{merchantId}', () => {
  const valid = {
    name: '商户',
    state: 'active',
    timeZone: 'Asia/Shanghai',
    cutOff: '23:00',
    currency: '156',
    window: { kind: 'business_day' },
  }

  it('accepts it, and an empty body', () => {
    expect(merchantSettings.parse(valid)).toEqual(valid)
    expect(merchantSettings.parse({})).toEqual({})
  })
  takes(merchantSettings, valid, {
    cutOff: ['00:00', '23:59', ABSENT],
    window: [{ kind: 'same_batch' }, { kind: 'minutes', minutes: 1 }, { kind: 'minutes', minutes: 525_600 }],
    timeZone: ['Europe/Berlin', 'UTC', 'Etc/GMT-8'],
    currency: ['978', ABSENT],
  })
  refuses(merchantSettings, valid, {
    merchantId: ['123456789012345'],
    name: ['', ' ', 'x'.repeat(65), 'card 6225000000000014', 1, null],
    state: ['blocked', null],
    currency: ['CNY', '15', 156, '', null],
    timeZone: ['', 'Shanghai', 'Mars/Olympus', '+08:00', '+0800', '-05', '+8', 8, null],
    cutOff: ['24:00', '23:60', '9:00', '23:00:00', '2300', '', null],
    window: [
      null,
      {},
      { kind: 'forever' },
      { kind: 'minutes' },
      { kind: 'minutes', minutes: 0 },
      { kind: 'minutes', minutes: 1.5 },
      { kind: 'minutes', minutes: 525_601 },
      { kind: 'business_day', minutes: 5 },
    ],
  })
  closed(merchantSettings, valid)
})

describe('names in paths and headers', () => {
  it.each(['123456789012345', 'ABCdef789012345'])('accepts merchant %s', (name) => {
    expect(merchantId.safeParse(name).success).toBe(true)
  })
  it.each(['', '12345678901234', '1234567890123456', '12345678901234/', '12345678901234\n'])(
    'rejects merchant %j',
    (name) => expect(merchantId.safeParse(name).success).toBe(false),
  )
  it.each(['12345678', 'POS00001', 'P'])('accepts terminal %s', (name) => {
    expect(terminalId.safeParse(name).success).toBe(true)
  })
  it.each(['', '123 ', ' 123', '123456789', '1234567.', '12345678\n'])('rejects terminal %j', (name) => {
    expect(terminalId.safeParse(name).success).toBe(false)
  })
  it.each(['a', 'order-1.2_3', 'a|b', 'a"b', '8e03978e-40d5-43dd-bc93-6894a57f9324', 'x'.repeat(255)])(
    'accepts key %s',
    (key) => {
      expect(readIdempotencyKey(key)).toBe(key)
    },
  )
  it.each([
    ['"k"', 'k'],
    ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    ['"two words"', 'two words'],
    ['"a \\"b\\" \\\\"', 'a "b" \\'],
    [`"${'x'.repeat(255)}"`, 'x'.repeat(255)],
  ])('accepts key %s, a structured-field string', (text, key) => {
    expect(readIdempotencyKey(text)).toBe(key)
    expect(readIdempotencyKey(writeIdempotencyKey(key))).toBe(key)
  })
  it.each([
    '',
    'x'.repeat(256),
    'two words',
    'ключ',
    'a\n',
    '"',
    '""',
    '"k',
    '"k"x',
    '"k";a=1',
    '"a\\b"',
    '"ä"',
    `"${'x'.repeat(256)}"`,
  ])('rejects key %j', (key) => {
    expect(readIdempotencyKey(key)).toBeNull()
  })
})
