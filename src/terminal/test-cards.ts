/** @module Card numbers that belong to nobody. A virtual terminal takes only these. */

import { luhnDigit, passesLuhn } from '../domain/card-number.ts'

/** Numbers that card schemes and processors publish for tests. */
export const WELL_KNOWN_TEST_CARDS: readonly string[] = [
  '6200000000000005',
  '6200000000000047',
  '4111111111111111',
  '4012888888881881',
  '4242424242424242',
  '5555555555554444',
  '5105105105105100',
  '378282246310005',
  '371449635398431',
  '30569309025904',
  '3530111333300000',
  '6011111111111117',
]

const OWN_PREFIX = '622500000000'

/** The test card 622500000000NNNC, `number` 0 to 999. Throws RangeError on another number. */
export function testCard(number: number): string {
  if (!Number.isInteger(number) || number < 0 || number > 999)
    throw new RangeError(`test card: expected a number from 0 to 999, got ${number}`)
  const digits = OWN_PREFIX + String(number).padStart(3, '0')
  return digits + luhnDigit(digits)
}

/** Whether the number is a published test number or one of `testCard`. */
export const isTestCard = (pan: string): boolean =>
  WELL_KNOWN_TEST_CARDS.includes(pan) || (/^622500000000\d{4}$/.test(pan) && passesLuhn(pan))
