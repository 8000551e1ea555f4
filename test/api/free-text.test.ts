/**
 * @module Card numbers in requests. The test walks over every schema of the contract, so a new member cannot keep a card number
 * unnoticed.
 */

import { expect, it } from 'vitest'
import * as z from 'zod'
import { ROUTES } from '../../src/api/contract.ts'
import { luhnDigit } from '../../src/domain/card-number.ts'
import { testCard } from '../../src/terminal/test-cards.ts'

/** The members of a schema that have no members of their own, by their names. */
function membersOf(name: string, schema: z.ZodType): [string, z.ZodType][] {
  if (schema instanceof z.ZodObject)
    return Object.entries<z.ZodType>(schema.shape).flatMap(([member, inner]) => membersOf(member, inner))
  if (schema instanceof z.ZodArray) return membersOf(name, schema.element as z.ZodType)
  if (schema instanceof z.ZodUnion)
    return schema.options.flatMap((option) => membersOf(name, option as z.ZodType))
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    return membersOf(name, schema.unwrap() as z.ZodType)
  return [[name, schema]]
}

const MEMBERS = ROUTES.flatMap(([route, { path, query, body, line }]) =>
  [path, query, body, line].flatMap((schema) =>
    schema === undefined ? [] : membersOf('', schema).map(([name, leaf]) => [route, name, leaf] as const),
  ),
)

const takes = (values: readonly unknown[]): string[] => [
  ...new Set(
    MEMBERS.filter(([, , leaf]) => values.some((value) => leaf.safeParse(value).success)).map(
      ([, name]) => name,
    ),
  ),
]

const THIRTEEN = `622500000000${luhnDigit('622500000000')}`
const CARD = testCard(1)
const NINETEEN = `622500000000000000${luhnDigit('622500000000000000')}`
const inGroups = (separator: string): string => (CARD.match(/.{4}/g) ?? []).join(separator)

/** Card numbers of 13 to 19 digits, alone, grouped, and inside a text. */
const CARD_NUMBERS = [
  THIRTEEN,
  '378282246310005',
  CARD,
  NINETEEN,
  inGroups(' '),
  inGroups('-'),
  [...CARD].map((digit) => String.fromCodePoint(0xff10 + Number(digit))).join(''),
  `card ${CARD} exp 2812`,
  `卡号${CARD}`,
  `${'x'.repeat(30)}${CARD}`,
  Number(THIRTEEN),
  Number(CARD),
]

it('only the members of this list take as many digits as a card number has, and each has its reason', () => {
  const reasons = {
    merchantId: 'the number of a merchant, which has 15 digits',
    pan: 'only its first six, last four and a fingerprint are stored',
    idempotencyKey: 'only its fingerprint is stored',
    cursor: 'it is not stored',
    value: 'a component of a key: the key is stored, wrapped',
    checkValue: 'it is compared and not stored',
  }
  expect(takes(CARD_NUMBERS).sort()).toEqual(Object.keys(reasons).sort())
})

it('the free texts that are kept are names of merchants, names of keys, notes on cases and reasons of reversals', () => {
  const text = 'Lot 12: 面包店, 2nd floor'
  const kept = MEMBERS.filter(([, , leaf]) => leaf.safeParse(text).success)
  expect(kept.map(([route, name]) => `${route} ${name}`).sort()).toEqual([
    'POST /v1/acquirer-days/{day}/close note',
    'POST /v1/cases/{rrn} note',
    'POST /v1/cases/{rrn}/notes note',
    'POST /v1/keys name',
    'POST /v1/reversals reason',
    'PUT /v1/merchants/{merchantId} name',
  ])
  for (const [, , leaf] of kept) {
    for (const number of CARD_NUMBERS) expect(leaf.safeParse(number).success).toBe(false)
    for (const blank of ['', ' ', '\u00a0', '\u3000 ', 'a\nb', '\u202eb', '\u0000'])
      expect([blank, leaf.safeParse(blank).success]).toEqual([blank, false])
    for (const sound of ['x', ' x', '商户', '2026-12-01 10:00', 'until 2027-06-01'])
      expect([sound, leaf.safeParse(sound).success]).toEqual([sound, true])
  }
})
