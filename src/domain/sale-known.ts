/** @module The known facts of a sale, and their comparison with a message. Annul does not compare a member that is absent. */

import type { Merchant, Sale } from './types.ts'
import { voidableUntil } from './window.ts'

/** The end of the window of a sale, as `SaleFacts.voidableUntil`. `merchant` is only for an old sale. */
export const endOfWindow = (
  sale: Pick<Sale, 'soldAt' | 'voidableUntil'>,
  merchant: Merchant,
): number | null =>
  sale.voidableUntil === undefined ? voidableUntil(sale.soldAt, merchant) : sale.voidableUntil

/** The RRN that the sale came with, 12 characters. Null if it came without one. */
export const knownRrn = ({ rrn, isRrnMade }: Pick<Sale, 'rrn' | 'isRrnMade'>): string | null =>
  isRrnMade === true ? null : rrn

/** Whether a message gives another value than the stored one. A value that is absent on either side is not different. */
export const isDifferent = <T>(given: T | null | undefined, stored: T | null | undefined): boolean =>
  given != null && stored != null && given !== stored
