/** @module Values that requests and answers of the JSON API share. Patterns mean the same with and without the flag `u`. */

import * as z from 'zod'
import { holdsCardNumber } from '../../domain/card-number.ts'
import { DO_NEXT } from '../../domain/refusal.ts'
import { paddedTerminal } from '../../domain/terminal-number.ts'

export const MAX_AMOUNT = 999_999_999_999

export const amount = z
  .int()
  .min(1)
  .max(MAX_AMOUNT)
  .describe('Amount in minor units of the currency: 1234 is 12.34 yuan.')
export const currency = z
  .string()
  .regex(/^[0-9]{3}$/, 'expected an ISO 4217 number, three digits')
  .describe('ISO 4217 number, three digits: `156` is the yuan.')
export const merchantId = z
  .string()
  .regex(/^[A-Za-z0-9]{15}$/, 'expected 15 letters or digits')
  .describe('Merchant number, 15 letters or digits (field 42).')
export const terminalId = z
  .string()
  .regex(/^[A-Za-z0-9]{1,8}$/, 'expected 1 to 8 letters or digits')
  .overwrite(paddedTerminal)
  .describe('Terminal number, 1 to 8 letters or digits (field 41).')
/** In the list of an acquirer the blanks of field 41 may be there. */
export const listedTerminalId = z
  .string()
  .regex(/^(?=.{1,8}$)[A-Za-z0-9]+ *$/, 'expected 1 to 8 letters or digits')
  .overwrite(paddedTerminal)
  .describe('Terminal number, 1 to 8 letters or digits (field 41). Blanks at its end do not count.')
export const batchNumber = z
  .string()
  .regex(/^[0-9]{6}$/, 'expected six digits')
  .describe('Batch number, six digits (field 60.2).')
export const stan = z
  .string()
  .regex(/^[0-9]{6}$/, 'expected six digits')
  .describe('System trace audit number, six digits (field 11).')
export const rrn = z
  .string()
  .regex(/^[A-Za-z0-9]{12}$/, 'expected 12 letters or digits')
  .describe('Retrieval reference number, 12 letters or digits (field 37).')
export const authorizationCode = z
  .string()
  .regex(/^[A-Za-z0-9]{6}$/, 'expected 6 letters or digits')
  .describe('Authorisation code, six letters or digits (field 38).')
export const id = z
  .string()
  .regex(/^[0-9a-f]{32}$/, 'expected an id, 32 hex digits')
  .describe('Id of this service, 32 hex digits.')
export const kind = z.enum(['sale', 'void'])

/** A time of an answer: UTC, to the millisecond. */
export const time = z.iso.datetime({ precision: 3 }).describe('A time in UTC, ISO 8601, to the millisecond.')
/** A time of a request: with `Z` or an offset. It is compared as an instant. */
export const instant = z.iso
  .datetime({ offset: true, error: 'expected a time in ISO 8601 with Z or an offset' })
  .describe('A time in ISO 8601 with `Z` or an offset.')

export const text = z.string()

/**
 * A text of a person, which is kept as written: printable characters of any script, and no card number. A pattern with `\p{L}` needs
 * the flag `u`, which OpenAPI has no place for. So the pattern bars control characters and line ends, and the checks bar the rest.
 */
export function printable(most: number) {
  const why = `expected 1 to ${most} printable characters, not only blanks`
  return z
    .string()
    .regex(new RegExp(`^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]{1,${most}}$`), why)
    .refine((value) => PRINTABLE.test(value), why)
    .refine((value) => !holdsCardNumber(value), 'may not hold a card number')
}

const PRINTABLE = /^(?=.*\P{Zs})[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]*$/u

/** Words in both languages. */
export const words = z.strictObject({ zh: text, en: text })

export const certainty = z
  .enum(['FINAL', 'PENDING', 'UNKNOWN'])
  .describe(
    '`FINAL` never changes. `PENDING`: nothing is decided, or the acquirer does not know the result yet. `UNKNOWN`: the outcome is not known yet.',
  )
export const doNext = z.enum(DO_NEXT).describe('The next step of the caller.')
export const retryAfter = z.int().min(1).describe('Seconds to wait before the next request.')

/** A whole number: in a query it is a text. */
export function limit(most: number, usual: number) {
  const error = `expected a number from 1 to ${most}`
  const read = (value: unknown) =>
    typeof value === 'string' && /^[0-9]{1,6}$/.test(value) ? Number(value) : value
  const number = z.preprocess(read, z.int({ error }).min(1, error).max(most, error)) as z.ZodType<
    number,
    number
  >
  return number.default(usual).describe('The most items of a page.')
}
