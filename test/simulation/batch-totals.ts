/** @module The totals of a batch in the model: those of whatever stands, and the terminal's own. */

export interface Totals {
  debit: number
  debits: number
  credit: number
  credits: number
}

export interface BatchTotals extends Totals {
  /** The terminal's own part. */
  readonly own: Totals
  isOpen: boolean
}

const nothing = (): Totals => ({ debit: 0, debits: 0, credit: 0, credits: 0 })

/** An open batch without a message. */
export const newBatch = (): BatchTotals => ({ ...nothing(), own: nothing(), isOpen: true })

/** Adds a sale or void to the totals (1) or subtracts it from them (−1). */
export function addTo(
  totals: Totals,
  { kind, amount }: { readonly kind: 'sale' | 'void'; readonly amount: number },
  sign: 1 | -1,
): void {
  const [sum, count] = kind === 'sale' ? (['debit', 'debits'] as const) : (['credit', 'credits'] as const)
  totals[sum] += sign * amount
  totals[count] += sign
}

export const digits = (value: number, length: number): string => String(value).padStart(length, '0')

/** A half of field 48 without its code. */
export const fieldOf = ({ debit, debits, credit, credits }: Totals): string =>
  digits(debit, 12) + digits(debits, 3) + digits(credit, 12) + digits(credits, 3)
