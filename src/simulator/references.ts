/**
 * @module Compares the references of a message with the books, as real acquirers do: fields 37, 38 and 61 of a void and of a
 * reversal. It does not compare an absent field.
 */

import { givenReference } from '../iso8583/cup.ts'
import type { Item, Ledger, Posting } from './ledger.ts'
import { authorizationCodeOf, rrnOf } from './messages.ts'

/** Fields 37 and 38; null when absent, blank or zeros. */
export interface References {
  readonly rrn: string | null
  readonly authorizationCode: string | null
}

export const referencesOf = (fields: ReadonlyMap<number, string>): References => ({
  rrn: givenReference(fields.get(37)),
  authorizationCode: givenReference(fields.get(38)),
})

/** Whether a void names its sale by the right numbers. True without a sale: the ledger refuses it then. */
export function namesSale(ledger: Ledger, posting: Posting, { rrn, authorizationCode }: References): boolean {
  const sale = ledger.saleOf(posting)
  return sale === null || (isOneOf(rrn, [rrnOf(sale)]) && isOneOf(authorizationCode, codesOf([sale])))
}

/**
 * Whether a reversal has the numbers of the message that it names. Its field 61 is that of the message, and its field 38 is
 * that of the sale or of the message. True for a message that the acquirer does not have.
 */
export function namesTarget(ledger: Ledger, posting: Posting, references: References): boolean {
  const item = ledger.find(posting)
  if (item === undefined) return true
  const sale = ledger.saleOf(item)
  const both = sale === null ? [item] : [item, sale]
  const hasRightOriginal =
    posting.original === null ||
    (posting.original.batchNumber === item.original?.batchNumber &&
      posting.original.stan === item.original.stan)
  return (
    hasRightOriginal &&
    isOneOf(references.rrn, both.map(rrnOf)) &&
    isOneOf(references.authorizationCode, codesOf(both))
  )
}

const isOneOf = (given: string | null, right: readonly string[]): boolean =>
  given === null || right.includes(given)

/** A declined message has no code. */
const codesOf = (items: readonly Item[]): string[] =>
  items.filter(({ responseCode }) => responseCode === '00').map(authorizationCodeOf)
