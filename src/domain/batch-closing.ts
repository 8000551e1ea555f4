/** @module The entry that closes a batch has both parts of the totals, the totals that the terminal declared, and the difference. */

import { cutTotals, readTotals } from './money.ts'
import { isZero, officeTotals, ownTotals, subtractTotals } from './office-totals.ts'
import type { BatchClosing } from './totals.ts'
import type { Batch } from './types.ts'

/** Compares the batch that closes with `field48` of the terminal's 0500, 62 digits. Null: no 0500 is known. */
export function closingOf(batch: Batch, field48: string | null, at: number): BatchClosing {
  const own = ownTotals(batch)
  const office = officeTotals(batch)
  if (field48 === null) return { at, own, office, declared: null, declaredForeign: null, difference: null }
  const [declared, declaredForeign] = readTotals(field48)
  return { at, own, office, declared, declaredForeign, difference: subtractTotals(declared, cutTotals(own)) }
}

/** Whether the terminal declares other totals than its own, or none that are known. */
export const differs = ({ declaredForeign, difference }: BatchClosing): boolean =>
  difference === null || declaredForeign === null || !isZero(difference) || !isZero(declaredForeign)
