/**
 * @module The properties of the JSON API's schemas for any JSON: a value or a problem, never an exception. A
 * problem names members and never repeats their content. An accepted value is accepted again unchanged.
 */

import fc from 'fast-check'
import * as z from 'zod'
import * as schemas from '../../src/api/json/schemas.ts'
import { check, parseJson } from '../../src/api/read-request.ts'
import { must } from './counterexample.ts'

const SCHEMAS = Object.entries<unknown>(schemas).filter(
  (entry): entry is [string, z.ZodType] => entry[1] instanceof z.ZodType,
)
/** Every value of a query string is a text. */
const isQuery = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).every((each) => typeof each === 'string')

/** Part of every generated text, name and number, so that it shows wherever it comes out again. */
const CANARY = 'kanarie'
const CANARY_NUMBER = 86_420_975

/** Throws when a property does not hold. */
export function checkSchemas(text: string): void {
  const json = parseJson(text)
  if (!json.ok) {
    mustBeSilent(json.error.body)
    return
  }
  for (const [name, schema] of SCHEMAS) {
    if (name.endsWith('Query') && !isQuery(json.value)) continue
    const result = check('body', schema, json.value)
    if (!result.ok) {
      mustBeSilent(result.error.body)
      continue
    }
    const again = check('body', schema, JSON.parse(JSON.stringify(result.value)))
    must(
      again.ok && JSON.stringify(again.value) === JSON.stringify(result.value),
      `${name}: not accepted again`,
    )
  }
}

function mustBeSilent(body: object): void {
  const text = JSON.stringify(body)
  must(!text.includes(CANARY) && !text.includes(String(CANARY_NUMBER)), 'a problem repeats the input')
}

const VALID: readonly object[] = [
  { saleId: '0123456789abcdef0123456789abcdef', amount: 1, currency: '156', reason: 'duplicate' },
  { saleId: '0123456789abcdef0123456789abcdef', amount: 1, idempotencyKey: 'key' },
  {
    merchantId: '123456789012345',
    terminalId: '12345678',
    batchNumber: '000001',
    stan: '000001',
    kind: 'void',
  },
  { state: 'open', limit: '10', cursor: '1700000000000-ABCDEF123456' },
  { resolution: 'stands', note: '已退款' },
  { asOf: '2026-01-31T10:11:12+08:00', apply: 'true' },
  {
    kind: 'void',
    merchantId: '123456789012345',
    terminalId: '12345678',
    batchNumber: '000001',
    stan: '000002',
    state: 'approved',
    amount: 100,
    currency: '156',
    rrn: 'ABCDEF123456',
    authorizationCode: '123456',
    original: { batchNumber: '000001', stan: '000001' },
  },
  {
    merchantId: '123456789012345',
    terminalId: '12345678',
    batchNumber: '000001',
    stan: '000001',
    amount: 100,
    pan: '6225000000000014',
    rrn: 'ABCDEF123456',
    authorizationCode: '123456',
    state: 'approved',
    fee: 0,
    soldAt: '2026-01-31T10:11:12+08:00',
  },
  {
    state: 'active',
    macProfile: 'cup-ecb',
    tmk: {
      components: [
        { value: '0123456789ABCDEF', checkValue: 'D5D4' },
        { value: 'FEDCBA9876543210', checkValue: 'A68C' },
      ],
      checkValue: '0000',
    },
  },
  {
    name: '商户',
    state: 'active',
    timeZone: 'Asia/Shanghai',
    cutOff: '23:00',
    window: { kind: 'minutes', minutes: 5 },
  },
]

const membersOf = (value: unknown): string[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([name, inner]) => [
        ...(Array.isArray(value) ? [] : [name]),
        ...membersOf(inner),
      ])
    : []

const anyName = fc.oneof(
  fc.constantFrom(...new Set(VALID.flatMap(membersOf)), '__proto__', 'constructor', 'toString', ''),
  fc.string({ maxLength: 8 }).map((text) => CANARY + text),
)
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }).map((text) => CANARY + text),
  fc
    .tuple(fc.constantFrom('0', 'a', ' ', ':', '-', '9', '+', '商'), fc.nat(70_000))
    .map(([unit, count]) => unit.repeat(count)),
  fc.constantFrom(
    '',
    'approved',
    'business_day',
    'minutes',
    '000001',
    '24:00',
    'Asia/Shanghai',
    '9999-12-31T23:59:60Z',
  ),
)
const anyNumber = fc.oneof(
  fc.constantFrom(
    0,
    -0,
    1,
    -1,
    0.5,
    1e21,
    -1e308,
    2 ** 53,
    999_999_999_999,
    1e12,
    CANARY_NUMBER,
    -CANARY_NUMBER,
  ),
  fc.double({ noNaN: true }),
)

const { value: anyJson } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false),
    anyNumber,
    anyText,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(anyName, tie('value'), { maxKeys: 6 }),
  ),
}))

/** A valid body in which some members, at any depth, have another value, are missing, or are added. */
const changed = (value: unknown): fc.Arbitrary<unknown> => {
  if (typeof value !== 'object' || value === null) return usually(fc.constant(value))
  if (Array.isArray(value)) return usually(fc.tuple(...value.map(changed)))
  const members = Object.entries(value).map(([name, inner]) =>
    fc.option(fc.tuple(fc.constant(name), changed(inner)), { freq: 9 }),
  )
  const more = fc.option(fc.tuple(anyName, anyJson), { freq: 1 })
  return usually(
    fc
      .tuple(...members, more)
      .map((entries) => Object.fromEntries(entries.filter((entry) => entry !== null))),
  )
}
const usually = (arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 12, arbitrary }, { weight: 1, arbitrary: anyJson })

/** Any possible body of a request. */
export const anyRequestText: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.oneof(...VALID.map(changed)).map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: anyJson.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
  { weight: 1, arbitrary: fc.nat(20_000).map((depth) => '['.repeat(depth)) },
  { weight: 1, arbitrary: fc.nat(20_000).map((depth) => '['.repeat(depth) + ']'.repeat(depth)) },
)
